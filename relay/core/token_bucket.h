// A rate limit: so many a second on average, and a burst of one second's worth.
#pragma once

#include <algorithm>

#include "codec/wire/units.h"

namespace hubbub::relay {

class TokenBucket {
 public:
  TokenBucket(double rate_per_second, TimePoint now) : tokens_(rate_per_second), refilled_(now) {}

  // True where one more is within `rate_per_second`. A rate below one still lets one through now and then.
  bool take(double rate_per_second, TimePoint now) {
    const double earned = to_seconds(now - refilled_) * rate_per_second;
    tokens_ = std::min(tokens_ + earned, std::max(rate_per_second, 1.0));
    refilled_ = now;
    if (tokens_ < 1.0) return false;
    tokens_ -= 1.0;
    return true;
  }

 private:
  double tokens_;
  TimePoint refilled_;
};

}  // namespace hubbub::relay
