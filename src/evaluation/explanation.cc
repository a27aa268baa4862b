#include "oddshot/evaluation/explanation.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <utility>

#include <fmt/format.h>

#include "oddshot/base/error.h"
#include "oddshot/data/views.h"

namespace oddshot {
namespace {

constexpr float kFar = 2;                          // deviations that count as wholly different
constexpr float kClip = ViewOptions{}.plain_clip;  // beyond it numbers count as equal
constexpr double kUnlike = 0.5;                    // from so much of that on a column is named
constexpr const char* kMissing = "(missing)";

double inverse(double t, NumericTransform transform) {
  return transform == NumericTransform::kIdentity ? t : std::copysign(std::expm1(std::fabs(t)), t);
}

void check_range(const char* what, std::size_t value, std::size_t low, std::size_t high) {
  if (value < low || value > high) throw ArgumentError(fmt::format("{} is {}; it must be {} to {}", what, value, low, high));
}

std::string value_of(const Column& column, std::uint32_t row) {
  if (column.kind == ColumnKind::kNumeric) {
    return std::isnan(column.numbers[row]) ? kMissing : fmt::format("{:.6g}", column.numbers[row]);
  }
  return column.codes[row] == Column::kMissingCode ? kMissing : column.categories[static_cast<std::size_t>(column.codes[row])];
}

// What a value known by its feature alone must be said with: a clipped one may be any beyond.
std::string_view clipped_at(const FittedColumn& column, std::span<const float> features) {
  if (column.kind != ColumnKind::kNumeric) return "";
  const float feature = features[column.first_feature];
  if (feature >= kClip) return " or more";
  return feature <= -kClip ? " or less" : "";
}

}  // namespace

void ExplainOptions::validate() const {
  check_range("the number of background rows", background, 1, 100);
  check_range("the number of neighbours", neighbours, 0, 100);
  AttributionOptions{evaluations, seed}.validate();
}

bool Explanation::looks_like_anomaly() const {
  return !anomalies.empty() && (normals.empty() || anomalies.front().distance < normals.front().distance);
}

Explainer::Explainer(const Preprocessor& preprocessor, Matrix normals, Matrix anomalies, RowScore score, const ExplainOptions& options)
    : options_(options),
      score_(std::move(score)),
      transform_(numeric_transform(preprocessor)),
      fitted_(fitted_columns(preprocessor)),
      normals_(std::move(normals)),
      anomalies_(std::move(anomalies)) {
  options_.validate();
  const std::vector<std::string> names = preprocessor.schema_columns();
  const std::vector<std::uint32_t>& sources = preprocessor.feature_sources();
  const std::vector<FeatureKind> kinds = preprocessor.feature_kinds();
  for (const Matrix* known : {&normals_, &anomalies_}) {
    if (known->rows() > 0 && known->cols() != sources.size()) {
      throw ShapeError(fmt::format("known rows of {} features where there are {}", known->cols(), sources.size()));
    }
  }
  std::vector<std::optional<std::size_t>> player_of(names.size());  // columns that only order windows are no players
  group_.resize(sources.size());
  for (std::uint32_t f = 0; f < sources.size(); ++f) {
    std::optional<std::size_t>& player = player_of[sources[f]];
    if (!player) {
      player = players_.size();
      players_.push_back({names[sources[f]], {}, std::nullopt});
    }
    players_[*player].features.push_back(f);
    group_[f] = static_cast<std::uint32_t>(*player);
    weight_.push_back(kinds[f] == FeatureKind::kNumeric ? 1 / kFar : 1.0F);
  }
  for (Player& player : players_) {
    const auto found = std::ranges::find(fitted_, player.name, &FittedColumn::name);
    if (found != fitted_.end()) player.fitted = static_cast<std::size_t>(found - fitted_.begin());
  }
}

Explanation Explainer::explain(const Table& table, std::uint32_t row, std::span<const float> features) const {
  Explanation result = explain(features);
  result.row = row;
  for (ColumnShare& one : result.columns) one.value = value_of(table.column(one.column), row);
  return result;
}

Explanation Explainer::explain(std::span<const float> features) const {
  Explanation result;
  // Known rows may be clipped, and the row be one of them.
  std::vector<float> clipped(features.begin(), features.end());
  for (std::size_t f = 0; f < clipped.size(); ++f) {
    if (weight_[f] < 1) clipped[f] = std::clamp(clipped[f], -kClip, kClip);
  }
  const std::vector<Compared> order = by_distance(clipped, normals_);
  Matrix background(std::min(options_.background, order.size()), features.size());
  for (std::size_t b = 0; b < background.rows(); ++b) std::ranges::copy(normals_.row(order[b].row), background.row(b).begin());
  const Attribution found =
      attribute(score_, features, background, group_, players_.size(), {.evaluations = options_.evaluations, .seed = options_.seed});
  result.score = found.score;
  result.baseline = found.baseline;
  result.exact = found.exact;
  Matrix own(1, features.size());
  std::ranges::copy(features, own.row(0).begin());
  for (std::size_t p = 0; p < players_.size(); ++p) {
    std::string value = usual(players_[p], own).value_or("");
    if (players_[p].fitted) value += clipped_at(fitted_[*players_[p].fitted], features);
    result.columns.push_back({players_[p].name, std::move(value), usual(players_[p], background), found.share[p], found.error[p]});
  }
  std::ranges::stable_sort(result.columns, std::greater<>(), [](const ColumnShare& one) { return std::fabs(one.share); });
  result.normals = named(clipped, normals_, order);
  result.anomalies = named(clipped, anomalies_, by_distance(clipped, anomalies_));
  return result;
}

// How different two rows are in a column, 0 to 1.
double Explainer::difference(const Player& player, std::span<const float> a, std::span<const float> b) const {
  float largest = 0;
  for (const std::uint32_t f : player.features) largest = std::max(largest, weight_[f] * std::fabs(a[f] - b[f]));
  return std::min(1.0F, largest);
}

std::vector<Explainer::Compared> Explainer::by_distance(std::span<const float> x, const Matrix& rows) const {
  std::vector<Compared> all(rows.rows());
  for (std::size_t i = 0; i < all.size(); ++i) {
    all[i].row = i;
    for (const Player& player : players_) all[i].distance += difference(player, x, rows.row(i)) / static_cast<double>(players_.size());
  }
  std::ranges::stable_sort(all, {}, &Compared::distance);
  return all;
}

std::vector<KnownRow> Explainer::named(std::span<const float> x, const Matrix& rows, const std::vector<Compared>& order) const {
  std::vector<KnownRow> out;
  for (std::size_t i = 0; i < std::min(options_.neighbours, order.size()); ++i) {
    std::vector<std::pair<double, std::size_t>> unlike;
    for (std::size_t p = 0; p < players_.size(); ++p) {
      const double d = difference(players_[p], x, rows.row(order[i].row));
      if (d > kUnlike) unlike.emplace_back(d, p);
    }
    std::ranges::stable_sort(unlike, std::greater<>(), &std::pair<double, std::size_t>::first);
    KnownRow known{order[i].row + 1, order[i].distance, {}};
    for (const auto& [d, p] : unlike) known.unlike.push_back(players_[p].name);
    out.push_back(std::move(known));
  }
  return out;
}

std::optional<std::string> Explainer::usual(const Player& player, const Matrix& background) const {
  if (!player.fitted) return std::nullopt;
  const FittedColumn& column = fitted_[*player.fitted];
  std::vector<std::size_t> seen(column.features + 1);  // indicators by place; the last: none is 1
  std::vector<double> numbers;
  for (std::size_t b = 0; b < background.rows(); ++b) {
    const auto features = background.row(b).subspan(column.first_feature, column.features);
    const std::size_t first = column.kind == ColumnKind::kNumeric ? 1 : 0;
    const auto one = std::find(features.begin() + static_cast<std::ptrdiff_t>(first), features.end(), 1.0F);
    ++seen[static_cast<std::size_t>(one - features.begin())];
    if (first == 1 && one == features.end()) numbers.push_back(features[0]);
  }
  if (column.kind == ColumnKind::kNumeric) {
    if (2 * numbers.size() < background.rows()) return kMissing;
    const auto middle = numbers.begin() + static_cast<std::ptrdiff_t>((numbers.size() - 1) / 2);
    std::ranges::nth_element(numbers, middle);
    // A float again, as the table has them.
    const auto value = static_cast<float>(inverse(*middle * column.deviation + column.mean, transform_));
    return fmt::format("{:.4g}", std::fabs(value) < 1e-6F * std::fabs(column.deviation) ? 0.0F : value);
  }
  const auto most = static_cast<std::size_t>(std::ranges::max_element(seen) - seen.begin());
  if (most < column.categories.size()) return column.categories[most];
  return most == column.categories.size() ? "(unseen)" : kMissing;
}

}  // namespace oddshot
