// Against scikit-learn and numpy: golden/make_golden.py made golden/golden.json.
#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

#include <gtest/gtest.h>

#include "rows.h"

namespace oddshot {
namespace {

using nlohmann::json;

Matrix read_matrix(const json& rows) {
  Matrix result(rows.size(), rows.at(0).size());
  for (std::size_t r = 0; r < result.rows(); ++r) {
    for (std::size_t c = 0; c < result.cols(); ++c) result(r, c) = rows[r][c].get<float>();
  }
  return result;
}

json golden() { return json::parse(std::ifstream(ODDSHOT_SOURCE_DIR "/tests/experts/golden/golden.json")); }

class Golden : public testing::TestWithParam<const char*> {};

TEST_P(Golden, ScoresAreThoseOfTheReference) {
  const json cases = golden().at("exact");
  ASSERT_EQ(cases.size(), 5U);
  for (const json& at : cases) {
    const auto fitted = find_expert(GetParam())->fit(read_matrix(at["normals"]), read_matrix(at["anomalies"]), test_stream(0));
    const std::vector<float> found = scores(*fitted, read_matrix(at["rows"]));
    const auto expected = at.at(GetParam()).get<std::vector<double>>();
    ASSERT_EQ(found.size(), expected.size());
    for (std::size_t r = 0; r < found.size(); ++r) {
      EXPECT_NEAR(found[r], expected[r], 1e-5 * (1 + std::abs(expected[r]))) << at["name"] << ", row " << r;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Experts, Golden,
                         testing::Values("knn", "lof", "logistic", "ecod", "mahalanobis", "copod", "hbos", "pca", "one-class-svm",
                                         "ridge-classifier", "lda"),
                         [](const auto& at) {
                           std::string name = at.param;
                           std::ranges::replace(name, '-', '_');
                           return name;
                         });

// The chance that an odd row scores above a usual one.
double auroc(const std::vector<float>& found, const std::vector<int>& labels) {
  double wins = 0;
  double pairs = 0;
  for (std::size_t a = 0; a < found.size(); ++a) {
    for (std::size_t b = 0; b < found.size(); ++b) {
      if (labels[a] == 0 || labels[b] == 1) continue;
      ++pairs;
      wins += found[a] > found[b] ? 1 : found[a] == found[b] ? 0.5 : 0;
    }
  }
  return wins / pairs;
}

// Means over 20 seeds each; they differ by chance by sqrt(2 / 20) of the deviation between seeds, so 3 such is a fair bound.
void expect_separation(const Expert& expert, const json& cases) {
  ASSERT_EQ(cases.size(), 2U);
  for (const json& at : cases) {
    const Matrix normals = read_matrix(at["normals"]);
    const Matrix anomalies = at.contains("anomalies") ? read_matrix(at["anomalies"]) : Matrix();
    const Matrix rows = read_matrix(at["rows"]);
    const auto labels = at["labels"].get<std::vector<int>>();
    double mean = 0;
    for (std::uint64_t seed = 0; seed < 20; ++seed) {
      const auto fitted = expert.fit(normals, anomalies, Stream(seed, Purpose::kForest, 0));
      mean += auroc(scores(*fitted, rows), labels) / 20;
    }
    EXPECT_NEAR(mean, at["auroc_mean"].get<double>(), 3 * std::sqrt(2.0 / 20) * at["auroc_deviation"].get<double>()) << at["name"];
  }
}

TEST(Golden, IsolationForestSeparatesAsWellAsTheReference) { expect_separation(*find_expert("isolation-forest"), golden().at("forest")); }

TEST(Golden, ExtraTreesSeparateAsWellAsTheReference) { expect_separation(*find_expert("extra-trees"), golden().at("trees")); }

}  // namespace
}  // namespace oddshot
