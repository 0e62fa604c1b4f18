// Which of the last 1,024 counters were already accepted (RFC 6479). Asked before decryption, told only after
// it: a forged counter moves nothing. Header-only: it is on the path of every envelope.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

namespace hubbub::seal {

class ReplayWindow {
 public:
  static constexpr std::uint64_t kCounters = 1'024;

  // Whether `counter` was not accepted yet and is not too old to know.
  [[nodiscard]] bool fresh(std::uint64_t counter) const {
    if (counter > newest_) return true;
    if (newest_ - counter >= kCounters) return false;
    return (blocks_[slot(counter)] & bit(counter)) == 0;
  }

  // What is too old to know changes nothing.
  void accept(std::uint64_t counter) {
    if (counter > newest_) {
      // The slots between hold counters that are too old now.
      const std::uint64_t opened = std::min(counter / kBlockBits - newest_ / kBlockBits, kBlocks);
      for (std::uint64_t i = 1; i <= opened; ++i) blocks_[(newest_ / kBlockBits + i) % kBlocks] = 0;
      newest_ = counter;
    } else if (newest_ - counter >= kCounters) {
      return;
    }
    blocks_[slot(counter)] |= bit(counter);
  }

  // The greatest counter accepted; 0 before the first.
  [[nodiscard]] std::uint64_t newest() const { return newest_; }

 private:
  // One block more than the window has, since its two ends share the newest counter's block (section 2).
  static constexpr std::uint64_t kBlockBits = 64;
  static constexpr std::uint64_t kBlocks = kCounters / kBlockBits + 1;
  static_assert(kCounters % kBlockBits == 0);

  static constexpr std::size_t slot(std::uint64_t counter) { return (counter / kBlockBits) % kBlocks; }
  static constexpr std::uint64_t bit(std::uint64_t counter) {
    return std::uint64_t{1} << (counter % kBlockBits);
  }

  std::uint64_t newest_ = 0;
  std::array<std::uint64_t, kBlocks> blocks_{};
};

}  // namespace hubbub::seal
