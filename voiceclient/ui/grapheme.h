// Text as a person sees it: grapheme clusters (UAX #29) and the columns that a terminal gives them. Nothing
// here draws.
#pragma once

#include <cstddef>
#include <string_view>

namespace hubbub {

// What a person takes for one character: a base with its marks, a flag, a family of emoji.
struct Grapheme {
  std::string_view bytes;
  int columns = 0;  // 0 to 2
};

// Takes the first cluster off `text`, which is not empty. A byte that is no UTF-8 is a cluster of one column.
Grapheme take_grapheme(std::string_view& text);

// The columns of the whole text. Where terminals disagree it is the larger number, so that nothing we lay out
// is too wide.
[[nodiscard]] int display_columns(std::string_view text);

// The nearest cluster boundary after and before `at`, which is itself a boundary or, for `next_grapheme`, any
// offset; the ends of the text are the last ones.
[[nodiscard]] std::size_t next_grapheme(std::string_view text, std::size_t at);
[[nodiscard]] std::size_t previous_grapheme(std::string_view text, std::size_t at);
// `at` itself where it is a boundary, otherwise the next one.
[[nodiscard]] std::size_t grapheme_boundary(std::string_view text, std::size_t at);

}  // namespace hubbub
