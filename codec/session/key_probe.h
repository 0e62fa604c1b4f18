// Asks a relay for its key, where a link does not tell it: the first meeting of a relay that is trusted from
// then on. A state machine without I/O.
#pragma once

#include <functional>
#include <optional>
#include <span>

#include "codec/seal/random.h"
#include "codec/seal/secret.h"
#include "codec/session/hello_keys.h"
#include "codec/wire/sealed.h"
#include "codec/wire/units.h"

namespace hubbub::session {

class KeyProbe {
 public:
  using Send = std::function<void(std::span<const std::byte> datagram)>;
  static constexpr Duration kGivesUpAfter = 4s;

  // `psk`: of the access token, for a relay whose key is not known; zeros without one.
  KeyProbe(const seal::Key& psk, seal::Random& random, Send send);

  // Asks, and asks again; to be called every 50 ms or more often. False when nothing has answered in time.
  bool tick(TimePoint now);
  void receive(std::span<const std::byte> datagram);
  [[nodiscard]] const std::optional<seal::PublicKey>& key() const { return key_; }

 private:
  HelloKeys keys_;
  Nonce nonce_{};
  Send send_;
  std::optional<TimePoint> started_;
  TimePoint next_;
  Duration interval_{};
  std::optional<seal::PublicKey> key_;
};

}  // namespace hubbub::session
