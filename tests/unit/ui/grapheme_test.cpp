#include "voiceclient/ui/grapheme.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace hubbub {
namespace {

struct Case {
  const char* what;
  std::string text;
  std::size_t clusters;
  int columns;
};

const std::vector<Case>& grapheme_cases() {
  static const std::vector<Case> cases{
      {"nothing", "", 0, 0},
      {"plain", "abc", 3, 3},
      {"precomposed", "\u00E9", 1, 1},
      {"combining accent", "e\u0301", 1, 1},
      {"three accents", "e\u0301\u0302\u0303", 1, 1},
      {"an accent alone", "\u0301", 1, 0},
      {"wide", "\u6F22\u5B57", 2, 4},
      {"wide, voiced by a mark", "\u304B\u3099", 1, 2},
      {"fullwidth letter", "\uFF21", 1, 2},
      {"halfwidth kana", "\uFF76", 1, 1},
      {"hangul syllable", "\uD55C", 1, 2},
      {"hangul of three letters", "\u1112\u1161\u11AB", 1, 2},
      {"emoji", "\U0001F600", 1, 2},
      {"emoji with a skin tone", "\U0001F44D\U0001F3FD", 1, 2},
      {"family", "\U0001F468\u200D\U0001F469\u200D\U0001F467", 1, 2},
      {"narrow heart", "\u2764", 1, 1},
      {"heart shown as emoji", "\u2764\uFE0F", 1, 2},
      {"heart on fire", "\u2764\uFE0F\u200D\U0001F525", 1, 2},
      {"keycap", "1\uFE0F\u20E3", 1, 2},
      {"a letter gets no wider", "a\uFE0F", 1, 1},
      {"flag", "\U0001F1E9\U0001F1EA", 1, 2},
      {"two flags", "\U0001F1E9\U0001F1EA\U0001F1EB\U0001F1F7", 2, 4},
      {"half a flag", "\U0001F1E9", 1, 1},
      {"an emoji newer than the library", "\U0001FAE9", 1, 2},
      {"devanagari with a spacing vowel", "\u0915\u093E", 1, 2},
      {"thai with a mark above", "\u0E19\u0E49", 1, 1},
      {"zero width space", "a\u200Bb", 3, 2},
      {"no UTF-8", "a\xFF\xC3", 3, 3},
  };
  return cases;
}

TEST(Grapheme, IsWhatAPersonTakesForOneCharacter) {
  for (const Case& c : grapheme_cases()) {
    std::string_view rest = c.text;
    std::string joined;
    std::size_t clusters = 0;
    while (!rest.empty()) {
      joined += take_grapheme(rest).bytes;
      ++clusters;
    }
    EXPECT_EQ(clusters, c.clusters) << c.what;
    EXPECT_EQ(joined, c.text) << c.what;
    EXPECT_EQ(display_columns(c.text), c.columns) << c.what;
  }
}

TEST(Grapheme, BoundariesStepThroughTheTextBothWays) {
  const std::string text = "a\u00E9e\u0301\U0001F468\u200D\U0001F469z";
  const std::vector<std::size_t> boundaries{0, 1, 3, 6, 17, 18};
  ASSERT_EQ(text.size(), boundaries.back());
  for (std::size_t i = 0; i + 1 < boundaries.size(); ++i) {
    EXPECT_EQ(next_grapheme(text, boundaries[i]), boundaries[i + 1]);
    EXPECT_EQ(previous_grapheme(text, boundaries[i + 1]), boundaries[i]);
    EXPECT_EQ(grapheme_boundary(text, boundaries[i]), boundaries[i]);
    EXPECT_EQ(grapheme_boundary(text, boundaries[i] + 1), boundaries[i + 1]);
  }
  EXPECT_EQ(previous_grapheme(text, 0), 0U);
  EXPECT_EQ(next_grapheme(text, text.size()), text.size());
}

}  // namespace
}  // namespace hubbub
