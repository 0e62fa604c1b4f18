#include "voiceclient/core/relay_watch.h"

namespace hubbub::client {

std::optional<std::uint64_t> RelayWatch::ping_due(TimePoint now, std::mt19937_64& random) {
  const Duration retry =
      waiting_since_ && now - *waiting_since_ < kPingHurry ? kPingFirstRetry : kPingRetryInterval;
  const Duration interval = waiting_since_ ? retry : interval_;
  if (last_ping_ && now - *last_ping_ < interval) return std::nullopt;
  last_ping_ = now;
  if (!waiting_since_) waiting_since_ = now;
  token_ = random();
  return token_;
}

std::optional<Duration> RelayWatch::pong(TimePoint now, std::uint64_t token) {
  if (token != token_ || !last_ping_) return std::nullopt;
  token_.reset();
  round_trip_ = now - *last_ping_;
  heard(now);
  return round_trip_;
}

void RelayWatch::heard(TimePoint) {
  waiting_since_.reset();
  state_ = State::kHere;
}

void RelayWatch::refused() {
  state_ = State::kAway;
}

bool RelayWatch::update(TimePoint now) {
  if (waiting_since_ && now - *waiting_since_ >= kRelayAwayAfter) state_ = State::kAway;
  if (state_ == announced_) return false;
  announced_ = state_;
  return true;
}

void RelayWatch::restart() {
  last_ping_.reset();
  token_.reset();
}

}  // namespace hubbub::client
