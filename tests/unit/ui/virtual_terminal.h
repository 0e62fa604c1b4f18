// A terminal small enough to trust: the few control sequences the screen may use, and a failure for
// everything else.
#pragma once

#include <algorithm>
#include <functional>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "voiceclient/ui/grapheme.h"

namespace hubbub::testing {

class VirtualTerminal {
 public:
  // How the terminal cuts text into what it draws, which need not be what the client thinks.
  using Measure = std::function<Grapheme(std::string_view&)>;

  VirtualTerminal(int columns, int rows, Measure measure = take_grapheme)
      : columns_(columns), height_(rows), measure_(std::move(measure)), rows_(1) {}

  void write(std::string_view bytes) {
    while (!bytes.empty()) {
      const char first = bytes.front();
      if (first == '\x1B') {
        take_escape(bytes);
      } else if (first == '\r') {
        bytes.remove_prefix(1);
        column_ = 0;
      } else if (first == '\n') {
        bytes.remove_prefix(1);
        line_feed();
      } else if (static_cast<unsigned char>(first) < 0x20 || first == '\x7F') {
        ADD_FAILURE() << "control character " << int{first};
        bytes.remove_prefix(1);
      } else {
        draw(measure_(bytes));
      }
    }
  }

  // Every row that was ever begun, scrolled away or not, without the spaces at its end.
  [[nodiscard]] std::vector<std::string> history() const {
    std::vector<std::string> texts;
    texts.reserve(rows_.size());
    for (const Row& row : rows_) texts.push_back(text_of(row));
    return texts;
  }
  [[nodiscard]] std::vector<std::string> screen() const {
    std::vector<std::string> texts = history();
    if (texts.size() > height())
      texts.erase(texts.begin(), texts.end() - static_cast<std::ptrdiff_t>(height()));
    return texts;
  }
  [[nodiscard]] std::string bottom() const { return text_of(rows_.back()); }
  [[nodiscard]] bool cursor_is_on_bottom() const { return row_ + 1 == rows_.size(); }
  [[nodiscard]] int cursor_column() const { return column_; }
  // The cell under the cursor; a space where there is nothing.
  [[nodiscard]] std::string under_cursor() const { return cell(rows_[row_], column_); }
  [[nodiscard]] bool brackets_pastes() const { return brackets_pastes_; }
  [[nodiscard]] bool wraps() const { return wraps_; }
  // How often a row was too long for the terminal, which then continued it on the next one.
  [[nodiscard]] int wraps_done() const { return wraps_done_; }
  [[nodiscard]] const std::string& style() const { return style_; }
  // The styles that were drawn with, in order, "" for none.
  [[nodiscard]] const std::vector<std::string>& styles_used() const { return styles_used_; }

  // What terminals that rewrap do: a row that is too long continues on new ones, and the cursor stays on its
  // character or, past the last one, on the last row.
  void resize(int columns, bool rewraps) {
    std::vector<Row> rows;
    std::size_t cursor_row = 0;
    int cursor_column = std::min(column_, columns - 1);
    for (std::size_t i = 0; i < rows_.size(); ++i) {
      const std::size_t first = rows.size();
      Row rest = rows_[i];
      while (!rest.empty() && rest.back() == " ") rest.pop_back();
      const auto width = static_cast<std::size_t>(columns);
      while (rewraps && rest.size() > width) {
        rows.emplace_back(rest.begin(), rest.begin() + columns);
        rest.erase(rest.begin(), rest.begin() + columns);
      }
      rest.resize(std::min(rest.size(), width));
      rows.push_back(rest);
      if (i == row_) {
        const std::size_t rows_down = rewraps ? static_cast<std::size_t>(column_ / columns) : 0;
        cursor_row = std::min(first + rows_down, rows.size() - 1);
        const bool past_the_last = cursor_row != first + rows_down;
        if (rewraps) cursor_column = past_the_last ? columns - 1 : column_ % columns;
      }
    }
    columns_ = columns;
    rows_ = std::move(rows);
    row_ = cursor_row;
    column_ = cursor_column;
  }

