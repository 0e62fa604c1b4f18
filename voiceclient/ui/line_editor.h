// The line being typed: a terminal's raw input bytes in, an edited line of text and events out. It neither
// reads nor draws.
#pragma once

#include <cstddef>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "codec/wire/limits.h"
#include "voiceclient/ui/key_decoder.h"

namespace hubbub {

struct EditorEvent {
  enum class Kind {
    kSubmitted,   // Enter, with the line in `text`; a line of nothing but spaces submits nothing
    kInterrupt,   // Ctrl-C
    kEndOfInput,  // Ctrl-D on an empty line
    kRedraw,      // Ctrl-L
    kBell,        // something typed did not fit: once for each `feed`
  };
  Kind kind;
  std::string text;
};

class LineEditor {
 public:
  // Leaves room in a text for the longest author: "<author> text" and the line feed. So what can be typed can
  // be sent.
  static constexpr std::size_t kMaxLineBytes = kMaxTextBytes - (kMaxNameBytes + 4);
  // What a person scrolls back through, not an archive.
  static constexpr std::size_t kHistoryLines = 100;

  // Takes what the terminal sent, split anywhere. Line breaks in a bracketed paste become spaces, so that a
  // paste never submits by itself.
  std::vector<EditorEvent> feed(std::string_view bytes);

  [[nodiscard]] const std::string& text() const { return line_; }
  // An offset in bytes into `text`, always between two grapheme clusters.
  [[nodiscard]] std::size_t cursor() const { return cursor_; }

 private:
  void press(const KeyPress& press, std::vector<EditorEvent>& events);
  void paste(const KeyPress& press, std::vector<EditorEvent>& events);
  void edit(const KeyPress& press);

  void insert(std::string_view text);
  void erase(std::size_t from, std::size_t to);
  void kill(std::size_t from, std::size_t to);
  void submit(std::vector<EditorEvent>& events);
  void recall(std::size_t index);
  void settle_cursor(std::size_t at);
  [[nodiscard]] std::size_t word_left() const;
  [[nodiscard]] std::size_t word_right() const;

  KeyDecoder decoder_;
  bool pasting_ = false;
  bool overflowed_ = false;

  std::string line_;
  std::size_t cursor_ = 0;
  std::string killed_;
  std::deque<std::string> history_;
  std::size_t recalled_ = 0;  // an index into history_; its size while the line is the new one
  std::string draft_;         // the new line, while an older one is shown
};

}  // namespace hubbub
