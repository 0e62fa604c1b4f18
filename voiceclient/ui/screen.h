// What the terminal shows: messages that scroll by in its normal buffer, so that its own scrollback keeps
// them, and below the last one a single row with the line being typed. Makes the bytes to write, each answer
// meant for one write; writes nothing.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "voiceclient/ui/wrap.h"

namespace hubbub {

struct Segment {
  Style style = Style::kPlain;
  std::string_view text;
};

struct ScreenOptions {
  int columns = 80;
  std::string prompt = "> ";
  bool colour = true;  // off for NO_COLOR
  // Whether the terminal rewraps its rows when it gets narrower. Most do; xterm and the Linux console do not,
  // and would lose rows of messages to the cleaning up that the others need.
  bool rewraps = true;
};

class Screen {
 public:
  // A terminal that says it is narrower than this is laid out as if it were not.
  static constexpr int kMinColumns = 8;

  explicit Screen(ScreenOptions options);

  // Shows the input row and asks for bracketed pastes. Before it, and after `finish`, only messages are
  // shown.
  std::string start();
  // Takes the input row away; the cursor stays at the beginning of that row, where a shell's prompt can
  // follow.
  std::string finish();

  // One message, wrapped between words where that is possible, above the input row. All text is cleaned by
  // `printable`, so the segments may hold any bytes.
  [[nodiscard]] std::string print(const std::vector<Segment>& message) const;

  // The line being typed, and the offset in bytes of the cursor in it.
  std::string show_input(std::string_view line, std::size_t cursor);
  std::string show_prompt(std::string_view prompt);

  // The terminal has another width now.
  std::string resize(int columns);
  // Draws the input row again, after something else has written on it.
  [[nodiscard]] std::string redraw() const;

 private:
  void scroll_to_cursor();
  [[nodiscard]] int prompt_columns() const;
  [[nodiscard]] int field_columns() const;
  [[nodiscard]] int line_columns() const;
  [[nodiscard]] std::string input_row() const;

  ScreenOptions options_;
  bool started_ = false;
  std::string before_cursor_;
  std::string after_cursor_;
  int first_column_ = 0;  // the leftmost column of the line that its field shows
};

}  // namespace hubbub
