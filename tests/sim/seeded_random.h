// Random bytes that a seed repeats: what the simulator and the tests give the protocol's state machines.
#pragma once

#include "codec/seal/random.h"
#include "tools/impair/random.h"

namespace hubbub::sim {

class SeededRandom final : public seal::Random {
 public:
  explicit SeededRandom(std::uint64_t seed) : random_(seed) {}

  void fill(std::span<std::byte> out) override {
    for (std::byte& b : out) b = static_cast<std::byte>(random_.next() & 0xFFU);
  }

 private:
  impair::Random random_;
};

}  // namespace hubbub::sim
