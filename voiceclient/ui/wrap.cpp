#include "voiceclient/ui/wrap.h"

#include <algorithm>
#include <utility>

#include <utf8proc.h>

namespace hubbub {
namespace {

bool is_space(const Cell& cell) {
  return cell.bytes == " ";
}

utf8proc_category_t category(const Cell& cell) {
  utf8proc_int32_t first = 0;
  utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t*>(cell.bytes.data()),
                   static_cast<utf8proc_ssize_t>(cell.bytes.size()), &first);
  return utf8proc_category(first);
}

bool may_begin_row(const Cell& cell) {
  switch (category(cell)) {
    case UTF8PROC_CATEGORY_PE:
    case UTF8PROC_CATEGORY_PF:
    case UTF8PROC_CATEGORY_PO:
    case UTF8PROC_CATEGORY_LM:
      return false;
    default:
      return true;
  }
}

bool may_end_row(const Cell& cell) {
  const utf8proc_category_t kind = category(cell);
  return kind != UTF8PROC_CATEGORY_PS && kind != UTF8PROC_CATEGORY_PI;
}

// Chinese and Japanese have no spaces: between wide characters a row may end anywhere but at the wrong side
// of a bracket or a full stop.
bool may_break(const Cell& left, const Cell& right) {
  if (is_space(left) || is_space(right)) return true;
  const bool wide = left.columns == 2 || right.columns == 2;
  return wide && may_end_row(left) && may_begin_row(right);
}

// Where the word that begins at `begin` ends; a space is a word of its own.
std::size_t word_end(const Cells& cells, std::size_t begin) {
  std::size_t end = begin + 1;
  while (end < cells.size() && !may_break(cells[end - 1], cells[end])) ++end;
  return end;
}

class Wrapper {
 public:
  explicit Wrapper(int columns) : columns_(columns) {}

  std::vector<Cells> wrap(const Cells& cells) {
    for (std::size_t begin = 0; begin < cells.size();) {
      const std::size_t end = word_end(cells, begin);
      place(cells, begin, end);
      begin = end;
    }
    rows_.push_back(std::move(row_));
    return std::move(rows_);
  }

 private:
  void place(const Cells& cells, std::size_t begin, std::size_t end) {
    int columns = 0;
    for (std::size_t i = begin; i < end; ++i) columns += cells[i].columns;
    if (is_space(cells[begin])) {
      const bool shown = used_ < columns_ && (!row_.empty() || rows_.empty());
      if (shown) add(cells[begin]);
      return;
    }
    // A word that fits no row is cut where the row ends; it would not become whole by beginning on a new one.
    const bool fits_next_row = columns <= columns_ - kContinuationIndent;
    if (used_ + columns > columns_ && fits_next_row) end_row();
    for (std::size_t i = begin; i < end; ++i) {
      if (used_ + cells[i].columns > columns_) end_row();
      add(cells[i]);
    }
  }

  void add(const Cell& cell) {
    row_.push_back(cell);
    used_ += cell.columns;
  }

  void end_row() {
    while (!row_.empty() && is_space(row_.back())) row_.pop_back();
    if (!row_.empty()) rows_.push_back(std::exchange(row_, {}));
    used_ = rows_.empty() ? 0 : kContinuationIndent;
  }

  int columns_;
  std::vector<Cells> rows_;
  Cells row_;
  int used_ = 0;
};

}  // namespace

std::vector<Cells> wrap(const Cells& cells, int columns) {
  return Wrapper(columns).wrap(cells);
}

}  // namespace hubbub
