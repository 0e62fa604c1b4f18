// Result holds a value or a reason, never both, and asking for the wrong one is a bug that stops the program.
#include "codec/wire/result.h"

#include <memory>
#include <string>

#include <gtest/gtest.h>

#include "codec/wire/drop_reason.h"

namespace hubbub {
namespace {

using TextOr = Result<std::string, DropReason>;

TEST(Result, HoldsAValue) {
  TextOr result(std::string("here"));
  ASSERT_TRUE(result.ok());
  EXPECT_TRUE(static_cast<bool>(result));
  EXPECT_EQ(*result, "here");
  EXPECT_EQ(result->size(), 4U);
  result->push_back('!');
  *result += '!';
  EXPECT_EQ(result.value(), "here!!");
  const TextOr& constant = result;
  EXPECT_EQ(*constant, "here!!");
  EXPECT_EQ(constant->size(), 6U);
}

TEST(Result, HoldsAReason) {
  const TextOr result(DropReason::kNotUtf8);
  EXPECT_FALSE(result.ok());
  EXPECT_FALSE(static_cast<bool>(result));
  EXPECT_EQ(result.error(), DropReason::kNotUtf8);
}

TEST(Result, MovesWhatCannotBeCopied) {
  Result<std::unique_ptr<int>, DropReason> result(std::make_unique<int>(7));
  const std::unique_ptr<int> taken = std::move(*result);
  EXPECT_EQ(*taken, 7);
}

TEST(ResultDeathTest, TheWrongQuestionAborts) {
  const TextOr bad(DropReason::kOversize);
  const TextOr good(std::string("x"));
  EXPECT_DEATH(static_cast<void>(bad.value()), "bug: CHECK.*result\\.h");
  EXPECT_DEATH(static_cast<void>(bad->size()), "bug: CHECK");
  EXPECT_DEATH(static_cast<void>(good.error()), "bug: CHECK");
}

TEST(CheckDeathTest, SaysConditionAndPlace) {
  const int two = 2;
  CHECK(two == 2);
  EXPECT_DEATH(CHECK(two == 3), "hubbub: bug: CHECK\\(two == 3\\) failed at .*result_test\\.cpp:[0-9]+");
}

}  // namespace
}  // namespace hubbub
