// What holds for every expert.
#include <cmath>
#include <limits>
#include <string>

#include <gtest/gtest.h>

#include "oddshot/base/error.h"
#include "rows.h"

namespace oddshot {
namespace {

TEST(Experts, StandInTheOrderOfTables) {
  std::vector<std::string_view> names;
  for (const Expert* expert : known_experts()) names.push_back(expert->name());
  EXPECT_EQ(names, (std::vector<std::string_view>{"robust-z", "ecod", "copod", "hbos", "mahalanobis", "pca", "knn", "lof", "one-class-svm",
                                                  "isolation-forest", "extended-isolation-forest", "knn-difference", "logistic",
                                                  "ridge-classifier", "lda", "extra-trees", "xgboost"}));
}

TEST(Experts, AreUsableIffTheyLackNothing) {
  for (const Expert* expert : known_experts()) {
    EXPECT_EQ(std::ranges::count(experts(), expert) == 1, expert->missing().empty()) << expert->name();
    EXPECT_TRUE(expert->missing().empty() || expert->name() == "xgboost") << expert->name();
  }
}

TEST(Experts, AreFoundByNameOrNotAtAll) {
  for (const Expert* expert : known_experts()) EXPECT_EQ(find_expert(expert->name()), expert);
  EXPECT_EQ(find_expert("kNN"), nullptr);
  EXPECT_EQ(find_expert(""), nullptr);
}

template <class Exception, class Call>
std::string message(const Call& call) {
  try {
    call();
  } catch (const Exception& error) {
    return error.what();
  }
  return "nothing thrown";
}

class EveryExpert : public testing::TestWithParam<const Expert*> {
 protected:
  const Expert& expert() const { return *GetParam(); }
  std::string says(const std::string& words) const { return std::string(expert().name()) + ": " + words; }
  std::unique_ptr<FittedExpert> fit(const Matrix& normals, const Matrix& anomalies) const {
    return expert().fit(normals, anomalies, test_stream(1));
  }
};

TEST_P(EveryExpert, ScoresRowsFarFromTheNormalsAboveThem) {
  const auto fitted = fit(random_rows(50, 4, 1), random_rows(5, 4, 2, 6));
  const std::vector<float> usual = scores(*fitted, random_rows(100, 4, 3));
  const std::vector<float> odd = scores(*fitted, random_rows(20, 4, 4, 6));
  EXPECT_GT(*std::ranges::min_element(odd), *std::ranges::max_element(usual));
}

TEST_P(EveryExpert, ScoresARowTheSameInAnyCompanyAndStride) {
  const auto fitted = fit(random_rows(23, 7, 1), random_rows(2, 7, 2, 3));
  const Matrix wide = random_rows(261, 11, 3);
  const MatrixView rows{wide.data() + 3, 261, 7, 11};
  const std::vector<float> together = scores(*fitted, rows);
  for (const std::size_t r : {0U, 31U, 63U, 64U, 200U, 260U}) EXPECT_EQ(scores(*fitted, rows.slice(r, 1))[0], together[r]) << "row " << r;
}

TEST_P(EveryExpert, ReadsItsFittingRowsThroughAnyStride) {
  const Matrix wide = random_rows(24, 9, 1);
  const Matrix wide_anomalies = random_rows(3, 9, 2, 3);
  Matrix normals(24, 5);
  Matrix anomalies(3, 5);
  for (std::size_t r = 0; r < 24; ++r) std::copy_n(wide.row(r).begin() + 2, 5, normals.row(r).begin());
  for (std::size_t r = 0; r < 3; ++r) std::copy_n(wide_anomalies.row(r).begin() + 2, 5, anomalies.row(r).begin());
  const auto strided = expert().fit({wide.data() + 2, 24, 5, 9}, {wide_anomalies.data() + 2, 3, 5, 9}, test_stream(1));
  const auto plain = fit(normals, anomalies);
  EXPECT_EQ(scores(*strided, normals), scores(*plain, normals));
  EXPECT_EQ(strided->fitting_scores(), plain->fitting_scores());
}

TEST_P(EveryExpert, OwnsAllItNeeds) {
  const Matrix rows = random_rows(9, 3, 5);
  auto normals = std::make_unique<Matrix>(random_rows(20, 3, 1));
  auto anomalies = std::make_unique<Matrix>(random_rows(2, 3, 2, 3));
  const auto fitted = fit(*normals, *anomalies);
  const std::vector<float> before = scores(*fitted, rows);
  const std::vector<float> fitting_before = fitted->fitting_scores();
  std::fill_n(normals->data(), 60, -1e6F);
  std::fill_n(anomalies->data(), 6, -1e6F);
  normals.reset();
  anomalies.reset();
  EXPECT_EQ(scores(*fitted, rows), before);
  EXPECT_EQ(fitted->fitting_scores(), fitting_before);
}

TEST_P(EveryExpert, UsesAnomaliesOnlyIfItSaysSo) {
  const Matrix normals = random_rows(20, 3, 1);
  const Matrix rows = random_rows(40, 3, 5, 1.5F);
  const bool differ = scores(*fit(normals, random_rows(2, 3, 2, 3)), rows) != scores(*fit(normals, random_rows(2, 3, 3, 5)), rows);
  EXPECT_EQ(differ, expert().uses_labels());
}

TEST_P(EveryExpert, RefusesTooFewRows) {
  const Matrix normals = random_rows(5, 3, 1);
  const Matrix anomalies = random_rows(2, 3, 2);
  EXPECT_EQ(message<ArgumentError>([&] { fit(random_rows(1, 3, 1), anomalies); }), says("1 normal rows to fit on, at least 2 are needed"));
  EXPECT_EQ(message<ArgumentError>([&] { fit(Matrix(), anomalies); }), says("0 normal rows to fit on, at least 2 are needed"));
  EXPECT_EQ(message<ArgumentError>([&] { fit(Matrix(4, 0), Matrix(1, 0)); }), says("the rows to fit on have no columns"));
  if (expert().uses_labels()) {
    EXPECT_EQ(message<ArgumentError>([&] { fit(normals, Matrix()); }), says("no anomalies to fit on, at least 1 is needed"));
    EXPECT_EQ(message<ShapeError>([&] { fit(normals, random_rows(2, 4, 2)); }), says("anomalies have 4 columns, normals 3"));
  } else {
    EXPECT_NO_THROW(fit(normals, Matrix()));
  }
}

TEST_P(EveryExpert, NamesTheValueThatIsNotFinite) {
  for (const float bad :
       {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity(), -std::numeric_limits<float>::infinity()}) {
    const std::string word = std::isnan(bad) ? "nan" : bad > 0 ? "inf" : "-inf";
    Matrix normals = random_rows(5, 3, 1);
    Matrix anomalies = random_rows(2, 3, 2);
    const auto fitted = fit(normals, anomalies);
    Matrix rows = random_rows(4, 3, 3);
    rows(3, 1) = bad;
    EXPECT_EQ(message<ArgumentError>([&] { scores(*fitted, rows); }), says("scored row 3, column 1: " + word + " is not a finite number"));
    normals(4, 2) = bad;
    EXPECT_EQ(message<ArgumentError>([&] { fit(normals, anomalies); }),
              says("normal row 4, column 2: " + word + " is not a finite number"));
    if (!expert().uses_labels()) continue;
    anomalies(1, 0) = bad;
    EXPECT_EQ(message<ArgumentError>([&] { fit(random_rows(5, 3, 1), anomalies); }),
              says("anomaly row 1, column 0: " + word + " is not a finite number"));
  }
}

TEST_P(EveryExpert, RefusesOtherShapesThanItsOwn) {
  const auto fitted = fit(random_rows(5, 3, 1), random_rows(2, 3, 2));
  const Matrix rows(4, 3);
  std::vector<float> out(3);
  EXPECT_EQ(message<ShapeError>([&] { fitted->score(rows, out); }), says("room for 3 scores, 4 rows to score"));
  EXPECT_EQ(message<ShapeError>([&] { scores(*fitted, Matrix(4, 2)); }), says("rows to score have 2 columns, fitted on 3"));
  EXPECT_TRUE(scores(*fitted, Matrix(0, 3)).empty());
}

INSTANTIATE_TEST_SUITE_P(All, EveryExpert, testing::ValuesIn(experts().begin(), experts().end()), [](const auto& at) {
  std::string name(at.param->name());
  std::ranges::replace(name, '-', '_');
  return name;
});

}  // namespace
}  // namespace oddshot
