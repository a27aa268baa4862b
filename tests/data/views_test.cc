#include "oddshot/data/views.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <numeric>

#include <gtest/gtest.h>

#include "error_text.h"
#include "oddshot/base/error.h"
#include "oddshot/base/random.h"

namespace oddshot {
namespace {

constexpr FeatureKind kNumber = FeatureKind::kNumeric;
constexpr FeatureKind kFlag = FeatureKind::kIndicator;

// Numeric features that depend on each other, then indicators of one category: `numeric` and `flags` of them.
Matrix mixed_rows(std::size_t rows, std::size_t numeric, std::size_t flags, std::uint64_t index = 0) {
  Stream stream(5, Purpose::kTest, index);
  Matrix out(rows, numeric + flags);
  for (std::size_t r = 0; r < rows; ++r) {
    const float common = stream.normal();
    for (std::size_t c = 0; c < numeric; ++c) out(r, c) = 0.8F * common + 0.6F * stream.normal();
    if (flags > 0) out(r, numeric + stream.below(flags)) = 1;
  }
  return out;
}

std::vector<FeatureKind> kinds_of(std::size_t numeric, std::size_t flags) {
  std::vector<FeatureKind> kinds(numeric, kNumber);
  kinds.resize(numeric + flags, kFlag);
  return kinds;
}

Matrix one_column(const std::vector<float>& values) {
  Matrix out(values.size(), 1);
  std::ranges::copy(values, out.data());
  return out;
}

// The rank view of one numeric feature fitted on `normals`.
std::vector<float> ranks(const std::vector<float>& normals, const std::vector<float>& values, const ViewOptions& options = {}) {
  const std::vector<FeatureKind> kinds = {kNumber};
  const Views views = Views::fit(one_column(normals), kinds, options);
  const Matrix joined = views.transform(one_column(values));
  std::vector<float> out;
  for (std::size_t r = 0; r < joined.rows(); ++r) out.push_back(joined(r, views.span("rank").first));
  return out;
}

double phi(double g) { return 0.5 * std::erfc(-g / std::numbers::sqrt2); }

// An oracle that has nothing in common with the library's: by halving.
double quantile(double p) {
  double low = -40;
  double high = 40;
  for (int i = 0; i < 200; ++i) {
    const double middle = (low + high) / 2;
    (phi(middle) < p ? low : high) = middle;
  }
  return low;
}

// Covariance (divided by N) of the rows of a view.
double covariance(MatrixView rows, std::size_t a, std::size_t b) {
  double mean_a = 0;
  double mean_b = 0;
  for (std::size_t r = 0; r < rows.rows; ++r) {
    mean_a += rows(r, a);
    mean_b += rows(r, b);
  }
  const auto n = static_cast<double>(rows.rows);
  double sum = 0;
  for (std::size_t r = 0; r < rows.rows; ++r) sum += (rows(r, a) - mean_a / n) * (rows(r, b) - mean_b / n);
  return sum / n;
}

double length(std::span<const float> row) { return std::sqrt(std::inner_product(row.begin(), row.end(), row.begin(), 0.0)); }

TEST(Views, LieSideBySideWithThePlainOneFirst) {
  const std::vector<FeatureKind> kinds = {kNumber, kFlag, kNumber, kFlag, kFlag};
  Matrix rows(40, 5);
  for (std::size_t i = 0; i < 200; ++i) rows.data()[i] = static_cast<float>(i * 7 % 11) / 11;
  const Views views = Views::fit(rows, kinds);
  const std::vector<ViewSpan> expected = {{"plain", 0, 5}, {"rank", 5, 2}, {"whitened", 7, 2}, {"joined", 9, 7}};
  EXPECT_TRUE(std::ranges::equal(views.spans(), expected));
  EXPECT_EQ(views.inputs(), 5U);
  EXPECT_EQ(views.width(), 16U);
  const Matrix joined = views.transform(rows);
  EXPECT_EQ(joined.cols(), 16U);
  const MatrixView rank = view(joined, views.span("rank"));
  EXPECT_EQ(rank.rows, 40U);
  EXPECT_EQ(rank.cols, 2U);
  EXPECT_EQ(rank(3, 1), joined(3, 6));
  EXPECT_EQ(error_text<ArgumentError>([&] { views.span("Rank"); }),
            "there is no view \"Rank\" of these columns; there are plain, rank, whitened, joined");
}

TEST(PlainView, IsTheFeaturesWithNumericOnesClipped) {
  const std::vector<FeatureKind> kinds = {kNumber, kFlag};
  Matrix rows(3, 2);
  const std::vector<float> values = {-100, 1, 7.5F, 0, 8.5F, 1};
  std::ranges::copy(values, rows.data());
  const Views views = Views::fit(rows, kinds);
  const Matrix joined = views.transform(rows);
  const float expected[3][2] = {{-8, 1}, {7.5F, 0}, {8, 1}};
  for (std::size_t r = 0; r < 3; ++r) {
    EXPECT_EQ(joined(r, 0), expected[r][0]);
    EXPECT_EQ(joined(r, 1), expected[r][1]);
  }
}

TEST(RankView, IsTheNormalQuantileOfTheMidRank) {
  const std::vector<float> normals = {3, -1, 4, 1, -5};
  const std::vector<float> got = ranks(normals, normals);
  const double rank[] = {4, 2, 5, 3, 1};
  for (std::size_t i = 0; i < 5; ++i) EXPECT_NEAR(got[i], quantile((rank[i] - 0.5) / 5), 1e-6);
}

TEST(RankView, KeepsTiesEqualAtTheirMidRank) {
  std::vector<float> normals(90, 0.0F);  // nine tenths are zero
  for (int i = 1; i <= 10; ++i) normals.push_back(static_cast<float>(i));
  const std::vector<float> got = ranks(normals, {0.0F, -0.0F, 1e-30F, 1.0F});
  EXPECT_NEAR(got[0], quantile(0.45), 1e-6);
  EXPECT_EQ(got[1], got[0]);
  EXPECT_NEAR(got[2], quantile(0.895), 1e-6) << "just above all zeros";
  EXPECT_NEAR(got[3], quantile(0.905), 1e-6);
}

TEST(RankView, NeverFalls) {
  Stream stream(1, Purpose::kTest, 1);
  std::vector<float> normals(5000);
  for (float& x : normals) x = stream.below(3) == 0 ? 0.5F : std::round(stream.normal() * 64) / 64;  // many ties
  std::vector<float> values(2001);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = (static_cast<float>(i) - 1000) / 128;
  for (const std::size_t kept : {2U, 7U, 256U, 5000U}) {
    ViewOptions options;
    options.order_statistics = kept;
    const std::vector<float> got = ranks(normals, values, options);
    EXPECT_TRUE(std::ranges::is_sorted(got)) << kept;
    EXPECT_LT(got.front(), got.back()) << kept;
  }
}

TEST(RankView, GrowsWithTheExcessBeyondTheRangeUpToTheClip) {
  const std::vector<float> normals = {0, 1, 2, 3};
  const std::vector<float> got = ranks(normals, {3.0F, 4.0F, 10.0F, 3e38F, -2.0F, -3e38F});
  const double top = quantile(3.5 / 4);
  EXPECT_NEAR(got[0], top, 1e-6);
  EXPECT_NEAR(got[1], top + std::log(2), 1e-6);
  EXPECT_NEAR(got[2], top + std::log(8), 1e-6);
  EXPECT_EQ(got[3], 10.0F);
  EXPECT_NEAR(got[4], -top - std::log(3), 1e-6);
  EXPECT_EQ(got[5], -10.0F);
}

TEST(RankView, OfAFewOrderStatisticsIsCloseToThatOfAll) {
  Stream stream(1, Purpose::kTest, 2);
  std::vector<float> normals(20001);
  for (float& x : normals) x = std::exp(stream.normal());
  ViewOptions all;
  all.order_statistics = 65536;
  const std::vector<float> exact = ranks(normals, normals, all);
  const std::vector<float> few = ranks(normals, normals);
  for (std::size_t i = 0; i < normals.size(); ++i) {
    EXPECT_NEAR(phi(few[i]), phi(exact[i]), 0.0005) << normals[i];  // half the share between two order statistics, and to spare
  }
  const auto largest = std::ranges::max_element(normals) - normals.begin();
  EXPECT_EQ(few[static_cast<std::size_t>(largest)], exact[static_cast<std::size_t>(largest)]) << "the largest is kept";
}

TEST(RankView, OfAConstantColumnTellsWhatDiffers) {
  const std::vector<float> got = ranks(std::vector<float>(100, 2.0F), {2.0F, 2.5F, 1.0F});
  EXPECT_EQ(got[0], 0.0F);
  EXPECT_NEAR(got[1], quantile(0.995) + std::log(1.5), 1e-6);
  EXPECT_NEAR(got[2], quantile(0.005) - std::log(2), 1e-6);
}

TEST(WhitenedView, OfTheNormalsHasUnitCovariance) {
  const Matrix rows = mixed_rows(4000, 6, 3);
  ViewOptions options;
  options.whitened_shrinkage = 1e-5F;
  const Views views = Views::fit(rows, kinds_of(6, 3), options);
  const Matrix joined = views.transform(rows);
  const MatrixView whitened = view(joined, views.span("whitened"));
  ASSERT_EQ(whitened.cols, 6U);
  for (std::size_t a = 0; a < 6; ++a) {
    for (std::size_t b = 0; b <= a; ++b) EXPECT_NEAR(covariance(whitened, a, b), a == b ? 1 : 0, 1e-3) << a << ' ' << b;
  }
}

// (1 - s) values + s m, told apart from 1 by a direction in which the normals do not vary.
TEST(WhitenedView, ShrinksTheCovarianceTowardsASphere) {
  Matrix rows(1000, 2);
  Stream stream(2, Purpose::kTest, 0);
  for (std::size_t r = 0; r < 1000; ++r) rows(r, 0) = rows(r, 1) = stream.normal();  // along the diagonal only
  ViewOptions options;
  options.whitened_shrinkage = 0.01F;
  const Views views = Views::fit(rows, kinds_of(2, 0), options);
  const MatrixView normals = rows;
  const double variance = covariance(normals, 0, 0);
  Matrix off(2, 2);
  off(0, 0) = 0.1F;
  off(0, 1) = -0.1F;
  const Matrix joined = views.transform(off);
  const ViewSpan& whitened = views.span("whitened");
  EXPECT_NEAR(std::fabs(joined(0, whitened.first + 1) - joined(1, whitened.first + 1)), 0.1 * std::sqrt(2) / std::sqrt(0.01 * variance),
              1e-3);
}

TEST(WhitenedView, MakesMuchOfAColumnThatIsConstantAmongTheNormals) {
  Matrix rows = mixed_rows(500, 4, 0);
  for (std::size_t r = 0; r < 500; ++r) rows(r, 2) = 0;
  const Views views = Views::fit(rows, kinds_of(4, 0));
  Matrix two(2, 4);
  two(1, 2) = 0.5F;
  const Matrix joined = views.transform(two);
  const MatrixView whitened = view(joined, views.span("whitened"));
  EXPECT_LT(length(whitened.row(0)), 1);
  EXPECT_GT(length(whitened.row(1)), 8);
}

// Without more shrinkage the smallest of 40 eigenvalues from 50 rows is a hundredth of the true one.
TEST(WhitenedView, OfFewRowsDoesNotBlowUp) {
  for (const std::size_t count : {2U, 10U, 40U, 50U, 100U, 1000U}) {
    const Views views = Views::fit(mixed_rows(count, 40, 0), kinds_of(40, 0));
    const Matrix fresh = views.transform(mixed_rows(200, 40, 0, 9));
    double sum = 0;
    for (std::size_t r = 0; r < 200; ++r) sum += length(view(fresh, views.span("whitened")).row(r)) / 200;
    EXPECT_GT(sum, 0.3 * std::sqrt(40)) << count;
    EXPECT_LT(sum, 4 * std::sqrt(40)) << count;
  }
}

TEST(WhitenedView, IsFreeOfTheSignAndOrderOfEigenvectors) {
  const Matrix rows = mixed_rows(300, 5, 0);
  const Views views = Views::fit(rows, kinds_of(5, 0));
  for (const NamedTensor& tensor : views.tensors()) {
    if (tensor.name != "whitened.matrix") continue;
    double before = 0;  // the length of a column falls with the variance along it
    for (std::size_t k = 0; k < 5; ++k) {
      std::vector<float> column;
      for (std::size_t c = 0; c < 5; ++c) column.push_back(tensor.values[c * 5 + k]);
      EXPECT_GT(*std::ranges::max_element(column, {}, [](float x) { return std::fabs(x); }), 0);
      EXPECT_GE(length(column), before);
      before = length(column);
    }
    return;
  }
  FAIL() << "no matrix";
}

TEST(JoinedView, OfTheNormalsHasNearlyUnitCovariance) {
  Matrix rows = mixed_rows(4000, 3, 3);
  for (std::size_t r = 0; r < 4000; ++r) {
    for (std::size_t c = 0; c < 3; ++c) rows(r, c) = std::exp(rows(r, c));  // skewed, so that ranks are no copy of the values
  }
  ViewOptions options;
  options.joined_shrinkage = 1e-6F;
  const Views views = Views::fit(rows, kinds_of(3, 3), options);
  const Matrix joined = views.transform(rows);
  const MatrixView white = view(joined, views.span("joined"));
  ASSERT_EQ(white.cols, 9U);
  // The indicators add up to 1: one direction does not vary, the others do.
  for (std::size_t a = 0; a < 8; ++a) {
    for (std::size_t b = 0; b <= a; ++b) EXPECT_NEAR(covariance(white, a, b), a == b ? 1 : 0, 0.02) << a << ' ' << b;
  }
  EXPECT_LT(covariance(white, 8, 8), 0.01);
}

TEST(JoinedView, KeepsTheIndicatorsThatVaryMost) {
  Matrix rows(100, 5);
  for (std::size_t r = 0; r < 100; ++r) {
    rows(r, 0) = static_cast<float>(r);
    rows(r, 1) = r % 50 == 0 ? 1.0F : 0.0F;
    rows(r, 2) = r % 2 == 0 ? 1.0F : 0.0F;
    rows(r, 4) = r % 3 == 0 ? 1.0F : 0.0F;
  }
  ViewOptions options;
  options.indicators = 2;
  const Views views = Views::fit(rows, kinds_of(1, 4), options);
  EXPECT_EQ(views.span("joined").count, 4U);
  EXPECT_NE(views.to_json().find("\"joined_columns\":[0,2,4,5]"), std::string::npos) << views.to_json();
}

TEST(JoinedView, IsNeverWiderThanItsLimit) {
  ViewOptions options;
  options.widest = 11;
  for (const auto& [numeric, flags] : {std::pair{20U, 0U}, {0U, 20U}, {20U, 20U}, {3U, 20U}, {20U, 3U}}) {
    const Views views = Views::fit(mixed_rows(50, numeric, flags), kinds_of(numeric, flags), options);
    EXPECT_LE(views.span("joined").count, 11U);
    EXPECT_GE(views.span("joined").count, 10U);
    if (numeric == 0) continue;
    EXPECT_EQ(views.span("whitened").count, std::min(numeric, 11U));
  }
}

TEST(Views, OfCategoriesAloneArePlainAndJoined) {
  const Matrix rows = mixed_rows(30, 0, 4);
  const Views views = Views::fit(rows, kinds_of(0, 4));
  const std::vector<ViewSpan> expected = {{"plain", 0, 4}, {"joined", 4, 4}};
  EXPECT_TRUE(std::ranges::equal(views.spans(), expected));
  const Matrix joined = views.transform(rows);
  for (std::size_t c = 0; c < 8; ++c) EXPECT_TRUE(std::isfinite(joined(0, c)));
  const Views again = Views::from_parts(views.to_json(), views.tensors());
  EXPECT_TRUE(std::ranges::equal(again.spans(), expected));
}

TEST(Views, OfOneRowCountDifferencesAsTheyAre) {
  const Views views = Views::fit(one_column({3}), kinds_of(1, 0));
  const Matrix joined = views.transform(one_column({3, 4}));
  const ViewSpan& whitened = views.span("whitened");
  EXPECT_EQ(joined(0, whitened.first), 0.0F);
  EXPECT_EQ(std::fabs(joined(1, whitened.first)), 1.0F);
}

TEST(Views, StayFiniteAndWithinTheirClips) {
  constexpr float kMost = std::numeric_limits<float>::max();
  const Views views = Views::fit(mixed_rows(60, 3, 2), kinds_of(3, 2));
  Matrix rows(4, 5);
  for (std::size_t c = 0; c < 3; ++c) {
    rows(0, c) = kMost;
    rows(1, c) = -kMost;
    rows(2, c) = c == 0 ? kMost : -1e-45F;
  }
  const Matrix joined = views.transform(rows);
  const std::pair<const char*, float> clips[] = {{"plain", 8.0F}, {"rank", 10.0F}, {"whitened", 15.0F}, {"joined", 15.0F}};
  for (const auto& [name, clip] : clips) {
    const MatrixView part = view(joined, views.span(name));
    for (std::size_t r = 0; r < part.rows; ++r) {
      for (const float value : part.row(r)) EXPECT_LE(std::fabs(value), clip) << name;  // false for NaN
    }
  }
}

TEST(Views, OfARowDoNotDependOnTheRowsBesideIt) {
  const Matrix rows = mixed_rows(300, 7, 5);  // more than two blocks
  const Views views = Views::fit(rows, kinds_of(7, 5));
  const Matrix together = views.transform(rows);
  for (const std::size_t r : {0U, 1U, 127U, 128U, 299U}) {
    const Matrix alone = views.transform(rows.view().slice(r, 1));
    EXPECT_TRUE(std::ranges::equal(alone.row(0), together.row(r))) << r;
  }
  EXPECT_EQ(views.transform(rows.view().slice(0, 0)).rows(), 0U);
}

TEST(Views, ComeBackFromTheirPartsToTheSameBits) {
  ViewOptions options;
  options.plain_clip = 1.1F;
  options.rank_clip = 1.3F;
  options.whitened_clip = 1.7F;
  options.order_statistics = 33;
  const Matrix rows = mixed_rows(400, 6, 4);
  const Views views = Views::fit(rows, kinds_of(6, 4), options);
  std::vector<NamedTensor> tensors = views.tensors();
  std::ranges::reverse(tensors);
  const Views again = Views::from_parts(views.to_json(), tensors);
  EXPECT_EQ(again.to_json(), views.to_json());
  EXPECT_EQ(again.inputs(), views.inputs());
  const Matrix fresh = mixed_rows(400, 6, 4, 1);
  const Matrix a = views.transform(fresh);
  const Matrix b = again.transform(fresh);
  ASSERT_EQ(a.cols(), b.cols());
  EXPECT_TRUE(std::equal(a.data(), a.data() + a.rows() * a.cols(), b.data()));
}

TEST(Views, RefuseFeaturesThatAreNotAsMany) {
  const std::vector<FeatureKind> kinds(2, FeatureKind::kNumeric);
  Matrix rows(5, 2);
  for (std::size_t r = 0; r < 5; ++r) rows(r, 0) = rows(r, 1) = static_cast<float>(r);
  FeatureRows given{5, [&](std::size_t) { return std::vector<float>{0, 1, 2, 3, 4}; },
                    [&](std::span<const std::uint32_t> numbers) { return gathered(rows.view(), numbers); }};
  EXPECT_EQ(Views::fit(given, kinds).to_json(), Views::fit(rows, kinds).to_json());
  EXPECT_THROW(Views::fit(rows, kinds).transform(Matrix(1, 3), kPlain), ShapeError);
  FeatureRows few_values = given;
  few_values.column = [](std::size_t) { return std::vector<float>(4); };
  EXPECT_THROW(Views::fit(few_values, kinds), ShapeError);
  FeatureRows few_rows = given;
  few_rows.some = [](std::span<const std::uint32_t>) { return Matrix(1, 2); };
  EXPECT_THROW(Views::fit(few_rows, kinds), ShapeError);
}

TEST(Views, RefuseWhatCannotBeFitted) {
  const Matrix rows = mixed_rows(5, 2, 0);
  EXPECT_EQ(error_text<ShapeError>([&] { Views::fit(rows, kinds_of(3, 0)); }), "3 kinds for 2 features");
  EXPECT_EQ(error_text<ArgumentError>([&] { Views::fit(rows.view().slice(0, 0), kinds_of(2, 0)); }), "no rows to fit views on");
  EXPECT_EQ(error_text<ArgumentError>([&] { Views::fit(Matrix(3, 0), {}); }), "no features to fit views on");
  const Views views = Views::fit(rows, kinds_of(2, 0));
  EXPECT_EQ(error_text<ShapeError>([&] { views.transform(Matrix(1, 3)); }), "3 features a row; the views are of 2");
  for (const float bad : {std::numeric_limits<float>::quiet_NaN(), -std::numeric_limits<float>::infinity()}) {
    Matrix damaged = rows;
    damaged(3, 1) = bad;
    EXPECT_NE(error_text<NumericError>([&] { Views::fit(damaged, kinds_of(2, 0)); }).find("row 3, feature 1: "), std::string::npos);
    EXPECT_THROW(views.transform(damaged), NumericError);
  }
}

TEST(ViewOptions, OutOfRangeAreNamed) {
  const auto refused = [](auto change) {
    ViewOptions options;
    change(options);
    return error_text<ArgumentError>([&] { options.validate(); });
  };
  EXPECT_EQ(refused([](ViewOptions&) {}), "");
  EXPECT_EQ(refused([](ViewOptions& o) { o.plain_clip = 0; }), "the plain clip is 0; it must be above 0 and at most 1000000");
  EXPECT_EQ(refused([](ViewOptions& o) { o.widest = 1; }), "the widest whitened view is 1; it must be 2 to 4096");
  for (float ViewOptions::* clip : {&ViewOptions::plain_clip, &ViewOptions::rank_clip, &ViewOptions::whitened_clip}) {
    for (const float bad : {0.0F, -8.0F, 2e6F, std::numeric_limits<float>::quiet_NaN()}) {
      EXPECT_NE(refused([&](ViewOptions& o) { o.*clip = bad; }), "") << bad;
    }
  }
  for (float ViewOptions::* share : {&ViewOptions::whitened_shrinkage, &ViewOptions::joined_shrinkage}) {
    for (const float bad : {0.0F, 1.5F, std::numeric_limits<float>::quiet_NaN()}) {
      EXPECT_NE(refused([&](ViewOptions& o) { o.*share = bad; }), "") << bad;
    }
  }
  EXPECT_NE(refused([](ViewOptions& o) { o.order_statistics = 1; }), "");
  EXPECT_NE(refused([](ViewOptions& o) { o.indicators = 0; }), "");
}

TEST(DamagedViews, AreRefusedForEveryMember) {
  const Views views = Views::fit(mixed_rows(20, 2, 2), kinds_of(2, 2));
  const std::string good = views.to_json();
  const std::pair<const char*, const char*> damages[] = {
      {"oddshot views", "other"},
      {"\"version\":1", "\"version\":2"},
      {"\"inputs\":4", "\"inputs\":0"},
      {"\"inputs\":4", "\"inputs\":99999999999"},
      {"\"inputs\":4", "\"inputs\":1"},
      {"\"inputs\":4", "\"inputs\":-4"},
      {"\"numeric\":[0,1]", "\"numeric\":[1,0]"},
      {"\"numeric\":[0,1]", "\"numeric\":[0,0]"},
      {"\"numeric\":[0,1]", "\"numeric\":[0,4]"},
      {"\"numeric\":[0,1]", "\"numeric\":[0]"},
      {"\"numeric\":[0,1]", "\"numeric\":[]"},
      {"\"numeric\":[0,1]", "\"numeric\":[0,1.5]"},
      {"\"numeric\":[0,1]", "\"numeric\":[0,-1]"},
      {"\"numeric\":[0,1]", "\"numeric\":[0,4294967296]"},
      {"\"rows\":20", "\"rows\":0"},
      {"\"rows\":20", "\"rows\":19"},
      {"\"rows\":20", "\"rows\":18446744073709551615"},
      {"\"plain_clip\":8.0", "\"plain_clip\":0"},
      {"\"rank_clip\":10.0", "\"rank_clip\":1e39"},
      {"\"whitened_clip\":15.0", "\"whitened_clip\":null"},
      {"\"widest\":384", "\"widest\":1"},
      {"\"order_statistics\":2048", "\"order_statistics\":7"},
      {"\"whitened_columns\":[0,1]", "\"whitened_columns\":[0]"},
      {"\"whitened_columns\":[0,1]", "\"whitened_columns\":[]"},
      {"\"whitened_columns\":[0,1]", "\"whitened_columns\":[0,6]"},
      {"\"joined_columns\":[0,1,2,3,4,5]", "\"joined_columns\":[]"},
      {"\"joined_columns\":[0,1,2,3,4,5]", "\"joined_columns\":[0,1,2,3,4,6]"},
      {"\"joined_columns\":[0,1,2,3,4,5]", "\"joined_columns\":\"all\""},
      {"{", "{\"more\":1,"},
      {",\"widest\":384", ""},
  };
  EXPECT_EQ(Views::from_parts(good, views.tensors()).width(), views.width());
  for (const auto& [from, to] : damages) {
    std::string bad = good;
    const auto at = bad.find(from);
    ASSERT_NE(at, std::string::npos) << from << " in " << good;
    bad.replace(at, std::string_view(from).size(), to);
    EXPECT_NE(error_text<FormatError>([&] { Views::from_parts(bad, views.tensors()); }).find("views: "), std::string::npos) << bad;
  }
  for (std::size_t size = 0; size < good.size(); ++size) {
    EXPECT_THROW(Views::from_parts(good.substr(0, size), views.tensors()), FormatError) << size;
  }
}

TEST(DamagedViews, AreRefusedForEveryTensor) {
  const Views views = Views::fit(mixed_rows(20, 2, 2), kinds_of(2, 2));
  const std::string json = views.to_json();
  const auto refused = [&](const std::vector<NamedTensor>& tensors) {
    return error_text<FormatError>([&] { Views::from_parts(json, tensors); });
  };
  const std::vector<NamedTensor> good = views.tensors();
  ASSERT_EQ(good.size(), 5U);
  for (std::size_t t = 0; t < good.size(); ++t) {
    const std::string place = "views: tensor \"" + good[t].name + "\"";
    std::vector<NamedTensor> bad = good;
    bad.erase(bad.begin() + static_cast<std::ptrdiff_t>(t));
    EXPECT_EQ(refused(bad), place + ": is missing");
    bad = good;
    bad.push_back(good[t]);
    EXPECT_EQ(refused(bad), place + ": is not known") << "twice";
    bad = good;
    bad[t].shape.push_back(1);
    EXPECT_NE(refused(bad).find(place + ": shape ["), std::string::npos);
    bad = good;
    bad[t].values.pop_back();
    EXPECT_NE(refused(bad).find(place + ": "), std::string::npos);
    for (const float value : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
      bad = good;
      bad[t].values.back() = value;
      EXPECT_NE(refused(bad).find(place + ": element "), std::string::npos) << value;
    }
  }
  std::vector<NamedTensor> bad = good;
  std::swap(bad[0].values[0], bad[0].values[19]);
  EXPECT_EQ(refused(bad), "views: tensor \"rank.order_statistics\": row 0 does not ascend");
  bad = good;
  bad[2].values[0] = 1e30F;
  EXPECT_NE(refused(bad).find("whitened.matrix\": element 0 is 1e+30"), std::string::npos);
}

TEST(Preprocessor, TellsNumericFeaturesFromIndicators) {
  const float missing = std::numeric_limits<float>::quiet_NaN();
  Table table;
  table.columns = {{"a", ColumnKind::kNumeric, {1, 2, missing}, {}, {}},
                   {"b", ColumnKind::kCategory, {}, {0, 1, 0}, {"x", "y"}},
                   {"c", ColumnKind::kNumeric, {5, 6, 7}, {}, {}}};
  const std::vector<std::string> features = {"a", "b", "c"};
  const std::vector<std::uint32_t> rows = {0, 1, 2};
  EXPECT_EQ(Preprocessor::fit(table, features, rows).feature_kinds(),
            (std::vector<FeatureKind>{kNumber, kFlag, kFlag, kFlag, kFlag, kNumber}));
}

}  // namespace
}  // namespace oddshot
