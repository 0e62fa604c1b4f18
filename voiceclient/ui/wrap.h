// Lays a message out in rows of a terminal's width, between words where that is possible.
#pragma once

#include <string_view>
#include <vector>

namespace hubbub {

enum class Style { kPlain, kNotice, kAuthor };

// One grapheme cluster with its columns, 0 to 2.
struct Cell {
  std::string_view bytes;
  int columns = 0;
  Style style = Style::kPlain;
};
using Cells = std::vector<Cell>;

// All rows but the first begin so far in: the rows of `wrap` leave room for it and do not contain it.
inline constexpr int kContinuationIndent = 2;

// At least one row. `columns` has room for the indent and a wide character. Spaces at a break are dropped.
std::vector<Cells> wrap(const Cells& cells, int columns);

}  // namespace hubbub
