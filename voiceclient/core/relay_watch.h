// Whether the relay is there: pings, their answers, and what the system says about the way to it.
#pragma once

#include <cstdint>
#include <optional>
#include <random>

#include "codec/wire/limits.h"
#include "codec/wire/units.h"

namespace hubbub::client {

class RelayWatch {
 public:
  enum class State : std::uint8_t { kUnknown, kHere, kAway };

  explicit RelayWatch(Duration interval = kPingInterval) : interval_(interval) {}

  // The token of a ping to send now, if one is due.
  std::optional<std::uint64_t> ping_due(TimePoint now, std::mt19937_64& random);
  // An answer; its round trip where it belongs to a ping of ours.
  std::optional<Duration> pong(TimePoint now, std::uint64_t token);
  // Any other datagram that came from the relay.
  void heard(TimePoint now);
  // The system says that there is no way to the relay, or nobody.
  void refused();
  // True once for each change of state.
  bool update(TimePoint now);
  // From now on the first ping counts anew: another socket, another address.
  void restart();

  [[nodiscard]] State state() const { return state_; }
  [[nodiscard]] std::optional<Duration> round_trip() const { return round_trip_; }

 private:
  Duration interval_;
  State state_ = State::kUnknown;
  State announced_ = State::kUnknown;
  std::optional<TimePoint> last_ping_;
  std::optional<TimePoint> waiting_since_;  // of the oldest ping without an answer
  std::optional<std::uint64_t> token_;
  std::optional<Duration> round_trip_;
};

}  // namespace hubbub::client
