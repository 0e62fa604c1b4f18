#include "relay/core/doorman.h"

#include <algorithm>

#include "codec/seal/digest.h"
#include "codec/wire/check.h"

namespace hubbub::relay {
namespace {

// Of the budget, what is kept for prefixes that were quiet: a flood from a thousand addresses must not shut
// out the next.
constexpr double kNewcomersASecond = kHandshakesASecond / 4;

template <class Message>
Doorman::Answer signed_answer(const Message& message, const session::HelloKeys& keys) {
  Doorman::Answer answer;
  ByteWriter writer(answer.bytes);
  message.serialize(writer);
  CHECK(writer.ok());
  answer.size = writer.size();
  keys.sign_answer(std::span(answer.bytes).first(answer.size));
  return answer;
}

}  // namespace

Doorman::Doorman(const DoorOptions& options, TimePoint now, seal::Random& random)
    : options_(options),
      keys_(options.keys.public_key, options.psk),
      unknown_keys_({}, options.unknown_psk),
      cookies_(random),
      prefixes_(options.join_rate, options.join_rate * kJoinBurstSeconds, random.u64()),
      key_prefixes_(options.join_rate, options.join_rate * kJoinBurstSeconds, random.u64()),
      handshakes_(kHandshakesASecond - kNewcomersASecond, now),
      newcomers_(kNewcomersASecond, now),
      reset_prefixes_(options.join_rate, options.join_rate * kJoinBurstSeconds, random.u64()),
      resets_(kResetsASecond, now),
      reset_key_(seal::Key::from(
          seal::hmac_sha256(options.keys.private_key.view(), {as_bytes("hubbub reset v1")}))) {}

// Length, MAC, version, token, cookie, rate, budget: each check costs more than the one before it, and only
// who passes all of them is worth the next stage's Diffie-Hellman.
Doorman::Verdict Doorman::hear(TimePoint now, const Endpoint& from, std::span<const std::byte> datagram,
                               bool full) {
  if (datagram.size() < Hello::kBytes) return DropReason::kTruncated;
  if (datagram.size() > Hello::kBytes) return DropReason::kTrailingBytes;
  const auto bytes = datagram.first<Hello::kBytes>();
  const auto hello = Hello::parse(bytes);
  if (!hello) return hello.error();
  if (hello->preamble.kind == SealedKind::kKeyRequest) return tell_key(now, from, *hello, bytes);

  if (!keys_.knows_key(bytes)) return DropReason::kBadMac;
  if (hello->preamble.version != kSealedVersion) return refusal(*hello, RefusalReason::kVersion);
  if (!keys_.knows_token(bytes)) return refusal(*hello, RefusalReason::kToken);
  if (!cookies_.verify(now, from, hello->cookie)) {
    Retry retry;
    retry.preamble.nonce = hello->preamble.nonce;
    retry.cookie = cookies_.make(now, from);
    return signed_answer(retry, keys_);
  }
  const bool newcomer = prefixes_.rested(now, from.address);
  if (!prefixes_.take(now, from.address)) return DropReason::kRateLimited;
  if (full) return refusal(*hello, RefusalReason::kFull);
  if (!handshakes_.take(kHandshakesASecond - kNewcomersASecond, now) &&
      !(newcomer && newcomers_.take(kNewcomersASecond, now)))
    return DropReason::kOverloaded;
  return *hello;
}

// A stranger who has a token, where there is one, may ask who we are: that is how a relay is met for the
// first time without its key.
Doorman::Verdict Doorman::tell_key(TimePoint now, const Endpoint& from, const Hello& question,
                                   std::span<const std::byte, Hello::kBytes> bytes) {
  if (!options_.tell_key || !unknown_keys_.knows_key(bytes) || !unknown_keys_.knows_token(bytes))
    return DropReason::kBadMac;
  if (!key_prefixes_.take(now, from.address)) return DropReason::kRateLimited;
  KeyAnswer answer;
  answer.preamble.nonce = question.preamble.nonce;
  answer.relay_key = options_.keys.public_key;
  return signed_answer(answer, keys_);
}

Doorman::Answer Doorman::refusal(const Hello& hello, RefusalReason reason) const {
  Refusal refusal;
  refusal.preamble.nonce = hello.preamble.nonce;
  refusal.reason = reason;
  return signed_answer(refusal, keys_);
}

std::optional<Doorman::Answer> Doorman::reset(TimePoint now, const Endpoint& from, std::uint32_t session_id) {
  if (!reset_prefixes_.take(now, from.address) || !resets_.take(kResetsASecond, now)) return std::nullopt;
  Answer answer;
  ByteWriter writer(answer.bytes);
  Reset{.session_id = session_id, .token = reset_token(session_id)}.serialize(writer);
  answer.size = writer.size();
  return answer;
}

std::array<std::byte, 16> Doorman::reset_token(std::uint32_t session_id) const {
  std::array<std::byte, 4> id{};
  ByteWriter writer(id);
  writer.u32(session_id);
  const seal::Digest digest = seal::hmac_sha256(reset_key_.view(), {id});
  std::array<std::byte, 16> token{};
  std::copy_n(digest.begin(), token.size(), token.begin());
  return token;
}

}  // namespace hubbub::relay
