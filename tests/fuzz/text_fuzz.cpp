// Text: whatever arrives, what a terminal is shown is well-formed UTF-8 without a control character, cleaning
// it again changes nothing, and what one client makes of it another one reads back the same.
#include <cstddef>
#include <cstdint>
#include <string>

#include "codec/wire/byte_io.h"
#include "codec/wire/check.h"
#include "codec/wire/limits.h"
#include "codec/wire/text.h"

namespace {

using namespace hubbub;

// By hand, so that the parser is not its own judge: U+0000-U+001F, U+007F-U+009F, U+2028-U+202E,
// U+2066-U+2069.
bool has_control(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto at = [&](std::size_t k) { return k < text.size() ? static_cast<unsigned char>(text[k]) : 0U; };
    if (at(i) < 0x20 || at(i) == 0x7F) return true;
    if (at(i) == 0xC2 && at(i + 1) >= 0x80 && at(i + 1) <= 0x9F) return true;
    if (at(i) == 0xE2 && at(i + 1) == 0x80 && at(i + 2) >= 0xA8 && at(i + 2) <= 0xAE) return true;
    if (at(i) == 0xE2 && at(i + 1) == 0x81 && at(i + 2) >= 0xA6 && at(i + 2) <= 0xA9) return true;
  }
  return false;
}

void check_shown(std::string_view text) {
  CHECK(is_utf8(text));
  CHECK(!has_control(text));
  CHECK(printable(text) == text);
  CHECK(columns_of(text) >= 0);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto datagram = std::as_bytes(std::span(data, size));
  const std::string_view raw = as_text(datagram);
  check_shown(printable(raw));

  const auto parsed = TextLine::parse(datagram);
  if (!parsed) {
    CHECK(parsed.error() == DropReason::kNotUtf8 || parsed.error() == DropReason::kTextTooLong ||
          parsed.error() == DropReason::kEmptyText);
  } else {
    CHECK(size <= kMaxTextBytes && is_utf8(raw));
    CHECK(!parsed->text.empty());
    check_shown(parsed->text);
    check_shown(parsed->author);
    CHECK(parsed->author.empty() || checked_name(parsed->author) == parsed->author);
  }

  const auto name = checked_name(raw.substr(0, raw.find('\n')));
  if (name) {
    check_shown(*name);
    CHECK(!name->empty() && name->size() <= kMaxNameBytes);
    CHECK(checked_name(*name) == *name);
    const std::string folded = folded_name(*name);
    CHECK(!folded.empty() && folded_name(folded) == folded);
  }
  const std::string author = name.value_or("author");
  const std::size_t line_end = raw.find('\n');
  const auto typed =
      checked_text(author, line_end == std::string_view::npos ? raw : raw.substr(line_end + 1));
  if (typed) {
    const std::string line = typed->serialize();
    CHECK(line.size() <= kMaxTextBytes);
    const auto heard = TextLine::parse(as_bytes(line));
    CHECK(heard.ok());
    CHECK(heard->author == author);
    CHECK(heard->text == typed->text);
  }
  return 0;
}
