// Drift: rows like those adapted to are as before, others are found out, by the column that changed.
#include "oddshot/detector/drift.h"

#include <algorithm>
#include <cmath>
#include <string>

#include <gtest/gtest.h>

#include "oddshot/base/error.h"
#include "oddshot/base/random.h"
#include "sample_table.h"

namespace oddshot {
namespace {

// Two numbers and a category; `shift` moves the first, `share` is that of category "b".
Table rows(std::size_t count, std::uint64_t seed, float shift = 0, float share = 0.3F) {
  Column a{.name = "a", .kind = ColumnKind::kNumeric, .numbers = {}, .codes = {}, .categories = {}};
  Column b = a;
  b.name = "b";
  Column kind{.name = "kind", .kind = ColumnKind::kCategory, .numbers = {}, .codes = {}, .categories = {"a", "b"}};
  Column label{.name = "label", .kind = ColumnKind::kCategory, .numbers = {}, .codes = {}, .categories = {"normal"}};
  Stream stream(seed, Purpose::kTest, 0);
  for (std::size_t r = 0; r < count; ++r) {
    a.numbers.push_back(stream.normal() + shift);
    b.numbers.push_back(stream.normal());
    kind.codes.push_back(stream.uniform() < share ? 1 : 0);
    label.codes.push_back(0);
  }
  return {.columns = {a, b, kind, label}, .sources = {}};
}

class Watch : public ::testing::Test {
 protected:
  Watch() : detector_(adapted()) {}
  static Detector adapted(CalibrationScheme scheme = CalibrationScheme::kAuto) {
    AdaptOptions options;
    options.label = "label";
    options.calibration = scheme;
    return Detector::adapt(table_model(), rows(300, 1), options);
  }
  std::vector<Drift> report(const Table& table) {
    DriftWatch watch(detector_);
    // In two batches: as of one.
    const Matrix encoded = detector_.encode(table);
    const std::vector<float> scores = detector_.score_encoded(encoded, pool_);
    const std::size_t half = scores.size() / 2;
    watch.add(encoded.view().slice(0, half), std::span(scores).first(half));
    watch.add(encoded.view().slice(half, scores.size() - half), std::span(scores).subspan(half));
    EXPECT_EQ(watch.rows(), table.rows());
    text_ = describe(watch);
    json_ = describe(watch, true);
    return watch.report();
  }
  static const Drift& of(const std::vector<Drift>& all, const std::string& what) { return *std::ranges::find(all, what, &Drift::what); }

  ThreadPool pool_{1};
  Detector detector_;
  std::string text_, json_;
};

TEST_F(Watch, RowsLikeThoseAdaptedToAreAsBefore) {
  for (std::uint64_t seed = 2; seed < 12; ++seed) {
    for (const Drift& drift : report(rows(1000, seed)))
      EXPECT_FALSE(drift.shifted) << drift.what << " " << drift.psi << " " << drift.chance;
  }
}

TEST_F(Watch, AColumnThatMovedIsFoundOut) {
  const std::vector<Drift> all = report(rows(1000, 2, 1.0F));
  EXPECT_EQ(all[0].what, "score");
  EXPECT_EQ(all[1].what, "a");  // the most shifted
  EXPECT_TRUE(all[1].shifted);
  EXPECT_NEAR(all[1].ks.value_or(0), 0.383, 0.08);  // 2 Phi(1/2) - 1, for a shift by one deviation
  EXPECT_NEAR(all[1].psi, 1.0, 0.3);                // of the normal densities themselves: the squared shift
  EXPECT_FALSE(of(all, "b").shifted);
  EXPECT_FALSE(of(all, "kind").shifted);
  EXPECT_NE(text_.find("shifted"), std::string::npos) << text_;
  EXPECT_NE(json_.find("\"psi\""), std::string::npos) << json_;
}

TEST_F(Watch, ACategoryThatBecameFrequentIsFoundOut) {
  const std::vector<Drift> all = report(rows(1000, 2, 0, 0.7F));
  EXPECT_TRUE(of(all, "kind").shifted);
  EXPECT_NEAR(of(all, "kind").psi, 2 * 0.4 * std::log(0.7 / 0.3), 0.2);
  EXPECT_EQ(of(all, "kind").ks, std::nullopt);
}

TEST_F(Watch, NewCategoriesAreADrift) {
  Table table = rows(1000, 2);
  table.columns[2].categories = {"c", "d"};
  EXPECT_TRUE(of(report(table), "kind").shifted);
}

TEST_F(Watch, AFewRowsProveNothing) {
  for (const Drift& drift : report(rows(4, 3))) EXPECT_FALSE(drift.shifted) << drift.what;
}

TEST_F(Watch, NeedsACalibrationAndRowsOfItsWidth) {
  const Detector without = adapted(CalibrationScheme::kNone);
  EXPECT_THROW(DriftWatch{without}, ArgumentError);
  DriftWatch watch(detector_);
  EXPECT_TRUE(watch.report().empty());
  EXPECT_THROW(watch.add(Matrix(2, 1), std::vector<float>(2)), ShapeError);
}

}  // namespace
}  // namespace oddshot
