#include "voiceclient/ui/key_decoder.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>

#include "codec/wire/text.h"

namespace hubbub {
namespace {

// Longer than every key sequence we know; the rest of a longer one is still consumed.
constexpr std::size_t kMaxSequenceBytes = 16;
constexpr char kEscapeByte = '\x1B';
constexpr char kDeleteByte = '\x7F';

constexpr char ctrl(char letter) {
  return static_cast<char>(letter & 0x1F);
}

struct ByteKey {
  char byte;
  Key key;
};

constexpr std::array kControlKeys{
    ByteKey{ctrl('A'), Key::kHome},        ByteKey{ctrl('B'), Key::kLeft},
    ByteKey{ctrl('C'), Key::kInterrupt},   ByteKey{ctrl('D'), Key::kDeleteOrEnd},
    ByteKey{ctrl('E'), Key::kEnd},         ByteKey{ctrl('F'), Key::kRight},
    ByteKey{ctrl('H'), Key::kBackspace},   ByteKey{ctrl('I'), Key::kTab},
    ByteKey{ctrl('J'), Key::kEnter},       ByteKey{ctrl('K'), Key::kKillToEnd},
    ByteKey{ctrl('L'), Key::kRedraw},      ByteKey{ctrl('M'), Key::kEnter},
    ByteKey{ctrl('N'), Key::kNewer},       ByteKey{ctrl('P'), Key::kOlder},
    ByteKey{ctrl('U'), Key::kKillToStart}, ByteKey{ctrl('W'), Key::kKillWord},
    ByteKey{ctrl('Y'), Key::kYank},        ByteKey{kDeleteByte, Key::kBackspace},
};

constexpr std::array kEscapeKeys{
    ByteKey{'b', Key::kWordLeft},
    ByteKey{'f', Key::kWordRight},
    ByteKey{kDeleteByte, Key::kKillWord},
};

struct SequenceKey {
  std::string_view bytes;
  Key key;
};

// What follows ESC [ or, as "O" and one byte, ESC O: xterm's keys and, where they differ, those of rxvt and
// the Linux console.
constexpr std::array kSequenceKeys{
    SequenceKey{"A", Key::kOlder},         SequenceKey{"OA", Key::kOlder},
    SequenceKey{"B", Key::kNewer},         SequenceKey{"OB", Key::kNewer},
    SequenceKey{"C", Key::kRight},         SequenceKey{"OC", Key::kRight},
    SequenceKey{"D", Key::kLeft},          SequenceKey{"OD", Key::kLeft},
    SequenceKey{"H", Key::kHome},          SequenceKey{"OH", Key::kHome},
    SequenceKey{"F", Key::kEnd},           SequenceKey{"OF", Key::kEnd},
    SequenceKey{"1~", Key::kHome},         SequenceKey{"7~", Key::kHome},
    SequenceKey{"4~", Key::kEnd},          SequenceKey{"8~", Key::kEnd},
    SequenceKey{"3~", Key::kDelete},       SequenceKey{"OM", Key::kEnter},
    SequenceKey{"1;5C", Key::kWordRight},  SequenceKey{"1;5D", Key::kWordLeft},
    SequenceKey{"1;3C", Key::kWordRight},  SequenceKey{"1;3D", Key::kWordLeft},
    SequenceKey{"5C", Key::kWordRight},    SequenceKey{"5D", Key::kWordLeft},
    SequenceKey{"Oc", Key::kWordRight},    SequenceKey{"Od", Key::kWordLeft},
    SequenceKey{"200~", Key::kPasteBegin}, SequenceKey{"201~", Key::kPasteEnd},
};

// Appends the key that `table` has for `bytes`, if any.
template <class Table, class Bytes>
void press(const Table& table, const Bytes& bytes, Bytes Table::value_type::*member,
           std::vector<KeyPress>& keys) {
  const auto found =
      std::find_if(table.begin(), table.end(), [&](const auto& row) { return row.*member == bytes; });
  if (found != table.end()) keys.push_back({.key = found->key, .character = {}});
}

bool is_in(char byte, unsigned char first, unsigned char last) {
  const auto value = static_cast<unsigned char>(byte);
  return value >= first && value <= last;
}

bool is_control(char byte) {
  return is_in(byte, 0x00, 0x1F) || byte == kDeleteByte;
}
bool is_final(char byte) {
  return is_in(byte, 0x40, 0x7E);
}  // of ESC [ (ECMA-48 section 5.4)

// The bytes that a UTF-8 character takes by its first one; 0 when none begins so.
std::size_t character_bytes(char first) {
  if (is_in(first, 0x00, 0x7F)) return 1;
  if (is_in(first, 0xC2, 0xDF)) return 2;
  if (is_in(first, 0xE0, 0xEF)) return 3;
  if (is_in(first, 0xF0, 0xF4)) return 4;
  return 0;
}

bool may_be_typed(std::string_view character) {
  return is_utf8(character) && (character == " " || !printable(character).empty());
}

}  // namespace

std::vector<KeyPress> KeyDecoder::feed(std::string_view bytes) {
  for (const char byte : bytes) take(byte);
  return std::exchange(keys_, {});
}

void KeyDecoder::take(char byte) {
  // A control character ends whatever was begun: a key that never came to its end must not swallow Enter or
  // Ctrl-C.
  if (is_control(byte)) return take_control(byte);
  after_return_ = false;
  switch (state_) {
    case State::kGround:
      return take_text(byte);
    case State::kEscape:
      return take_escaped(byte);
    case State::kEscapeMore:
      if (is_in(byte, 0x30, 0x7E)) state_ = State::kGround;
      return;
    case State::kControl:
      return take_sequence(byte);
    case State::kSingleShift: {
      state_ = State::kGround;
      const std::string sequence{'O', byte};
      return press(kSequenceKeys, std::string_view(sequence), &SequenceKey::bytes, keys_);
    }
    case State::kConsoleKey:
      state_ = State::kGround;
      return;
    case State::kControlString:
      return;
  }
}

void KeyDecoder::take_control(char byte) {
  const State ended = std::exchange(state_, State::kGround);
  character_.clear();
  const bool same_enter = byte == '\n' && after_return_;
  after_return_ = byte == '\r';
  if (byte == kEscapeByte) {
    state_ = State::kEscape;
  } else if (byte == kDeleteByte && ended == State::kEscape) {
    press(kEscapeKeys, byte, &ByteKey::byte, keys_);
  } else if (!same_enter) {
    press(kControlKeys, byte, &ByteKey::byte, keys_);
  }
}

void KeyDecoder::take_escaped(char byte) {
  state_ = State::kGround;
  if (byte == '[') {
    sequence_.clear();
    state_ = State::kControl;
  } else if (byte == 'O') {
    state_ = State::kSingleShift;
  } else if (byte == ']' || byte == 'P' || byte == 'X' || byte == '^' || byte == '_') {
    state_ = State::kControlString;
  } else if (is_in(byte, 0x20, 0x2F)) {
    state_ = State::kEscapeMore;
  } else if (is_in(byte, 0x80, 0xFF)) {
    take_text(byte);  // the Escape key, and then a letter
  } else {
    press(kEscapeKeys, byte, &ByteKey::byte, keys_);
  }
}

void KeyDecoder::take_sequence(char byte) {
  if (is_in(byte, 0x80, 0xFF)) {
    state_ = State::kGround;
    return take_text(byte);
  }
  if (byte == '[' && sequence_.empty()) {
    state_ = State::kConsoleKey;
    return;
  }
  if (sequence_.size() < kMaxSequenceBytes) sequence_ += byte;
  if (!is_final(byte)) return;
  state_ = State::kGround;
  press(kSequenceKeys, std::string_view(sequence_), &SequenceKey::bytes, keys_);
}

void KeyDecoder::take_text(char byte) {
  const bool continues = is_in(byte, 0x80, 0xBF);
  if (!continues) character_.clear();
  if (continues && character_.empty()) return;
  character_ += byte;
  const std::size_t expected = character_bytes(character_.front());
  if (character_.size() < expected) return;
  std::string character = std::exchange(character_, {});
  if (may_be_typed(character)) keys_.push_back({.key = Key::kCharacter, .character = std::move(character)});
}

}  // namespace hubbub
