// Proof that a stranger receives at the address it sends from, without remembering the stranger: a MAC over
// its endpoint, which it must bring back.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "codec/seal/random.h"
#include "codec/seal/secret.h"
#include "codec/wire/endpoint.h"
#include "codec/wire/units.h"

namespace hubbub::seal {

using Cookie = std::array<std::byte, 16>;

class CookieJar {
 public:
  // A cookie is good for this long at least, and for twice as long at most.
  static constexpr Duration kKeyLifetime = 60s;

  // Draws its first keys here, and a new one with each minute; `random` outlives the jar.
  explicit CookieJar(Random& random);

  // Time does not go backwards from one call to the next.
  [[nodiscard]] Cookie make(TimePoint now, const Endpoint& endpoint);
  [[nodiscard]] bool verify(TimePoint now, const Endpoint& endpoint, std::span<const std::byte> cookie);

 private:
  void rotate(TimePoint now);

  Random* random_;
  std::int64_t minute_ = 0;  // that `current_` belongs to
  Key current_;
  Key previous_;
};

}  // namespace hubbub::seal
