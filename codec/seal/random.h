// Where random bytes come from. Every random choice of a protocol's state machine goes through a `Random&`,
// so that a test or the simulator can repeat it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "codec/seal/secret.h"

namespace hubbub::seal {

class Random {
 public:
  Random() = default;
  Random(const Random&) = delete;
  Random& operator=(const Random&) = delete;
  virtual ~Random() = default;

  virtual void fill(std::span<std::byte> out) = 0;

  std::uint32_t u32();
  std::uint64_t u64();
  template <std::size_t N>
  Secret<N> secret() {
    Secret<N> secret;
    fill(secret.view());
    return secret;
  }
};

// The operating system's, by way of OpenSSL's generator. Safe to use from any thread.
class SystemRandom final : public Random {
 public:
  void fill(std::span<std::byte> out) override;
};

}  // namespace hubbub::seal
