#include "oddshot/experts/table_space.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <utility>

#include <fmt/format.h>

#include "experts/table/context.h"
#include "experts/table/standard.h"
#include "experts/table/task.h"
#include "oddshot/base/error.h"

namespace oddshot {
namespace {

using table::Block;
using table::Family;
using table::FamilyEntry;
using table::Standard;
using table::Task;

// From columns alone; then what sees their scores, first those that need no anomaly.
constexpr std::array<const FamilyEntry*, 6> kFirst = {&table::kNearest, &table::kTails,       &table::kDensity,
                                                      &table::kRarity,  &table::kConditional, &table::kSubspaceNear};
constexpr std::array<const FamilyEntry*, 7> kSecond = {&table::kScoreNear, &table::kContrast, &table::kSubspaceContrast,
                                                       &table::kWeighted,  &table::kRidge,    &table::kLikelihood,
                                                       &table::kTrees};
// Rows scored at a time: their distances to the support and what the experts make of them stay in the second-level cache.
constexpr std::size_t kBlock = 128;

template <class Entries>
std::size_t names_of(const Entries& entries) {
  std::size_t count = 0;
  for (const FamilyEntry* entry : entries) count += entry->names.size();
  return count;
}

std::vector<std::string> all_names() {
  std::vector<std::string> names;
  for (const FamilyEntry* entry : kFirst) names.insert(names.end(), entry->names.begin(), entry->names.end());
  for (const FamilyEntry* entry : kSecond) names.insert(names.end(), entry->names.begin(), entry->names.end());
  const std::size_t experts = names.size();
  for (std::size_t e = 0; e < experts; ++e) names.push_back(names[e] + "/tail");
  for (const std::string_view name : table::kContextNames) names.push_back(fmt::format("table/{}", name));
  return names;
}

void check_finite(MatrixView rows) {
  for (std::size_t r = 0; r < rows.rows; ++r) {
    for (std::size_t c = 0; c < rows.cols; ++c) {
      if (!std::isfinite(rows(r, c))) throw ArgumentError(fmt::format("row {}, column {}: {} is not a finite number", r, c, rows(r, c)));
    }
  }
}

// A number by the ranks of a row's columns: the same whatever the other rows' order and the columns' units.
std::uint64_t hash_of(std::span<const std::uint32_t> ranks) {
  std::uint64_t hash = 0x9E3779B97F4A7C15ULL;
  for (const std::uint32_t rank : ranks) {
    hash = (hash ^ rank) * 0xBF58476D1CE4E5B9ULL;
    hash ^= hash >> 29U;
  }
  return hash;
}

// Row numbers in an order that does not depend on how the rows came: by the hash of their columns' ranks among `among`.
std::vector<std::uint32_t> in_order(MatrixView rows, std::span<const std::uint32_t> chosen, std::span<const std::uint32_t> among) {
  BasicMatrix<std::uint32_t> ranks(chosen.size(), rows.cols);
  std::vector<float> sorted(among.size());
  for (std::size_t j = 0; j < rows.cols; ++j) {
    for (std::size_t i = 0; i < among.size(); ++i) sorted[i] = rows(among[i], j);
    std::ranges::sort(sorted);
    for (std::size_t i = 0; i < chosen.size(); ++i) {
      ranks(i, j) = static_cast<std::uint32_t>(std::ranges::lower_bound(sorted, rows(chosen[i], j)) - sorted.begin());
    }
  }
  std::vector<std::pair<std::uint64_t, std::uint32_t>> order;
  for (std::size_t i = 0; i < chosen.size(); ++i) order.emplace_back(hash_of(ranks.row(i)), chosen[i]);
  std::ranges::sort(order);
  std::vector<std::uint32_t> out;
  for (const auto& [hash, row] : order) out.push_back(row);
  return out;
}

}  // namespace

struct TableScores::Fitted {
  std::size_t inputs = 0;
  std::unique_ptr<Task> task;
  std::vector<std::unique_ptr<Family>> first, second;
  std::vector<Standard> standards;  // [experts]
  std::array<float, table::kContextNames.size()> context{};
  Matrix support;  // [S x width]

