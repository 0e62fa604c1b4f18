#include "codec/session/handshake.h"

#include <vector>

#include "codec/wire/check.h"

namespace hubbub::session {
namespace {

std::vector<std::byte> prologue_for(const Binding& binding) {
  const auto text = as_bytes(binding.rekeyed ? "hubbub rekey v1" : "hubbub sealed v1");
  std::vector<std::byte> prologue(text.begin(), text.end());
  if (binding.rekeyed) prologue.insert(prologue.end(), binding.rekeyed->begin(), binding.rekeyed->end());
  return prologue;
}

}  // namespace

Initiator::Initiator(const seal::PublicKey& relay_key, const seal::Key& psk, const Binding& binding,
                     seal::Random& random)
    : noise_(seal::NoiseHandshake::initiator(prologue_for(binding), relay_key, psk, random)) {
  usable_ = noise_.write_message({}, hello_) == hello_.size();
}

std::optional<Established> Initiator::finish(const NoiseReply& reply) {
  std::array<std::byte, Grant::kBytes> payload{};
  const auto size = noise_.read_message(reply, payload);
  if (!size || *size != payload.size()) return std::nullopt;
  ByteReader reader(payload);
  return Established{.grant = Grant::parse(reader), .keys = noise_.split(), .hash = noise_.handshake_hash()};
}

std::optional<Established> respond(const seal::KeyPair& relay, const seal::Key& psk, const Binding& binding,
                                   const NoiseHello& hello, const Grant& grant, seal::Random& random,
                                   NoiseReply& reply) {
  auto noise = seal::NoiseHandshake::responder(prologue_for(binding), relay, psk, random);
  std::array<std::byte, 1> nothing{};
  const auto size = noise.read_message(hello, nothing);
  if (!size || *size != 0) return std::nullopt;
  std::array<std::byte, Grant::kBytes> payload{};
  ByteWriter writer(payload);
  grant.serialize(writer);
  CHECK(noise.write_message(payload, reply) == reply.size());
  return Established{.grant = grant, .keys = noise.split(), .hash = noise.handshake_hash()};
}

}  // namespace hubbub::session
