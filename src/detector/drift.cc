#include "oddshot/detector/drift.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <numeric>
#include <utility>

#include <fmt/format.h>

#include "model_io/printable.h"
#include "oddshot/base/error.h"

namespace oddshot {
namespace {

constexpr std::size_t kBins = 10;
constexpr double kNotable = 0.1;  // PSI, by custom: below it nothing to speak of, above 0.25 another population
constexpr double kChance = 0.001;
constexpr std::size_t kShown = 20;

using Counts = std::vector<std::uint64_t>;

std::uint64_t sum(const Counts& counts) { return std::accumulate(counts.begin(), counts.end(), std::uint64_t{0}); }

// Of a chi-square variable to exceed x, by Wilson and Hilferty's cube root; good to a few per mille where it matters.
double chi_square_tail(double x, double degrees) {
  if (x <= 0) return 1;
  const double spread = 2 / (9 * degrees);
  return 0.5 * std::erfc((std::cbrt(x / degrees) - (1 - spread)) / std::sqrt(2 * spread));
}

struct Index {
  double psi = 0;
  double chance = 1;
};

// Half a row is added to each bin, so that an empty one does not make it infinite.
Index stability(const Counts& before, const Counts& now) {
  const auto bins = static_cast<double>(before.size());
  const auto n = static_cast<double>(sum(before));
  const auto m = static_cast<double>(sum(now));
  if (before.size() < 2 || n == 0 || m == 0) return {};
  Index index;
  for (std::size_t i = 0; i < before.size(); ++i) {
    const double p = (static_cast<double>(before[i]) + 0.5) / (n + 0.5 * bins);
    const double q = (static_cast<double>(now[i]) + 0.5) / (m + 0.5 * bins);
    index.psi += (q - p) * std::log(q / p);
  }
  index.chance = chi_square_tail(index.psi / (1 / n + 1 / m), bins - 1);
  return index;
}

// Neighbouring cells joined to bins of about a tenth of the reference each.
std::pair<Counts, Counts> binned(const Counts& before, const Counts& now) {
  const double total = static_cast<double>(sum(before));
  Counts b{0}, n{0};
  double passed = 0;
  for (std::size_t i = 0; i < before.size(); ++i) {
    if (passed >= total * static_cast<double>(b.size()) / kBins && b.size() < kBins && b.back() > 0) {
      b.push_back(0);
      n.push_back(0);
    }
    b.back() += before[i];
    n.back() += now[i];
    passed += static_cast<double>(before[i]);
  }
  return {b, n};
}

double largest_gap(const Counts& before, const Counts& now) {
  const auto n = static_cast<double>(sum(before));
  const auto m = static_cast<double>(sum(now));
  double gap = 0, a = 0, b = 0;
  for (std::size_t i = 0; i < before.size(); ++i) {
    a += static_cast<double>(before[i]) / n;
    b += static_cast<double>(now[i]) / m;
    gap = std::max(gap, std::abs(a - b));
  }
  return gap;
}

std::vector<float> column_of(MatrixView rows, std::size_t feature) {
  std::vector<float> values;
  for (std::size_t r = 0; r < rows.rows; ++r) values.push_back(rows(r, feature));
  return values;
}

Matrix known_normals(const Detector& detector) {
  const Support support = detector.support();
  const MatrixView held_back = detector.rows().held_back;
  Matrix rows(detector.normals() + held_back.rows, support.rows.cols);
  std::size_t next = 0;
  for (std::size_t r = 0; r < support.labels.size(); ++r) {
    if (support.labels[r] == 0) std::ranges::copy(support.rows.row(r), rows.row(next++).begin());
  }
  for (std::size_t r = 0; r < held_back.rows; ++r) std::ranges::copy(held_back.row(r), rows.row(next++).begin());
  return rows;
}

// Which of the features is on: the last place if none is.
std::size_t place_of(std::span<const float> row, const std::vector<std::size_t>& features) {
  for (std::size_t i = 0; i < features.size(); ++i) {
    if (row[features[i]] > 0.5F) return i;
  }
  return features.size();
}

}  // namespace

DriftWatch::Numbers DriftWatch::numbers_of(std::string what, std::size_t feature, const std::vector<float>& values) {
  Numbers numbers{.what = std::move(what), .feature = feature, .values = values, .reference = {}, .now = {}};
  std::ranges::sort(numbers.values);
  numbers.values.erase(std::unique(numbers.values.begin(), numbers.values.end()), numbers.values.end());
  numbers.reference.assign(2 * numbers.values.size() + 1, 0);
  numbers.now = numbers.reference;
  for (const float value : values) {
    const auto at = static_cast<std::size_t>(std::ranges::lower_bound(numbers.values, value) - numbers.values.begin());
    ++numbers.reference[2 * at + 1];
  }
  return numbers;
}

void DriftWatch::count(Numbers& numbers, float value) {
  const auto at = static_cast<std::size_t>(std::ranges::lower_bound(numbers.values, value) - numbers.values.begin());
  const bool equal = at < numbers.values.size() && numbers.values[at] == value;
  ++numbers.now[2 * at + (equal ? 1 : 0)];
}

DriftWatch::DriftWatch(const Detector& detector) : width_(detector.support().rows.cols) {
  if (!detector.calibration().present()) throw ArgumentError("drift is watched against the calibration, and the detector has none");
  scores_ = numbers_of("score", 0, detector.calibration().scores());
  const Matrix reference = known_normals(detector);
  reference_rows_ = reference.rows();
  // The plain view comes first in a joined row: its columns are the preprocessor's features.
  const Preprocessor& preprocessor = detector.preprocessor();
  const std::vector<std::string> columns = preprocessor.schema_columns();
  const std::vector<FeatureKind> kinds = preprocessor.feature_kinds();
  const std::vector<std::uint32_t>& sources = preprocessor.feature_sources();
  std::map<std::uint32_t, std::vector<std::size_t>> indicators;
  for (std::size_t f = 0; f < kinds.size(); ++f) {
    if (kinds[f] == FeatureKind::kNumeric) {
      const bool itself = sources[f] < columns.size() && (f == 0 || kinds[f - 1] != FeatureKind::kNumeric || sources[f - 1] != sources[f]);
      numbers_.push_back(numbers_of(itself ? columns[sources[f]] : preprocessor.feature_names()[f], f, column_of(reference, f)));
    } else {
      indicators[sources[f]].push_back(f);
    }
  }
  for (auto& [source, features] : indicators) {
    // A single indicator is that a number is missing.
    const std::string what = features.size() == 1 ? preprocessor.feature_names()[features.front()] : columns[source];
    Categories category{.what = what, .features = features, .reference = Counts(features.size() + 1), .now = Counts(features.size() + 1)};
    for (std::size_t r = 0; r < reference.rows(); ++r) ++category.reference[place_of(reference.row(r), features)];
    categories_.push_back(std::move(category));
  }
}

void DriftWatch::add(MatrixView rows, std::span<const float> scores) {
  if (rows.rows != scores.size() || (rows.rows > 0 && rows.cols != width_)) {
    throw ShapeError(fmt::format("{} scores for {} rows of {} features where {} belong", scores.size(), rows.rows, rows.cols, width_));
  }
  for (std::size_t r = 0; r < rows.rows; ++r) {
    const std::span<const float> row = rows.row(r);
    count(scores_, scores[r]);
    for (Numbers& numbers : numbers_) count(numbers, row[numbers.feature]);
    for (Categories& category : categories_) ++category.now[place_of(row, category.features)];
  }
  rows_ += rows.rows;
}

std::vector<Drift> DriftWatch::report() const {
  if (rows_ == 0) return {};
  const auto of_numbers = [](const Numbers& numbers) {
    const auto [before, now] = binned(numbers.reference, numbers.now);
    const Index index = stability(before, now);
    return Drift{.what = numbers.what, .psi = index.psi, .ks = largest_gap(numbers.reference, numbers.now), .chance = index.chance};
  };
  std::vector<Drift> all{of_numbers(scores_)};
  for (const Numbers& numbers : numbers_) all.push_back(of_numbers(numbers));
  for (const Categories& category : categories_) {
    // Places that neither side has met are none.
    Counts before, now;
    for (std::size_t i = 0; i < category.now.size(); ++i) {
      if (category.reference[i] + category.now[i] == 0) continue;
      before.push_back(category.reference[i]);
      now.push_back(category.now[i]);
    }
    const Index index = stability(before, now);
    all.push_back({.what = category.what, .psi = index.psi, .ks = std::nullopt, .chance = index.chance});
  }
  for (Drift& drift : all) drift.shifted = drift.psi >= kNotable && drift.chance < kChance / static_cast<double>(all.size());
  std::stable_sort(all.begin() + 1, all.end(), [](const Drift& a, const Drift& b) { return a.psi > b.psi; });
  return all;
}

std::string describe(const DriftWatch& watch, bool json) {
  const std::vector<Drift> all = watch.report();
  if (json) {
    nlohmann::ordered_json list = nlohmann::ordered_json::array();
    for (const Drift& drift : all) {
      list.push_back({{"what", drift.what},
                      {"psi", drift.psi},
                      {"ks", drift.ks ? nlohmann::ordered_json(*drift.ks) : nlohmann::ordered_json()},
                      {"chance", drift.chance},
                      {"shifted", drift.shifted}});
    }
    const nlohmann::ordered_json out = {{"rows", watch.rows()}, {"reference_rows", watch.reference_rows()}, {"drift", list}};
    return out.dump(2) + "\n";
  }
  std::string out =
      fmt::format("drift: {} rows against the {} normal rows that the detector knows\n", watch.rows(), watch.reference_rows());
  if (all.empty()) return out;
  out += fmt::format("  {:<{}}  {:>7}  {:>5}\n", "", kNameWidth, "PSI", "KS");
  for (std::size_t i = 0; i < std::min(all.size(), kShown); ++i) {
    const Drift& drift = all[i];
    out += fmt::format("  {:<{}}  {:>7.3f}  {:>5}  {}\n", printable(drift.what, kNameWidth), kNameWidth, drift.psi,
                       drift.ks ? fmt::format("{:.2f}", *drift.ks) : "", drift.shifted ? "shifted" : "as before");
  }
  if (all.size() > kShown) out += fmt::format("  ({} columns more, less shifted)\n", all.size() - kShown);
  return out;
}

}  // namespace oddshot
