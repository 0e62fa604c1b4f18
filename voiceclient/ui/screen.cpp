#include "voiceclient/ui/screen.h"

#include <algorithm>
#include <utility>

#include "codec/wire/check.h"
#include "codec/wire/text.h"
#include "voiceclient/ui/grapheme.h"

namespace hubbub {
namespace {

constexpr std::string_view kClearRow = "\r\x1B[K";
constexpr std::string_view kClearBelow = "\r\x1B[J";
constexpr std::string_view kNewRow = "\r\n";
constexpr std::string_view kPasteBracketsOn = "\x1B[?2004h";
constexpr std::string_view kPasteBracketsOff = "\x1B[?2004l";
// The input row takes one row also where the terminal thinks a character wider than we do.
constexpr std::string_view kWrapOff = "\x1B[?7l";
constexpr std::string_view kWrapOn = "\x1B[?7h";
// And its cursor stands between the same two characters.
constexpr std::string_view kSaveCursor = "\0337";
constexpr std::string_view kRestoreCursor = "\0338";

// The prompt gives way where it would leave less: two marks, a wide character, and as much of its
// surroundings.
constexpr int kMinFieldColumns = 6;
static_assert(kMinFieldColumns <= Screen::kMinColumns && kContinuationIndent + 2 <= Screen::kMinColumns);

std::string spaces(int count) {
  return std::string(static_cast<std::size_t>(std::max(count, 0)), ' ');
}

// `printable` trims, but the spaces around the cursor and between segments matter here: something else stands
// at the ends.
std::string clean(std::string_view text) {
  const std::string guarded = printable("|" + std::string(text) + "|");
  CHECK(guarded.size() >= 2);
  return guarded.substr(1, guarded.size() - 2);
}

std::string_view sequence_of(Style style) {
  switch (style) {
    case Style::kNotice:
      return "\x1B[2m";
    case Style::kAuthor:
      return "\x1B[1m";
    case Style::kPlain:
      break;
  }
  return "\x1B[0m";
}

std::string styled(const Cells& row, bool colour) {
  std::string bytes;
  Style style = Style::kPlain;
  const auto change_to = [&](Style next) {
    if (!colour || next == style) return;
    if (style != Style::kPlain) bytes += sequence_of(Style::kPlain);
    if (next != Style::kPlain) bytes += sequence_of(next);
    style = next;
  };
  for (const Cell& cell : row) {
    change_to(cell.style);
    bytes += cell.bytes;
  }
  change_to(Style::kPlain);
  return bytes;
}

}  // namespace

Screen::Screen(ScreenOptions options) : options_(std::move(options)) {
  options_.columns = std::max(options_.columns, kMinColumns);
  options_.prompt = clean(options_.prompt);
}

std::string Screen::start() {
  started_ = true;
  return std::string(kPasteBracketsOn) + redraw();
}

std::string Screen::finish() {
  if (!std::exchange(started_, false)) return {};
  return std::string(kClearRow) + std::string(kPasteBracketsOff);
}

std::string Screen::print(const std::vector<Segment>& message) const {
  std::vector<std::string> texts;
  texts.reserve(message.size());  // cells point into them
  Cells cells;
  for (const Segment& segment : message) {
    std::string_view rest = texts.emplace_back(clean(segment.text));
    while (!rest.empty()) {
      const Grapheme grapheme = take_grapheme(rest);
      cells.push_back({.bytes = grapheme.bytes, .columns = grapheme.columns, .style = segment.style});
    }
  }

  std::string bytes(started_ ? kClearRow : std::string_view());
  int indent = 0;
  for (const Cells& row : wrap(cells, options_.columns)) {
    bytes += spaces(indent) + styled(row, options_.colour);
    bytes += kNewRow;
    indent = kContinuationIndent;
  }
  return bytes + redraw();
}

std::string Screen::show_input(std::string_view line, std::size_t cursor) {
  CHECK(cursor <= line.size());
  before_cursor_ = clean(line.substr(0, cursor));
  after_cursor_ = clean(line.substr(cursor));
  scroll_to_cursor();
  return redraw();
}

std::string Screen::show_prompt(std::string_view prompt) {
  options_.prompt = clean(prompt);
  scroll_to_cursor();
  return redraw();
}

std::string Screen::resize(int columns) {
  const int cursor_column = prompt_columns() + display_columns(before_cursor_) - first_column_;
  options_.columns = std::max(columns, kMinColumns);
  scroll_to_cursor();
  if (!started_) return {};
  // A row that has become too long now takes several, and the cursor stands on the one its character fell to;
  // past the last character, it stays on that one's row.
  const int character_column = after_cursor_.empty() ? std::max(cursor_column - 1, 0) : cursor_column;
  const int rows_above = options_.rewraps ? character_column / std::max(columns, 1) : 0;
  std::string bytes;
  if (rows_above > 0) bytes = "\x1B[" + std::to_string(rows_above) + "A";
  bytes += kClearBelow;
  return bytes + input_row();
}

std::string Screen::redraw() const {
  if (!started_) return {};
  return std::string(kClearRow) + input_row();
}

// --- The input row: the prompt, and a field with the part of the line that has the cursor in it
// ---------------------------

int Screen::prompt_columns() const {
  const int columns = display_columns(options_.prompt);
  return options_.columns - columns >= kMinFieldColumns ? columns : 0;
}

int Screen::field_columns() const {
  return options_.columns - prompt_columns();
}

int Screen::line_columns() const {
  return display_columns(before_cursor_) + display_columns(after_cursor_);
}

void Screen::scroll_to_cursor() {
  const int field = field_columns();
  const int cursor = display_columns(before_cursor_);
  const int line_end = line_columns();
  if (line_end < field) {
    first_column_ = 0;
    return;
  }
  // To the right: the character under the cursor is seen whole, and then there is a mark unless it is the
  // last one.
  std::string_view rest = after_cursor_;
  const int under_cursor = rest.empty() ? 1 : take_grapheme(rest).columns;
  const int needed_end = cursor + under_cursor + (rest.empty() ? 0 : 1);
  first_column_ = std::max(first_column_, needed_end - field);
  // Nothing more than the cursor's own column stays empty.
  first_column_ = std::min(first_column_, line_end + 1 - field);
  // To the left: by half a field, since what comes before the cursor is of more interest than a mark.
  if (cursor <= first_column_) first_column_ = std::max(0, cursor - field / 2);
}

std::string Screen::input_row() const {
  const int last_column = first_column_ + field_columns();
  const bool cut_left = first_column_ > 0;
  const bool cut_right = line_columns() > last_column;
  const int from = first_column_ + (cut_left ? 1 : 0);
  const int to = last_column - (cut_right ? 1 : 0);

  std::string bytes(kWrapOff);
  if (prompt_columns() > 0) bytes += options_.prompt;
  const auto add_mark = [&](char mark) {
    bytes += styled({Cell{.bytes = {&mark, 1}, .columns = 1, .style = Style::kNotice}}, options_.colour);
  };
  int column = 0;
  const auto add_visible = [&](std::string_view text) {
    while (!text.empty()) {
      const Grapheme grapheme = take_grapheme(text);
      const int begin = std::exchange(column, column + grapheme.columns);
      if (begin >= from && column <= to) {
        bytes += grapheme.bytes;
      } else {
        bytes +=
            spaces(std::min(column, to) - std::max(begin, from));  // the visible half of a wide character
      }
    }
  };
  if (cut_left) add_mark('<');
  add_visible(before_cursor_);
  bytes += kSaveCursor;
  add_visible(after_cursor_);
  if (cut_right) add_mark('>');
  bytes += kRestoreCursor;
  bytes += kWrapOn;
  return bytes;
}

}  // namespace hubbub