 private:
  using Row = std::vector<std::string>;  // a wide character's second cell is ""

  [[nodiscard]] std::size_t height() const { return static_cast<std::size_t>(height_); }

  static std::string text_of(const Row& row) {
    std::string text;
    for (const std::string& part : row) text += part;
    text.erase(text.find_last_not_of(' ') + 1);
    return text;
  }
  static std::string cell(const Row& row, int column) {
    const auto index = static_cast<std::size_t>(column);
    return index < row.size() ? row[index] : " ";
  }

  void line_feed() {
    if (++row_ == rows_.size()) rows_.emplace_back();
  }

  void draw(const Grapheme& grapheme) {
    if (styles_used_.empty() || styles_used_.back() != style_) styles_used_.push_back(style_);
    if (grapheme.columns == 0) {
      if (column_ > 0) put(column_ - 1, cell(rows_[row_], column_ - 1) + std::string(grapheme.bytes));
      return;
    }
    if (column_ + grapheme.columns > columns_) {
      if (wraps_) {
        ++wraps_done_;
        column_ = 0;
        line_feed();
      } else {
        column_ = columns_ - grapheme.columns;
      }
    }
    put(column_, std::string(grapheme.bytes));
    if (grapheme.columns == 2) put(column_ + 1, "");
    column_ += grapheme.columns;
  }

  void put(int column, const std::string& text) {
    Row& row = rows_[row_];
    const auto index = static_cast<std::size_t>(column);
    if (row.size() <= index) row.resize(index + 1, " ");
    row[index] = text;
  }

  void take_escape(std::string_view& bytes) {
    bytes.remove_prefix(1);
    ASSERT_FALSE(bytes.empty()) << "a control sequence without its end";
    const char kind = bytes.front();
    bytes.remove_prefix(1);
    if (kind == '7') {
      saved_ = {row_, column_};
    } else if (kind == '8') {
      std::tie(row_, column_) = saved_;
    } else if (kind == '[') {
      const std::size_t size = bytes.find_first_not_of("0123456789;?");
      ASSERT_NE(size, std::string_view::npos) << "a control sequence without its end";
      const std::string sequence(bytes.substr(0, size + 1));
      bytes.remove_prefix(size + 1);
      obey(sequence);
    } else {
      ADD_FAILURE() << "ESC " << kind;
    }
  }

  void obey(const std::string& sequence) {
    const char last = sequence.back();
    Row& row = rows_[row_];
    const auto index = static_cast<std::size_t>(column_);
    if (sequence == "K" || sequence == "J") {
      row.resize(std::min(row.size(), index));
      if (last == 'J') rows_.resize(row_ + 1);
    } else if (last == 'A') {
      const std::size_t top = rows_.size() > height() ? rows_.size() - height() : 0;
      const std::size_t up = std::stoul(sequence);
      row_ = row_ > top + up ? row_ - up : top;
    } else if (sequence == "?7l" || sequence == "?7h") {
      wraps_ = last == 'h';
    } else if (sequence == "?2004l" || sequence == "?2004h") {
      brackets_pastes_ = last == 'h';
    } else if (last == 'm') {
      style_ = sequence == "0m" ? "" : sequence;
    } else {
      ADD_FAILURE() << "ESC [ " << sequence;
    }
  }

  int columns_;
  int height_;
  Measure measure_;
  std::vector<Row> rows_;  // the scrollback and the screen
  std::size_t row_ = 0;
  int column_ = 0;
  std::pair<std::size_t, int> saved_;
  bool wraps_ = true;
  bool brackets_pastes_ = false;
  int wraps_done_ = 0;
  std::string style_;
  std::vector<std::string> styles_used_;
};

}  // namespace hubbub::testing
