// Histogram-based outlier score: how rare a row's columns are, each by its own histogram of the normals, the columns taken as independent.
//   score(x) = sum over j of log((N + (B + 1) / 2) / (c_j(x) + 1 / 2))
// c_j(x): normals in the bin of column j that x_j falls into, 0 outside their range; B = ceil(sqrt N) bins of equal width. The half a row
// that every bin (and what lies outside, as one more) has beforehand keeps empty ones finite. A constant column is one bin.
// The fitting scores are exact: the histograms are those of the other normals.
// Source: Goldstein, Dengel 2012, "Histogram-based outlier score (HBOS): a fast unsupervised anomaly detection algorithm"; sqrt N bins and
// static width as there, counts instead of relative heights.   O(D N) to fit, O(D) a row to score.
#include <algorithm>
#include <cmath>
#include <optional>

#include "experts/fitted.h"

namespace oddshot {
namespace {

constexpr double kPrior = 0.5;

std::size_t bins_for(std::size_t rows) { return static_cast<std::size_t>(std::ceil(std::sqrt(static_cast<double>(rows)))); }

// One column's histogram.
class Histogram {
 public:
  // values: at least one.
  Histogram(std::span<const float> values, std::size_t bins) : counts_(bins) {
    const auto [low, high] = std::ranges::minmax(values);
    low_ = static_cast<double>(low);
    high_ = static_cast<double>(high);
    for (const float value : values) ++counts_[bin(value).value()];
  }

  std::optional<std::size_t> bin(float value) const {
    const auto x = static_cast<double>(value);
    if (x < low_ || x > high_) return std::nullopt;
    if (low_ == high_) return 0;
    const auto place = static_cast<std::size_t>((x - low_) / (high_ - low_) * static_cast<double>(counts_.size()));
    return std::min(place, counts_.size() - 1);
  }
  std::size_t count(std::optional<std::size_t> bin) const { return bin ? counts_[*bin] : 0; }
  bool at_an_end(float value) const { return static_cast<double>(value) == low_ || static_cast<double>(value) == high_; }

 private:
  double low_ = 0;
  double high_ = 0;
  std::vector<std::uint32_t> counts_;
};

// log((N + (B + 1) / 2) / (count + 1 / 2)) for counts 0 to N.
std::vector<double> rarity_table(std::size_t rows) {
  std::vector<double> table(rows + 1);
  const double all = static_cast<double>(rows) + kPrior * static_cast<double>(bins_for(rows) + 1);
  for (std::size_t count = 0; count <= rows; ++count) table[count] = std::log(all / (static_cast<double>(count) + kPrior));
  return table;
}

class FittedHbos final : public Fitted {
 public:
  FittedHbos(std::string_view name, MatrixView normals)
      : Fitted(name, normals.cols), rarity_(rarity_table(normals.rows)), fitting_scores_(normals.rows) {
    const std::size_t n = normals.rows;
    std::vector<float> values(n);
    std::vector<double> left_out(n);
    const std::vector<double> rarity_of_rest = rarity_table(n - 1);
    for (std::size_t c = 0; c < normals.cols; ++c) {
      for (std::size_t r = 0; r < n; ++r) values[r] = normals(r, c);
      columns_.emplace_back(values, bins_for(n));
      const Histogram all(values, bins_for(n - 1));
      for (std::size_t r = 0; r < n; ++r) left_out[r] += rarity_of_rest[count_without(values, r, all)];
    }
    for (std::size_t r = 0; r < n; ++r) fitting_scores_[r] = static_cast<float>(left_out[r]);
  }

  std::vector<float> fitting_scores() const override { return fitting_scores_; }

 private:
  // The other rows in the bin of row r, in the histogram of the others; `all`: that of all rows.
  static std::size_t count_without(const std::vector<float>& values, std::size_t r, const Histogram& all) {
    const float value = values[r];
    if (!all.at_an_end(value) || std::ranges::count(values, value) > 1) return all.count(all.bin(value)) - 1;
    return 0;  // alone at an end, it is outside the range of the others
  }

  void score_rows(MatrixView rows, std::span<float> out) const override {
    for (std::size_t r = 0; r < out.size(); ++r) {
      const auto row = rows.row(r);
      double sum = 0;
      for (std::size_t c = 0; c < row.size(); ++c) sum += rarity_[columns_[c].count(columns_[c].bin(row[c]))];
      out[r] = static_cast<float>(sum);
    }
  }

  std::vector<double> rarity_;         // by count
  std::vector<Histogram> columns_;     // [D]
  std::vector<float> fitting_scores_;  // [N]
};

class Hbos final : public Expert {
 public:
  std::string_view name() const override { return "hbos"; }
  bool uses_labels() const override { return false; }
  std::unique_ptr<FittedExpert> fit(MatrixView normals, MatrixView anomalies, Stream /*stream*/) const override {
    check_support(*this, normals, anomalies);
    return std::make_unique<FittedHbos>(name(), normals);
  }
};

}  // namespace

const Expert& hbos_expert() {
  static const Hbos expert;
  return expert;
}

}  // namespace oddshot
