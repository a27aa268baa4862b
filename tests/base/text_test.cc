#include "oddshot/base/text.h"

#include <array>

#include <gtest/gtest.h>

namespace oddshot {
namespace {

constexpr std::array<std::string_view, 4> kNames{"maml", "proto", "isolation-forest", "knn"};

TEST(Nearest, FindsTheNameThatWasMeant) {
  EXPECT_EQ(nearest("mamml", kNames), "maml");
  EXPECT_EQ(nearest("prto", kNames), "proto");
  EXPECT_EQ(nearest("MAML", kNames), "maml");
  EXPECT_EQ(nearest("isolation_forrest", kNames), "isolation-forest");
  EXPECT_EQ(nearest("kn", kNames), "knn");
}

TEST(Nearest, CountsASwapOfNeighboursAsOneEdit) {
  EXPECT_EQ(nearest("mlam", std::array<std::string_view, 1>{"maml"}), std::nullopt);  // two swaps for a word of four
  EXPECT_EQ(nearest("malm", kNames), "maml");
}

TEST(Nearest, IsNoneWhereNothingIsNear) {
  EXPECT_EQ(nearest("transformer", kNames), std::nullopt);
  EXPECT_EQ(nearest("", kNames), std::nullopt);
  EXPECT_EQ(nearest("maml", std::span<const std::string_view>{}), std::nullopt);
}

TEST(Nearest, OfASingleLetterIsTheSameInTheOtherCase) {
  EXPECT_EQ(nearest("a", std::array<std::string_view, 2>{"b", "A"}), "A");
  EXPECT_EQ(nearest("a", std::array<std::string_view, 2>{"b", "ab"}), std::nullopt);
}

TEST(Nearest, TakesTheNearestAndOfEqualsTheFirst) {
  const std::array<std::string, 4> names{"steps", "step", "stop", "stem"};
  EXPECT_EQ(nearest("step", names), "step");
  EXPECT_EQ(nearest("stew", names), "step");
}

}  // namespace
}  // namespace oddshot
