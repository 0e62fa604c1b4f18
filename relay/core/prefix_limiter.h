// A rate limit for strangers, by where they come from: one IPv4 address, or one IPv6 /64, which is what a
// single household or machine commonly has. A table of fixed size, so that strangers never cost memory; two
// prefixes that meet in one place of it share a limit, and a secret keeps anybody from choosing to meet.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "codec/wire/endpoint.h"
#include "codec/wire/units.h"

namespace hubbub::relay {

class PrefixLimiter {
 public:
  static constexpr std::size_t kPlaces = 4'096;

  // `rate`: so many a second, and `burst` at once; a rate of 0 is no limit.
  PrefixLimiter(double rate, double burst, std::uint64_t secret);

  // Whether this prefix has asked for nothing lately: more likely a person than a part of a flood.
  static constexpr Duration kRestedAfter = 10s;
  [[nodiscard]] bool rested(TimePoint now, const IpAddress& address) const;
  [[nodiscard]] bool take(TimePoint now, const IpAddress& address);

 private:
  struct Place {
    double tokens = 0;
    TimePoint refilled;
    bool used = false;
  };

  [[nodiscard]] std::size_t place_of(const IpAddress& address) const;

  double rate_;
  double burst_;
  std::uint64_t secret_;
  std::vector<Place> places_;
};

}  // namespace hubbub::relay
