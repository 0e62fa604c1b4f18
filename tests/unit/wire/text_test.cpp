// Text of strangers: what is well-formed, what may be shown, who said it, and each limit at its edge.
#include "codec/wire/text.h"

#include <string>

#include <gtest/gtest.h>

#include "codec/wire/byte_io.h"
#include "codec/wire/limits.h"

namespace hubbub {
namespace {

std::string utf8(char32_t c) {
  const auto byte = [](char32_t value) { return static_cast<char>(static_cast<unsigned char>(value)); };
  if (c < 0x80) return {byte(c)};
  if (c < 0x800) return {byte(0xC0 | (c >> 6U)), byte(0x80 | (c & 0x3FU))};
  if (c < 0x10000)
    return {byte(0xE0 | (c >> 12U)), byte(0x80 | ((c >> 6U) & 0x3FU)), byte(0x80 | (c & 0x3FU))};
  return {byte(0xF0 | (c >> 18U)), byte(0x80 | ((c >> 12U) & 0x3FU)), byte(0x80 | ((c >> 6U) & 0x3FU)),
          byte(0x80 | (c & 0x3FU))};
}

Result<TextLine, DropReason> parse(const std::string& text) {
  return TextLine::parse(as_bytes(text));
}

DropReason refusal(const std::string& text) {
  const auto parsed = parse(text);
  EXPECT_FALSE(parsed.ok());
  return parsed.ok() ? DropReason::kCount : parsed.error();
}

TEST(IsUtf8, AcceptsTheFirstAndLastOfEachLength) {
  for (const char32_t c : {0x00, 0x7F, 0x80, 0x7FF, 0x800, 0xD7FF, 0xE000, 0xFFFF, 0x10000, 0x10FFFF}) {
    EXPECT_TRUE(is_utf8(utf8(c))) << static_cast<unsigned>(c);
  }
  EXPECT_TRUE(is_utf8(""));
}

TEST(IsUtf8, RefusesWhatIsIllFormed) {
  for (const std::string text : {
           "\x80",
           "\xBF",  // continuation without a start
           "\xC0\x80",
           "\xC0\xAF",
           "\xC1\xBF",  // overlong, two bytes
           "\xE0\x80\x80",
           "\xE0\x9F\xBF",  // overlong, three
           "\xF0\x80\x80\x80",
           "\xF0\x8F\xBF\xBF",  // overlong, four
           "\xED\xA0\x80",
           "\xED\xBF\xBF",  // surrogates
           "\xF4\x90\x80\x80",
           "\xF5\x80\x80\x80",  // beyond U+10FFFF
           "\xF8\x88\x80\x80\x80",
           "\xFE",
           "\xFF",  // never in UTF-8
           "\xC3",
           "\xE2\x82",
           "\xF0\x9F\x98",  // cut off
           "\xC3(",
           "\xE2(\xA1",
           "\xE2\x82(",
           "\xF0\x9F\x98(",  // interrupted
       }) {
    EXPECT_FALSE(is_utf8(text)) << testing::PrintToString(text);
    EXPECT_FALSE(is_utf8("a" + text + "b"));
  }
}

TEST(Printable, KeepsWhatPeopleWrite) {
  for (const std::string text :
       {"hello, world", "\xC3\xA4\xC3\xB6\xC3\xBC \xC3\x9F", "\xE4\xBD\xA0\xE5\xA5\xBD",
        "\xD7\xA9\xD7\x9C\xD7\x95\xD7\x9D",
        "\xF0\x9F\x91\xA9\xE2\x80\x8D\xF0\x9F\x9A\x80" /* a woman, a joiner, a rocket */, "e\xCC\x81",
        "\xD9\x85\xE2\x80\x8C\xDB\x8C" /* ZWNJ */, "<>&\"'\\`$(){}[]|;%"}) {
    EXPECT_EQ(printable(text), text);
  }
}

TEST(Printable, RemovesEveryControlCharacter) {
  for (char32_t c = 0; c < 0xA0; ++c) {
    if (c >= 0x20 && c < 0x7F) continue;
    const bool line_break = (c >= '\t' && c <= '\r') || c == 0x85;
    EXPECT_EQ(printable("a" + utf8(c) + "b"), line_break ? "a b" : "ab") << static_cast<unsigned>(c);
  }
  EXPECT_EQ(printable("\x1B[31mred\x1B[0m"), "[31mred[0m");
  EXPECT_EQ(printable("\xC2\x9B"
                      "31m"),
            "31m")
      << "the C1 form of CSI";
  EXPECT_EQ(printable("\xE2\x80\xA8x\xE2\x80\xA9y"), "x y");
}

TEST(Printable, RemovesWhatReordersOrHides) {
  for (const char32_t c :
       {0x061C,  0x200E, 0x200F, 0x202A, 0x202B, 0x202C,  0x202D,   0x202E,  0x2066,  0x2067,
        0x2068,  0x2069, 0x206A, 0x206F, 0xFEFF, 0xFFF9,  0xFFFB,   0xE0000, 0xE0001, 0xE0041,
        0xE007F, 0xFDD0, 0xFDEF, 0xFFFE, 0xFFFF, 0x1FFFE, 0x10FFFF, 0x200B,  0x2060,  0x2064}) {
    EXPECT_EQ(printable("a" + utf8(c) + "b"), "ab") << std::hex << static_cast<unsigned>(c);
  }
  // The neighbours of those ranges stay.
  for (const char32_t c :
       {0x200C, 0x200D, 0x2010, 0x202F, 0x2070, 0xFEFE, 0xFFFC, 0xFFFD, 0xE0080, 0xFDCF, 0xFDF0, 0x10FFFD}) {
    EXPECT_EQ(printable("a" + utf8(c) + "b"), "a" + utf8(c) + "b") << std::hex << static_cast<unsigned>(c);
  }
}

TEST(Printable, ReplacesWhatIsIllFormedAndGoesOn) {
  const std::string r = "\xEF\xBF\xBD";
  EXPECT_EQ(printable("a\xFF"
                      "b"),
            "a" + r + "b");
  EXPECT_EQ(printable("a\xC3"), "a" + r);
  EXPECT_EQ(printable("\xED\xA0\x80"), r + r + r) << "a surrogate is three bad bytes";
  EXPECT_EQ(printable("\xC0\x8A"), r + r) << "an overlong line feed is no line feed";
  EXPECT_EQ(printable("\x80\x1B"), r);
}

TEST(Printable, TrimsSpacesAtBothEnds) {
  EXPECT_EQ(printable("  a  b  "), "a  b");
  EXPECT_EQ(printable("\r\n\ta\r\n"), "a");
  EXPECT_EQ(printable(" \t\r\n"), "");
  EXPECT_EQ(printable(""), "");
}

TEST(TextLine, FindsTheAuthor) {
  struct Case {
    const char* line;
    const char* author;
    const char* text;
  };
  constexpr Case kCases[] = {
      {"<bob> hi\n", "bob", "hi"},
      {"<bob> hi", "bob", "hi"},
      {"hi\r\n", "", "hi"},
      {"  <bob>   hi  ", "bob", "hi"},
      {"<bob> <alice> hi", "bob", "<alice> hi"},  // nobody speaks for another
      {"<a b> hi", "a b", "hi"},
      {"<bob>hi", "", "<bob>hi"},
      {"<> hi", "", "<> hi"},
      {"<bob>", "", "<bob>"},
      {"<bob> ", "", "<bob>"},
      {"<<bob> hi", "", "<<bob> hi"},
      {"< bob> hi", "", "< bob> hi"},  // a name is not trimmed into being one
      {"<bob > hi", "", "<bob > hi"},
      {"x <bob> hi", "", "x <bob> hi"},
      {"<bo\x1B"
       "b> hi",
       "bob", "hi"},
      {"<a>b> hi", "", "<a>b> hi"},
      {"a > b", "", "a > b"},
  };
  for (const Case& c : kCases) {
    const auto parsed = parse(c.line);
    ASSERT_TRUE(parsed.ok()) << c.line;
    EXPECT_EQ(parsed->author, c.author) << c.line;
    EXPECT_EQ(parsed->text, c.text) << c.line;
  }
}

TEST(TextLine, AuthorsAtTheLimit) {
  const std::string name32(kMaxNameCharacters, 'n');
  EXPECT_EQ(parse("<" + name32 + "> x")->author, name32);
  EXPECT_EQ(parse("<" + name32 + "n> x")->author, "");
  std::string wide;
  for (std::size_t i = 0; i < kMaxNameCharacters; ++i) wide += utf8(0x1F600);
  EXPECT_EQ(parse("<" + wide + "> x")->author, wide) << "characters count, not bytes";
}

TEST(TextLine, LimitsAtTheirEdges) {
  EXPECT_TRUE(parse(std::string(kMaxTextBytes, 'x')).ok());
  EXPECT_EQ(refusal(std::string(kMaxTextBytes + 1, 'x')), DropReason::kTextTooLong);
  EXPECT_EQ(refusal(std::string(kMaxTextBytes + 1, '\xFF')), DropReason::kTextTooLong)
      << "length is looked at first";
  EXPECT_EQ(refusal(""), DropReason::kEmptyText);
  EXPECT_EQ(refusal("\n"), DropReason::kEmptyText);
  EXPECT_EQ(refusal("\x1B\x07"), DropReason::kEmptyText);
  EXPECT_EQ(refusal(utf8(0x202E)), DropReason::kEmptyText);
  EXPECT_EQ(refusal(utf8(0x200B)), DropReason::kEmptyText) << "a space of no width";
  EXPECT_EQ(refusal(utf8(0x200D) + utf8(0x200C)), DropReason::kEmptyText) << "joiners with nothing to join";
  EXPECT_EQ(refusal("hi\xFF"), DropReason::kNotUtf8);
  EXPECT_EQ(refusal("\xC0\x80"), DropReason::kNotUtf8);
}

TEST(CheckedText, LimitsAtTheirEdges) {
  // "<bob> " and the line's end take seven bytes.
  EXPECT_TRUE(checked_text("bob", std::string(kMaxTextBytes - 7, 'x')).ok());
  const auto too_long = checked_text("bob", std::string(kMaxTextBytes - 6, 'x'));
  ASSERT_FALSE(too_long.ok());
  EXPECT_EQ(too_long.error(), DropReason::kTextTooLong);
  EXPECT_TRUE(checked_text("", std::string(kMaxTextBytes - 1, 'x')).ok());
  EXPECT_FALSE(checked_text("", std::string(kMaxTextBytes, 'x')).ok());
  EXPECT_EQ(checked_text("bob", " \t ").error(), DropReason::kEmptyText);
  EXPECT_EQ(checked_text("bob", utf8(0x200D)).error(), DropReason::kEmptyText);
  EXPECT_EQ(checked_text("bob", "\xFF").error(), DropReason::kNotUtf8);
}

TEST(CheckedText, WhatIsSentIsReadBack) {
  for (const std::string typed :
       {"hi", " a  b ", "<alice> no, it was me", "tab\there", "\xE4\xBD\xA0\xE5\xA5\xBD", "> quoted"}) {
    const auto line = checked_text("bob", typed);
    ASSERT_TRUE(line.ok());
    EXPECT_EQ(line->serialize().back(), '\n');
    const auto parsed = parse(line->serialize());
    ASSERT_TRUE(parsed.ok());
    EXPECT_EQ(parsed->author, "bob");
    EXPECT_EQ(parsed->text, line->text);
  }
  EXPECT_EQ(checked_text("", "hi")->serialize(), "hi\n");
}

TEST(CheckedName, LimitsAtTheirEdges) {
  EXPECT_EQ(checked_name("a"), "a");
  EXPECT_EQ(checked_name("Ada Lovelace"), "Ada Lovelace");
  EXPECT_TRUE(checked_name(std::string(kMaxNameCharacters, 'n')).has_value());
  EXPECT_FALSE(checked_name(std::string(kMaxNameCharacters + 1, 'n')).has_value());
  std::string wide;
  for (std::size_t i = 0; i < kMaxNameCharacters; ++i) wide += utf8(0x1F600);
  ASSERT_EQ(wide.size(), kMaxNameBytes);
  EXPECT_TRUE(checked_name(wide).has_value());
  EXPECT_FALSE(checked_name(wide + "x").has_value());
}

TEST(CheckedName, RefusesWhatIsNone) {
  for (const std::string& name :
       {std::string(), std::string(" "), std::string(" a"), std::string("a "), std::string("a\nb"),
        std::string("a\tb"), std::string("a<b"), std::string("a>b"), std::string("a\x1B"),
        std::string("\xFF"), std::string("a\0b", 3), "a" + utf8(0x202E) + "b", "a" + utf8(0x85),
        utf8(0xFEFF) + "a", utf8(0x200B), utf8(0x200D), utf8(0x200C) + utf8(0x200D)}) {
    EXPECT_FALSE(checked_name(name).has_value()) << testing::PrintToString(name);
  }
}

TEST(CheckedName, HasOneSpelling) {
  EXPECT_EQ(checked_name("Zoe\xCC\x88"), "Zo\xC3\xAB") << "a combining diaeresis";
  EXPECT_EQ(checked_name("Zo\xC3\xAB"), "Zo\xC3\xAB");
  EXPECT_EQ(checked_name(utf8(0x1112) + utf8(0x1161) + utf8(0x11AB)), utf8(0xD55C)) << "Hangul jamo";
  EXPECT_EQ(checked_name(utf8(0x212A)), "K") << "the Kelvin sign";
  const std::string marks = utf8(0x0323) + utf8(0x0307);
  EXPECT_EQ(checked_name("q" + marks), checked_name("q" + utf8(0x0307) + utf8(0x0323)))
      << "marks in any order";
}

TEST(CheckedName, IsCountedAsItIsReturned) {
  std::string typed;
  std::string composed;
  for (std::size_t i = 0; i < kMaxNameCharacters; ++i) {
    typed += utf8(0x1112) + utf8(0x1161) + utf8(0x11AB);
    composed += utf8(0xD55C);
  }
  ASSERT_GT(typed.size(), kMaxNameBytes);
  EXPECT_EQ(checked_name(typed), composed);
  EXPECT_FALSE(checked_name(typed + utf8(0x1112)));
  std::string four;  // alpha with three marks
  for (std::size_t i = 0; i < kMaxNameCharacters; ++i)
    four += utf8(0x3B1) + utf8(0x313) + utf8(0x300) + utf8(0x345);
  EXPECT_TRUE(checked_name(four));
  // Musical notes grow: their composed form is none.
  std::string notes;
  for (std::size_t i = 0; i < kMaxNameCharacters; ++i) notes += utf8(0x1D160);
  EXPECT_FALSE(checked_name(notes));
  EXPECT_FALSE(checked_name(std::string(4 * kMaxNameBytes + 1, 'x')));
}

TEST(FoldedName, TellsNamesApartByMoreThanCase) {
  struct Case {
    std::string name;
    std::string folded;
  };
  const Case cases[] = {
      {"Ada Lovelace", "ada lovelace"},
      {"ZOE\xCC\x88", "zo\xC3\xAB"},
      {"Zo\xC3\xAB", "zo\xC3\xAB"},
      {"Stra\xC3\x9F"
       "e",
       "strasse"},
      {"STRASSE", "strasse"},
      {utf8(0x1E9E), "ss"},
      {"I", "i"},
      {utf8(0x131), utf8(0x131)},              // a dotless i stays one, wherever this runs
      {utf8(0x130), "i" + utf8(0x307)},        // a dotted capital I
      {"I" + utf8(0x307), "i" + utf8(0x307)},  // the same, typed as two
      {utf8(0x3A3) + utf8(0x3C3) + utf8(0x3C2), utf8(0x3C3) + utf8(0x3C3) + utf8(0x3C3)},
      {utf8(0x4F60) + utf8(0x597D), utf8(0x4F60) + utf8(0x597D)},
      {utf8(0x1F469) + utf8(0x200D) + utf8(0x1F680), utf8(0x1F469) + utf8(0x200D) + utf8(0x1F680)},
      {utf8(0x1112) + utf8(0x1161) + utf8(0x11AB), utf8(0xD55C)},
      {utf8(0xD55C), utf8(0xD55C)},
      {utf8(0x13A0), utf8(0x13A0)},  // Cherokee folds to its capitals
      {utf8(0xAB70), utf8(0x13A0)},
      {"", ""},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(folded_name(c.name), c.folded) << c.name;
    EXPECT_EQ(folded_name(c.folded), c.folded) << c.name;
  }
}

TEST(FoldedName, IsEmptyForWhatIsIllFormed) {
  for (const std::string& name : {std::string("\xFF"), std::string("a\xC3"), std::string("\xC0\x80"),
                                  std::string("\xED\xA0\x80"), std::string("ab\x80")}) {
    EXPECT_EQ(folded_name(name), "") << testing::PrintToString(name);
    EXPECT_FALSE(checked_name(name));
  }
}

// Every character, alone and with two marks in either order.
TEST(FoldedName, FoldingAgainChangesNothingAndSpellingDoesNotMatter) {
  for (char32_t c = 1; c < 0x20000; ++c) {
    if (c >= 0xD800 && c < 0xE000) continue;
    const std::string folded = folded_name(utf8(c));
    ASSERT_EQ(folded_name(folded), folded) << std::hex << static_cast<unsigned>(c);
    const std::string marked = folded_name(utf8(c) + utf8(0x345) + utf8(0x301));
    ASSERT_EQ(folded_name(marked), marked) << std::hex << static_cast<unsigned>(c);
    ASSERT_EQ(folded_name(utf8(c) + utf8(0x301) + utf8(0x345)), marked)
        << std::hex << static_cast<unsigned>(c);
  }
}

TEST(ColumnsOf, CountsWhatATerminalShows) {
  EXPECT_EQ(columns_of(""), 0);
  EXPECT_EQ(columns_of("abc"), 3);
  EXPECT_EQ(columns_of("\xC3\xA4"), 1);
  EXPECT_EQ(columns_of("\xE4\xBD\xA0\xE5\xA5\xBD"), 4) << "East Asian wide";
  EXPECT_EQ(columns_of("e\xCC\x81"), 1) << "a combining accent takes none";
  EXPECT_EQ(columns_of("\xFF"), 1);
}

}  // namespace
}  // namespace hubbub
