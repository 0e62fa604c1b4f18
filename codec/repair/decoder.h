// Recovers the lost frames of one stream from the frames and the repair symbols that came. Bounded whatever
// comes, and it aborts for nothing that comes: a repair symbol may be forged, where a frame may not.
//
// Each repair symbol is an equation: a combination of frames that is known. Frames that are here are taken
// out of it at once; what remains is kept in reduced row echelon form, the oldest unknown leading. So an
// equation in which one unknown is left is a recovered frame, and when the oldest unknown is past all hope
// the one equation that leads with it, and no other, goes with it.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "codec/repair/repair_window.h"

namespace hubbub::repair {

class Decoder {
 public:
  // Frames are remembered, and may be recovered, down to this many behind the newest.
  static constexpr std::size_t kRemembered = 64;
  // A repair symbol may speak of frames this far ahead of the newest that came: those may be the lost ones.
  static constexpr std::size_t kAhead = kMaxWindow;
  static constexpr std::size_t kMaxEquations = 32;

  enum class Verdict : std::uint8_t {
    kKept,
    kRedundant,     // true, for all that can be told, and nothing new: the usual case where nothing is lost
    kRefused,       // malformed, of another length than the stream's frames, too old or too far ahead
    kContradictory  // a repair symbol was forged, this one or an earlier: all equations were forgotten
  };
  struct Recovered {
    std::uint32_t esi = 0;
    std::span<const std::byte> symbol;  // valid until anything else is called, but for add_source with it
  };

  // A frame that came, in any order. Frames must be authentic: they anchor what is old and what is ahead, and
  // their length is the stream's. One of another length begins anew.
  Verdict add_source(std::uint32_t esi, std::span<const std::byte> symbol);

  // A repair symbol, of which nothing is believed.
  Verdict add_repair(const RepairWindow& window, std::span<const std::byte> symbol);

  // A frame that the equations give, the oldest first; each is given once. It is only as true as the repair
  // symbols were: the caller authenticates it and answers with add_source, or with forget_equations.
  std::optional<Recovered> next_recovered();

  // What a frame that is not authentic calls for: whatever spoiled it may be in every equation.
  void forget_equations() noexcept;

  [[nodiscard]] std::size_t equations() const noexcept { return active_; }
  [[nodiscard]] std::size_t symbol_size() const noexcept { return symbol_size_; }  // bytes; 0: none yet

 private:
  // The unknowns of all equations lie in a range of kRemembered + kAhead ESIs, so ESI modulo this is a
  // column.
  static constexpr std::size_t kColumns = 128;
  static_assert(kRemembered + kAhead <= kColumns && kMaxWindowTaken <= kRemembered);
  // One more than are kept: a new equation is reduced in the spare one before another has to go.
  static constexpr std::size_t kRows = kMaxEquations + 1;

  struct Equation {
    bool active = false;
    std::uint32_t leading = 0;  // ESI of its oldest unknown, which is in no other equation
    std::size_t unknowns = 0;
  };

  void begin(std::size_t symbol_size);
  void expire() noexcept;
  void drop(std::size_t index) noexcept;
  void drop_oldest() noexcept;
  Verdict substitute(std::uint32_t esi);
  Verdict settle(std::size_t index);
  [[nodiscard]] std::size_t free_row() const noexcept;
  [[nodiscard]] bool known(std::uint32_t esi) const noexcept;
  [[nodiscard]] std::optional<std::uint32_t> oldest_unknown(std::size_t index) noexcept;
  [[nodiscard]] std::span<std::byte> source(std::uint32_t esi) noexcept;
  // An equation is a row of kColumns coefficients and then of the padded symbol: one operation does both.
  [[nodiscard]] std::span<std::byte> row(std::size_t index) noexcept;
  [[nodiscard]] std::uint8_t coefficient(std::size_t index, std::uint32_t esi) noexcept;

  std::size_t symbol_size_ = 0;
  std::int64_t newest_ = -1;                       // ESI of the newest frame; -1: none yet
  std::array<std::uint32_t, kRemembered> esis_{};  // which frame lies in each row of the ring
  std::vector<std::byte> sources_;                 // kRemembered padded rows
  std::vector<std::byte> scratch_;                 // one padded row
  std::vector<std::byte> rows_;                    // kRows rows; empty before the first use
  std::array<Equation, kRows> equations_{};
  std::size_t active_ = 0;
};

}  // namespace hubbub::repair
