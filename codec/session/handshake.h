// The Noise handshake of a session, both roles, at its start and when it is keyed anew (PROTOCOL.md, sections
// 2.3 and 2.4). What lies around it, cookies, timers and retransmission, is elsewhere.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "codec/seal/digest.h"
#include "codec/seal/noise.h"
#include "codec/seal/random.h"
#include "codec/seal/secret.h"
#include "codec/seal/x25519.h"
#include "codec/wire/sealed.h"

namespace hubbub::session {

using NoiseHello = std::array<std::byte, Hello::kNoiseBytes>;
using NoiseReply = std::array<std::byte, Reply::kNoiseBytes>;

// What both sides have once it is through.
struct Established {
  Grant grant;
  seal::TransportKeys keys;
  seal::Digest hash{};  // names this handshake; a rekey is bound to it
};

// `rekeyed`: the hash of the session that this one follows; none at the start of the first.
struct Binding {
  std::optional<seal::Digest> rekeyed;
};

class Initiator {
 public:
  Initiator(const seal::PublicKey& relay_key, const seal::Key& psk, const Binding& binding,
            seal::Random& random);

  // False where the relay's key is one that no relay can have: the link is wrong.
  [[nodiscard]] bool usable() const { return usable_; }
  [[nodiscard]] const NoiseHello& hello() const { return hello_; }
  // Nothing where the reply is not the relay's answer to this hello.
  [[nodiscard]] std::optional<Established> finish(const NoiseReply& reply);

 private:
  seal::NoiseHandshake noise_;
  NoiseHello hello_{};
  bool usable_ = false;
};

// The relay's whole part: reads the hello, grants, and writes the reply. Nothing where the hello does not
// verify.
[[nodiscard]] std::optional<Established> respond(const seal::KeyPair& relay, const seal::Key& psk,
                                                 const Binding& binding, const NoiseHello& hello,
                                                 const Grant& grant, seal::Random& random, NoiseReply& reply);

}  // namespace hubbub::session
