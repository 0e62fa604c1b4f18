#include "codec/wire/text.h"

#include <algorithm>
#include <cstdlib>
#include <memory>

#include <utf8proc.h>

#include "codec/wire/byte_io.h"
#include "codec/wire/limits.h"

namespace hubbub {
namespace {

constexpr utf8proc_int32_t kIllFormed = -1;
constexpr std::string_view kReplacement = "\xEF\xBF\xBD";
// One character in NFC may have been typed as up to four, none of them larger.
constexpr std::size_t kMaxTypedNameBytes = 4 * kMaxNameBytes;
constexpr int kNfc = UTF8PROC_COMPOSE | UTF8PROC_STABLE;

// Takes the first code point off `text`; kIllFormed (and one byte) where there is none.
utf8proc_int32_t take_code_point(std::string_view& text) {
  utf8proc_int32_t code_point = kIllFormed;
  const auto* bytes = reinterpret_cast<const utf8proc_uint8_t*>(text.data());
  const utf8proc_ssize_t length =
      utf8proc_iterate(bytes, static_cast<utf8proc_ssize_t>(text.size()), &code_point);
  text.remove_prefix(length > 0 ? static_cast<std::size_t>(length) : 1);
  return length > 0 ? code_point : kIllFormed;
}

bool is_break(utf8proc_int32_t c) {
  return c == '\t' || c == '\n' || c == '\v' || c == '\f' || c == '\r' || c == 0x85 || c == 0x2028 ||
         c == 0x2029;
}

bool in(utf8proc_int32_t c, utf8proc_int32_t first, utf8proc_int32_t last) {
  return c >= first && c <= last;
}

// Characters that move, hide or reorder what others wrote.
bool is_unwanted(utf8proc_int32_t c) {
  const bool control = c < 0x20 || in(c, 0x7F, 0x9F);
  const bool bidi = c == 0x061C || in(c, 0x200E, 0x200F) || in(c, 0x202A, 0x202E) || in(c, 0x2066, 0x206F);
  const bool invisible =
      c == 0x200B || in(c, 0x2060, 0x2065) || c == 0xFEFF || in(c, 0xFFF9, 0xFFFB) || in(c, 0xE0000, 0xE007F);
  const bool noncharacter = in(c, 0xFDD0, 0xFDEF) || (c & 0xFFFE) == 0xFFFE;
  return control || bidi || invisible || noncharacter;
}

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(' ');
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(' ') - first + 1);
}

std::size_t count_characters(std::string_view text) {
  std::size_t count = 0;
  while (!text.empty()) {
    take_code_point(text);
    ++count;
  }
  return count;
}

struct Free {
  void operator()(utf8proc_uint8_t* text) const noexcept { std::free(text); }
};

// `nullopt` where the text is ill-formed.
std::optional<std::string> mapped(std::string_view text, int options) {
  utf8proc_uint8_t* out = nullptr;
  const utf8proc_ssize_t size =
      utf8proc_map(reinterpret_cast<const utf8proc_uint8_t*>(text.data()),
                   static_cast<utf8proc_ssize_t>(text.size()), &out, static_cast<utf8proc_option_t>(options));
  const std::unique_ptr<utf8proc_uint8_t, Free> owner(out);
  if (size < 0) return std::nullopt;
  return std::string(reinterpret_cast<const char*>(out), static_cast<std::size_t>(size));
}

}  // namespace

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    if (take_code_point(text) == kIllFormed) return false;
  }
  return true;
}

std::string printable(std::string_view bytes) {
  std::string clean;
  clean.reserve(bytes.size());
  while (!bytes.empty()) {
    const std::string_view before = bytes;
    const utf8proc_int32_t c = take_code_point(bytes);
    if (c == kIllFormed) {
      clean += kReplacement;
    } else if (is_break(c)) {
      clean += ' ';
    } else if (!is_unwanted(c)) {
      clean += before.substr(0, before.size() - bytes.size());
    }
  }
  return std::string(trimmed(clean));
}

Result<TextLine, DropReason> TextLine::parse(std::span<const std::byte> datagram) {
  const std::string_view raw = as_text(datagram);
  if (raw.size() > kMaxTextBytes) return DropReason::kTextTooLong;
  if (!is_utf8(raw)) return DropReason::kNotUtf8;
  TextLine line{.author = {}, .text = printable(raw)};
  if (columns_of(line.text) == 0) return DropReason::kEmptyText;

  const std::size_t close = line.text.find("> ");
  if (line.text.front() == '<' && close != std::string::npos) {
    if (const auto author = checked_name(std::string_view(line.text).substr(1, close - 1))) {
      const std::string_view said = trimmed(std::string_view(line.text).substr(close + 2));
      if (columns_of(said) > 0) return TextLine{.author = *author, .text = std::string(said)};
    }
  }
  return line;
}

std::string TextLine::serialize() const {
  const std::string line = author.empty() ? text : "<" + author + "> " + text;
  return line + "\n";
}

Result<TextLine, DropReason> checked_text(std::string_view author, std::string_view typed) {
  if (!is_utf8(typed)) return DropReason::kNotUtf8;
  TextLine line{.author = std::string(author), .text = printable(typed)};
  if (columns_of(line.text) == 0) return DropReason::kEmptyText;
  if (line.serialize().size() > kMaxTextBytes) return DropReason::kTextTooLong;
  return line;
}

std::vector<std::string> split_text(std::string_view text, std::size_t max_bytes) {
  std::vector<std::string> pieces;
  if (!is_utf8(text)) return {std::string(text)};
  while (text.size() > max_bytes) {
    std::size_t end = max_bytes;
    while ((static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;  // not within a code point
    const std::size_t space = text.rfind(' ', end);
    if (space != std::string_view::npos && space > max_bytes / 2) end = space;
    pieces.emplace_back(trimmed(text.substr(0, end)));
    text = trimmed(text.substr(end));
  }
  if (!text.empty() || pieces.empty()) pieces.emplace_back(text);
  return pieces;
}

std::optional<std::string> checked_name(std::string_view name) {
  if (name.empty() || name.size() > kMaxTypedNameBytes) return std::nullopt;
  auto composed = mapped(name, kNfc);
  if (!composed || composed->find_first_of("<>") != std::string::npos) return std::nullopt;
  if (printable(*composed) != *composed || count_characters(*composed) > kMaxNameCharacters ||
      columns_of(*composed) == 0)
    return std::nullopt;
  return composed;
}

std::string folded_name(std::string_view name) {
  // A Greek iota below is put in its place before it folds to one that stands alone (Unicode section 3.13,
  // canonical caseless matching).
  const auto composed = mapped(name, kNfc);
  if (!composed) return {};
  return mapped(*composed, kNfc | UTF8PROC_CASEFOLD).value_or("");
}

int columns_of(std::string_view text) {
  int columns = 0;
  while (!text.empty()) {
    const utf8proc_int32_t c = take_code_point(text);
    columns += c == kIllFormed ? 1 : utf8proc_charwidth(c);
  }
  return columns;
}

}  // namespace hubbub
