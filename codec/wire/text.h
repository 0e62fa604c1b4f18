// Text as people write it to each other: validation on the way in, cleaning before a terminal sees it.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "codec/wire/drop_reason.h"
#include "codec/wire/result.h"

namespace hubbub {

[[nodiscard]] bool is_utf8(std::string_view text);

// What may be shown: tab, line breaks and separators become a space; every other control character (C0, DEL,
// C1), bidirectional control, tag character, byte order mark, zero-width space and noncharacter goes. Joiners
// stay, since emoji and scripts need them. What is not well-formed UTF-8 becomes U+FFFD. Spaces at both ends
// are trimmed.
[[nodiscard]] std::string printable(std::string_view bytes);

// One line of an open room's text, cleaned.
struct TextLine {
  std::string author;  // empty where the line carries none
  std::string text;

  // An author is given as "<name> text", the way chat logs write it; anything else is a line without an
  // author.
  static Result<TextLine, DropReason> parse(std::span<const std::byte> datagram);
  // The datagram's bytes. `text` has been checked by `checked_text`, `author` by `checked_name`.
  [[nodiscard]] std::string serialize() const;
};

// What a person typed, made sendable: cleaned; an error where it is no UTF-8, empty, or longer than
// kMaxTextBytes together with its author.
Result<TextLine, DropReason> checked_text(std::string_view author, std::string_view typed);

// Text in pieces of at most so many bytes each (at least 4), between words where that is possible, and never
// within a character. Ill-formed UTF-8 comes back in one piece, whose length says nothing.
[[nodiscard]] std::vector<std::string> split_text(std::string_view text, std::size_t max_bytes);

// A name, in NFC (UAX #15), so that however its letters were typed it has one spelling: there, 1 to 32
// characters, none of them a control character, '<' or '>', and something to see. `nullopt` when it is not
// one.
std::optional<std::string> checked_name(std::string_view name);

// What names are told apart by: full case folding (Unicode section 3.13) and then NFC. Folding it again
// changes nothing. No language's own rules: a dotted capital I is an i and a dot. Empty when it is not
// well-formed.
[[nodiscard]] std::string folded_name(std::string_view name);

// The number of columns a terminal gives this printable text (East Asian wide characters count two, combining
// ones none).
[[nodiscard]] int columns_of(std::string_view text);

}  // namespace hubbub
