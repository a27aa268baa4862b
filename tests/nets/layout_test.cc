#include "oddshot/nets/layout.h"

#include <limits>

#include <gtest/gtest.h>

#include "oddshot/base/error.h"
#include "oddshot/nets/encoder_spec.h"

namespace oddshot {
namespace {

TEST(Layout, StartsEachTensorOnACacheLine) {
  Layout layout;
  layout.add("a", {3, 5});
  layout.add("b", {17});
  layout.add("c", {});
  EXPECT_EQ(layout[0].offset, 0U);
  EXPECT_EQ(layout[1].offset, 16U);
  EXPECT_EQ(layout[2].offset, 48U);
  EXPECT_EQ(layout[2].size(), 1U);
  EXPECT_EQ(layout.size(), 64U);
}

TEST(Layout, FindsTensorsByName) {
  Layout layout;
  layout.add("a", {1});
  EXPECT_EQ(layout.add("b", {1}), 1U);
  EXPECT_EQ(layout.find("b"), 1U);
  EXPECT_EQ(layout.find("d"), std::nullopt);
}

TEST(Layout, RefusesANameTwiceAndSizesThatOverflow) {
  Layout layout;
  layout.add("a", {1});
  EXPECT_THROW(layout.add("a", {1}), ArgumentError);
  EXPECT_THROW(layout.add("b", {std::numeric_limits<std::size_t>::max() / 2, 3}), ArgumentError);
}

TEST(EncoderSpec, RefusesWhatCannotBe) {
  const auto refused = [](const EncoderSpec& spec) { EXPECT_THROW(spec.validate(), ArgumentError); };
  refused({.inputs = 0});
  refused({.inputs = 3, .hidden = {0}});
  refused({.inputs = 3, .hidden = {65537}});
  refused({.inputs = 3, .hidden = std::vector<std::size_t>(17, 4)});
  refused({.inputs = 3, .hidden = {4}, .outputs = 0});
  EXPECT_NO_THROW((EncoderSpec{.inputs = 3, .hidden = {}}.validate()));
}

TEST(Activation, HasANameEachWay) {
  for (const Activation one : {Activation::kRelu, Activation::kTanh, Activation::kGelu}) {
    EXPECT_EQ(parse_activation(to_string(one)), one);
  }
  EXPECT_THROW(parse_activation("sigmoid"), ArgumentError);
}

}  // namespace
}  // namespace oddshot