  // The families' scores of the block's rows: [B x names].
  template <class Entries>
  Matrix raw(const Entries& entries, const std::vector<std::unique_ptr<Family>>& families, const Block& block) const {
    Matrix out(block.rows, names_of(entries));
    std::size_t at = 0;
    for (std::size_t f = 0; f < entries.size(); ++f) {
      families[f]->score(block, out, at);
      at += entries[f]->names.size();
    }
    return out;
  }
  void standardise_by(const Matrix& normals) {
    std::vector<float> scores(normals.rows());
    for (std::size_t e = 0; e < normals.cols(); ++e) {
      for (std::size_t i = 0; i < scores.size(); ++i) scores[i] = normals(i, e);
      standards.emplace_back(scores);
    }
  }
  Matrix levels(const Matrix& raw) const {
    Matrix out(raw.rows(), raw.cols());
    for (std::size_t b = 0; b < raw.rows(); ++b) {
      for (std::size_t e = 0; e < raw.cols(); ++e) out(b, e) = standards[e].level(raw(b, e));
    }
    return out;
  }
  // The numbers of a block's row b, by its scores of either kind.
  void write(const Block& block, std::size_t b, std::span<const float> one, std::span<const float> two, std::span<float> out) const {
    const bool own = block.normal_of(b) != table::kNobody;
    const std::size_t experts = standards.size();
    for (std::size_t e = 0; e < experts; ++e) {
      const float score = e < one.size() ? one[e] : two[e - one.size()];
      out[e] = standards[e].level(score);
      out[experts + e] = standards[e].tail(score, own);
    }
    std::ranges::copy(context, out.begin() + static_cast<std::ptrdiff_t>(2 * experts));
  }
};

TableScores::TableScores(std::unique_ptr<Fitted> fitted) : fitted_(std::move(fitted)) {}
TableScores::~TableScores() = default;
TableScores::TableScores(TableScores&&) noexcept = default;
TableScores& TableScores::operator=(TableScores&&) noexcept = default;

const Matrix& TableScores::support() const { return fitted_->support; }

Matrix TableScores::score(MatrixView rows) const {
  if (rows.cols != fitted_->inputs) {
    throw ShapeError(fmt::format("rows of {} columns to score; the support has {}", rows.cols, fitted_->inputs));
  }
  check_finite(rows);
  Matrix out(rows.rows, TableSpace::width());
  Block block;
  for (std::size_t first = 0; first < rows.rows; first += kBlock) {
    table::fill_block(*fitted_->task, rows.slice(first, std::min(kBlock, rows.rows - first)), block);
    const Matrix one = fitted_->raw(kFirst, fitted_->first, block);
    block.scores = fitted_->levels(one);
    table::fill_score_distances(*fitted_->task, block);
    const Matrix two = fitted_->raw(kSecond, fitted_->second, block);
    for (std::size_t b = 0; b < block.rows; ++b) fitted_->write(block, b, one.row(b), two.row(b), out.row(first + b));
  }
  return out;
}

std::size_t TableSpace::experts() { return names_of(kFirst) + names_of(kSecond); }
std::size_t TableSpace::unlabelled() { return names_of(kFirst) + table::kScoreNear.names.size(); }
std::size_t TableSpace::width() { return 2 * experts() + table::kContextNames.size(); }
const std::vector<std::string>& TableSpace::names() {
  static const std::vector<std::string> names = all_names();
  return names;
}

TableScores TableSpace::fit(MatrixView rows, std::span<const std::uint8_t> labels, ScoreList list) {
  if (labels.size() != rows.rows) throw ShapeError(fmt::format("{} labels for {} support rows", labels.size(), rows.rows));
  if (rows.cols == 0) throw ShapeError("a support without columns");
  check_finite(rows);
  std::vector<std::uint32_t> normals;
  std::vector<std::uint32_t> anomalies;
  for (std::size_t i = 0; i < rows.rows; ++i) (labels[i] == 0 ? normals : anomalies).push_back(static_cast<std::uint32_t>(i));
  if (normals.size() < 2) throw ArgumentError(fmt::format("{} normal rows in the support; table space needs at least 2", normals.size()));
  std::vector<std::uint32_t> everyone(rows.rows);
  std::iota(everyone.begin(), everyone.end(), 0U);
  normals = in_order(rows, normals, normals);
  anomalies = in_order(rows, anomalies, everyone);
  const auto used = std::span<const std::uint32_t>(normals).first(std::min(normals.size(), kMostNormals));
  const auto others = std::span<const std::uint32_t>(normals).subspan(used.size());

  auto fitted = std::make_unique<TableScores::Fitted>();
  fitted->inputs = rows.cols;
  const Matrix normal_rows = gathered(rows, used);
  fitted->task = table::describe(table::Columns(normal_rows), normal_rows, gathered(rows, anomalies));
  Task& task = *fitted->task;
  task.list = list;
  for (const FamilyEntry* entry : kFirst) fitted->first.push_back(entry->fit(task));
  const Matrix normals_one = fitted->raw(kFirst, fitted->first, task.normals);
  const Matrix anomalies_one = fitted->raw(kFirst, fitted->first, task.anomalies);
  fitted->standardise_by(normals_one);
  task.normals.scores = fitted->levels(normals_one);
  task.anomalies.scores = fitted->levels(anomalies_one);
  table::place_scores(task);
  for (const FamilyEntry* entry : kSecond) fitted->second.push_back(entry->fit(task));
  const Matrix normals_two = fitted->raw(kSecond, fitted->second, task.normals);
  const Matrix anomalies_two = fitted->raw(kSecond, fitted->second, task.anomalies);
  fitted->standardise_by(normals_two);
  fitted->context = table::context_of(task);

  fitted->support.resize(rows.rows, width());
  for (std::size_t i = 0; i < task.n; ++i) {
    fitted->write(task.normals, i, normals_one.row(i), normals_two.row(i), fitted->support.row(used[i]));
  }
  for (std::size_t i = 0; i < task.k; ++i) {
    fitted->write(task.anomalies, i, anomalies_one.row(i), anomalies_two.row(i), fitted->support.row(anomalies[i]));
  }
  TableScores scores(std::move(fitted));
  // Normals that do not serve are rows like any other.
  const Matrix of_others = scores.score(gathered(rows, others));
  for (std::size_t i = 0; i < others.size(); ++i) std::ranges::copy(of_others.row(i), scores.fitted_->support.row(others[i]).begin());
  return scores;
}

}  // namespace oddshot
