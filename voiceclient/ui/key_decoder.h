// A terminal's raw input bytes as keys. Knows what terminals send, and nothing of what the keys do.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace hubbub {

// Named by what readline's Emacs mode does with them.
enum class Key {
  kCharacter,
  kLeft,
  kRight,
  kWordLeft,
  kWordRight,
  kHome,
  kEnd,
  kBackspace,
  kDelete,
  kOlder,
  kNewer,
  kKillToStart,
  kKillToEnd,
  kKillWord,
  kYank,
  kTab,
  kEnter,
  kInterrupt,    // Ctrl-C
  kDeleteOrEnd,  // Ctrl-D
  kRedraw,
  kPasteBegin,
  kPasteEnd,
};

struct KeyPress {
  Key key;
  std::string character;  // of kCharacter: one code point that `printable` lets through
};

class KeyDecoder {
 public:
  // Characters and key sequences may be split anywhere between calls. What is no UTF-8, may not be shown or
  // is no known key is ignored, key sequences as a whole. A sequence that is still unfinished waits; any
  // control character ends it.
  std::vector<KeyPress> feed(std::string_view bytes);

 private:
  // What the bytes so far are the beginning of.
  enum class State {
    kGround,
    kEscape,         // ESC
    kEscapeMore,     // ESC and an intermediate byte: one final byte is to come
    kControl,        // ESC [: parameters, then one final byte
    kSingleShift,    // ESC O: one final byte is to come
    kConsoleKey,     // ESC [ [, the Linux console's F1 to F5: one more byte
    kControlString,  // ESC ] and the like: all up to the next control character
  };

  void take(char byte);
  void take_control(char byte);
  void take_escaped(char byte);
  void take_sequence(char byte);
  void take_text(char byte);

  State state_ = State::kGround;
  std::string sequence_;       // of kControl, cut where it exceeds every key we know
  std::string character_;      // the first bytes of one UTF-8 character
  bool after_return_ = false;  // a line feed that follows a carriage return is the same Enter
  std::vector<KeyPress> keys_;
};

}  // namespace hubbub
