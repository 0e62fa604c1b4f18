#include "codec/repair/coefficients.h"

namespace hubbub::repair {
namespace {

// RFC 8682 section 2.1.
constexpr std::uint32_t kMat1 = 0x8f70'11ee;
constexpr std::uint32_t kMat2 = 0xfc78'ff1f;
constexpr std::uint32_t kTmat = 0x3793'fdff;
constexpr std::uint32_t kMixRounds = 8;    // of the seed into the state
constexpr std::uint32_t kWarmUpSteps = 8;  // thrown away before the first number

}  // namespace

TinyMt32::TinyMt32(std::uint32_t seed) noexcept : state_{seed, kMat1, kMat2, kTmat} {
  // All-zero would be a fixed point, but these parameters reach it from no seed: RFC 8682 leaves the
  // reference implementation's check for it out.
  for (std::uint32_t i = 1; i < kMixRounds; ++i) {
    const std::uint32_t before = state_[(i - 1) % 4];
    state_[i % 4] ^= i + 1'812'433'253U * (before ^ (before >> 30U));
  }
  for (std::uint32_t i = 0; i < kWarmUpSteps; ++i) step();
}

void TinyMt32::step() noexcept {
  std::uint32_t x = (state_[0] & 0x7fff'ffffU) ^ state_[1] ^ state_[2];
  std::uint32_t y = state_[3];
  x ^= x << 1U;
  y ^= (y >> 1U) ^ x;
  // A mask: as branches, which nobody can predict, these would be most of the cost of a repair symbol.
  const std::uint32_t odd = 0U - (y & 1U);
  state_ = {state_[1], state_[2] ^ (odd & kMat1), x ^ (y << 10U) ^ (odd & kMat2), y};
}

std::uint32_t TinyMt32::next() noexcept {
  step();
  const std::uint32_t sum = state_[0] + (state_[2] >> 8U);
  return state_[3] ^ sum ^ ((0U - (sum & 1U)) & kTmat);
}

void coding_coefficients(std::uint16_t repair_key, unsigned density_threshold,
                         std::span<std::uint8_t> out) noexcept {
  TinyMt32 random(repair_key);
  for (std::uint8_t& coefficient : out) {
    coefficient = 0;
    // The low bits of each number, as RFC 8681 section 3.5 takes them. At the densest nothing is drawn here.
    if (density_threshold < 15 && (random.next() & 0xFU) > density_threshold) continue;
    while (coefficient == 0) coefficient = static_cast<std::uint8_t>(random.next() & 0xFFU);
  }
}

}  // namespace hubbub::repair
