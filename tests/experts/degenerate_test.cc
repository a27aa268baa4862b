// Supports at the edge, as a table: whatever the rows, scores are finite, and an odd row never ranks below a row that was fitted on.
#include <cmath>
#include <string>

#include <gtest/gtest.h>

#include "edge_cases.h"

namespace oddshot {
namespace {

using edge::Case;

class Degenerate : public testing::TestWithParam<Case> {};

TEST_P(Degenerate, EveryExpertGivesFiniteScoresInTheRightOrder) {
  const Case& at = GetParam();
  for (const Expert* expert : experts()) {
    const auto fitted = expert->fit(at.normals, at.anomalies, test_stream(1));
    const float usual = scores(*fitted, at.usual)[0];
    const float odd = scores(*fitted, at.odd)[0];
    EXPECT_GE(odd, usual) << expert->name();
    // Isolation forests cannot tell rows apart by columns that never varied, and two normals make their trees one split deep.
    const bool forest = expert->name() == "isolation-forest" || expert->name() == "extended-isolation-forest";
    const bool blind = forest && (at.name.find("identical") != std::string::npos || at.normals.rows() == 2);
    if (!blind) {
      EXPECT_GT(odd, usual) << expert->name();
    }

    const bool undefined = at.normals.rows() == 2 && (expert->name() == "lof" || forest);
    for (const float score : fitted->fitting_scores()) {
      EXPECT_EQ(std::isnan(score), undefined) << expert->name();
      EXPECT_FALSE(std::isinf(score)) << expert->name();
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Table, Degenerate, testing::ValuesIn(edge::cases()), [](const auto& at) { return at.param.name; });

}  // namespace
}  // namespace oddshot
