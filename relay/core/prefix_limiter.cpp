#include "relay/core/prefix_limiter.h"

#include <algorithm>

namespace hubbub::relay {
namespace {

constexpr std::size_t kV6PrefixBytes = 8;

Endpoint prefix_of(const IpAddress& address) {
  if (address.is_v4()) return {address, 0};
  auto bytes = address.bytes();
  std::fill(bytes.begin() + kV6PrefixBytes, bytes.end(), std::uint8_t{0});
  return {IpAddress(bytes), 0};
}

}  // namespace

PrefixLimiter::PrefixLimiter(double rate, double burst, std::uint64_t secret)
    : rate_(rate), burst_(burst), secret_(secret), places_(kPlaces) {}

std::size_t PrefixLimiter::place_of(const IpAddress& address) const {
  return EndpointHash{secret_}(prefix_of(address)) % kPlaces;
}

bool PrefixLimiter::rested(TimePoint now, const IpAddress& address) const {
  const Place& place = places_[place_of(address)];
  return !place.used || now - place.refilled >= kRestedAfter;
}

bool PrefixLimiter::take(TimePoint now, const IpAddress& address) {
  if (rate_ <= 0) return true;
  Place& place = places_[place_of(address)];
  const double earned = place.used ? to_seconds(now - place.refilled) * rate_ : burst_;
  place = {.tokens = std::min(place.tokens + earned, burst_), .refilled = now, .used = true};
  if (place.tokens < 1.0) return false;
  place.tokens -= 1.0;
  return true;
}

}  // namespace hubbub::relay
