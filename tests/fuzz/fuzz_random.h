// Random bytes that every run of a fuzz target repeats.
#pragma once

#include <cstdint>
#include <random>

#include "codec/seal/random.h"

namespace hubbub {

class FuzzRandom final : public seal::Random {
 public:
  void fill(std::span<std::byte> out) override {
    for (std::byte& b : out) b = static_cast<std::byte>(engine_() & 0xFFU);
  }

 private:
  std::mt19937_64 engine_{1};
};

}  // namespace hubbub
