#include "voiceclient/ui/grapheme.h"

#include <algorithm>

#include <utf8proc.h>

#include "codec/wire/check.h"

namespace hubbub {
namespace {

constexpr utf8proc_int32_t kReplacementCharacter = 0xFFFD;
constexpr utf8proc_int32_t kEmojiPresentation = 0xFE0F;  // variation selector 16
constexpr int kMaxGraphemeColumns = 2;

struct CodePoint {
  utf8proc_int32_t value;
  std::size_t bytes;
};

CodePoint first_code_point(std::string_view text) {
  utf8proc_int32_t value = 0;
  const auto* bytes = reinterpret_cast<const utf8proc_uint8_t*>(text.data());
  const utf8proc_ssize_t length = utf8proc_iterate(bytes, static_cast<utf8proc_ssize_t>(text.size()), &value);
  if (length <= 0) return {.value = kReplacementCharacter, .bytes = 1};
  return {.value = value, .bytes = static_cast<std::size_t>(length)};
}

int code_point_columns(utf8proc_int32_t c) {
  const utf8proc_category_t category = utf8proc_category(c);
  // An emoji that is newer than the library: today's terminals know it as wide.
  if (category == UTF8PROC_CATEGORY_CN && c >= 0x1F300 && c <= 0x1FAFF) return 2;
  // Spacing marks (Devanagari vowels, say) take a column of their own in most terminals.
  if (category == UTF8PROC_CATEGORY_MC) return 1;
  return utf8proc_charwidth(c);
}

// The variation selector widens what has two presentations: a pictograph or the base of a keycap, not a plain
// letter.
bool has_emoji_presentation(utf8proc_int32_t base) {
  const auto break_class = utf8proc_get_property(base)->boundclass;
  return break_class == UTF8PROC_BOUNDCLASS_EXTENDED_PICTOGRAPHIC || (base >= '0' && base <= '9') ||
         base == '#' || base == '*';
}

}  // namespace

Grapheme take_grapheme(std::string_view& text) {
  CHECK(!text.empty());
  const CodePoint base = first_code_point(text);
  std::size_t size = base.bytes;
  int columns = code_point_columns(base.value);
  utf8proc_int32_t previous = base.value;
  utf8proc_int32_t state = 0;
  while (size < text.size()) {
    const CodePoint next = first_code_point(text.substr(size));
    if (utf8proc_grapheme_break_stateful(previous, next.value, &state)) break;
    // The sum, capped, is right for flags (1 + 1), families (2 + 2 + ...), syllables of Hangul letters and
    // plain marks alike.
    columns += code_point_columns(next.value);
    if (next.value == kEmojiPresentation && has_emoji_presentation(base.value)) columns = kMaxGraphemeColumns;
    previous = next.value;
    size += next.bytes;
  }
  const Grapheme grapheme{.bytes = text.substr(0, size), .columns = std::min(columns, kMaxGraphemeColumns)};
  text.remove_prefix(size);
  return grapheme;
}

int display_columns(std::string_view text) {
  int columns = 0;
  while (!text.empty()) columns += take_grapheme(text).columns;
  return columns;
}

std::size_t grapheme_boundary(std::string_view text, std::size_t at) {
  std::string_view rest = text;
  while (!rest.empty() && text.size() - rest.size() < at) take_grapheme(rest);
  return text.size() - rest.size();
}

std::size_t next_grapheme(std::string_view text, std::size_t at) {
  return grapheme_boundary(text, at + 1);
}

std::size_t previous_grapheme(std::string_view text, std::size_t at) {
  std::size_t boundary = 0;
  std::string_view rest = text;
  while (!rest.empty()) {
    take_grapheme(rest);
    if (text.size() - rest.size() >= at) break;
    boundary = text.size() - rest.size();
  }
  return boundary;
}

}  // namespace hubbub
