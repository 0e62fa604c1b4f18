// Who may in: everything a stranger is told, and the order in which it is checked (PROTOCOL.md, section 2.3).
// Nothing here remembers anybody, and no answer is longer than its question.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <variant>

#include "codec/seal/cookie.h"
#include "codec/seal/random.h"
#include "codec/seal/x25519.h"
#include "codec/session/hello_keys.h"
#include "codec/wire/endpoint.h"
#include "codec/wire/limits.h"
#include "codec/wire/sealed.h"
#include "relay/core/prefix_limiter.h"
#include "relay/core/token_bucket.h"

namespace hubbub::relay {

// What the operator of a sealed port decides about strangers.
struct DoorOptions {
  seal::KeyPair keys;
  seal::Key psk{};          // of the access token, salted with our key; zeros without one
  seal::Key unknown_psk{};  // of the same token, salted with zeros: for those who ask for our key
  bool tell_key = true;
  double join_rate = kDefaultJoinRate;  // a second and prefix; 0 for no limit
};

class Doorman {
 public:
  struct Answer {
    std::size_t size = 0;
    std::array<std::byte, kMaxAnswerBytes> bytes{};

    [[nodiscard]] std::span<const std::byte> view() const { return std::span(bytes).first(size); }
  };
  // Silence, for a reason; an answer; or a Hello that is worth Diffie-Hellman.
  using Verdict = std::variant<DropReason, Answer, Hello>;

  Doorman(const DoorOptions& options, TimePoint now, seal::Random& random);

  // A datagram that begins as a Hello or a KeyRequest does. `full`: there is no place for another session.
  [[nodiscard]] Verdict hear(TimePoint now, const Endpoint& from, std::span<const std::byte> datagram,
                             bool full);

  // What an envelope of an unknown session is answered; nothing where too many were.
  [[nodiscard]] std::optional<Answer> reset(TimePoint now, const Endpoint& from, std::uint32_t session_id);
  [[nodiscard]] std::array<std::byte, 16> reset_token(std::uint32_t session_id) const;

 private:
  [[nodiscard]] Verdict tell_key(TimePoint now, const Endpoint& from, const Hello& question,
                                 std::span<const std::byte, Hello::kBytes> bytes);
  [[nodiscard]] Answer refusal(const Hello& hello, RefusalReason reason) const;

  DoorOptions options_;
  session::HelloKeys keys_;
  session::HelloKeys unknown_keys_;
  seal::CookieJar cookies_;
  PrefixLimiter prefixes_;      // of those who have shown to be at their address
  PrefixLimiter key_prefixes_;  // of those who only say so: they must not use up what the others have
  TokenBucket handshakes_;
  TokenBucket newcomers_;
  // Apart from joins: a member whom a restarted relay no longer knows sends fifty frames a second, and would
  // use up what it needs to come back.
  PrefixLimiter reset_prefixes_;
  TokenBucket resets_;
  seal::Key reset_key_;
};

}  // namespace hubbub::relay
