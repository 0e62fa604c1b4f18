// Makes the repair symbols of one stream from its last frames. When to make one, and over how many frames, is
// the caller's policy.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "codec/repair/repair_window.h"

namespace hubbub::repair {

class Encoder {
 public:
  // Frames of a stream all have one length. One of another length begins anew, the only time at which
  // anything is allocated. False: not a frame that could be repaired (empty, too long, numbered too near the
  // wrap), or older than the last kMaxWindow. One that comes behind newer ones takes its place among them.
  bool add(std::uint32_t esi, std::span<const std::byte> symbol);

  // Writes to the start of `out` the combination of the newest frames: `window` of them, or as many as there
  // are without a gap, and says which. Nothing when there is none, or `out` is too short for one. Two symbols
  // over one window need two keys, else they are the same symbol.
  std::optional<RepairWindow> make(std::size_t window, std::uint16_t repair_key, std::span<std::byte> out,
                                   std::uint8_t density_threshold = kDensest);

  [[nodiscard]] std::size_t symbol_size() const noexcept { return symbol_size_; }  // bytes; 0: none yet

 private:
  static constexpr std::uint32_t kNoEsi = 0xFFFF'FFFFU;

  void begin(std::size_t symbol_size);
  [[nodiscard]] std::size_t unbroken(std::size_t most) const;
  [[nodiscard]] std::span<std::byte> row(std::uint32_t esi);

  std::size_t symbol_size_ = 0;
  std::uint32_t newest_ = kNoEsi;
  std::array<std::uint32_t, kMaxWindow> esis_{};  // which frame lies in each row of the ring
  std::vector<std::byte> ring_;                   // kMaxWindow padded rows
  std::vector<std::byte> combined_;               // one padded row
};

}  // namespace hubbub::repair
