#include "oddshot/experts/attribution.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <numeric>

#include <fmt/format.h>

#include "oddshot/base/error.h"
#include "oddshot/base/random.h"

namespace oddshot {
namespace {

constexpr std::size_t kMostSubsets = 20;  // groups of which all sets could be scored: a million rows
constexpr std::size_t kRows = 1024;       // scored at a time

// x against one background row.
class Game {
 public:
  Game(const RowScore& score, std::span<const float> x, std::span<const float> background, std::span<const std::uint32_t> group,
       std::size_t groups)
      : score_(score), x_(x), background_(background) {
    std::vector<std::vector<std::uint32_t>> columns(groups);
    std::vector<bool> differs(groups);
    for (std::uint32_t c = 0; c < x.size(); ++c) {
      columns[group[c]].push_back(c);
      if (x[c] != background[c]) differs[group[c]] = true;
    }
    for (std::uint32_t g = 0; g < groups; ++g) {
      if (!differs[g]) continue;
      players_.push_back(g);
      columns_.push_back(std::move(columns[g]));
    }
    whole_ = value_of(x);
    empty_ = value_of(background);
  }

  std::size_t players() const { return players_.size(); }
  std::uint32_t group(std::size_t player) const { return players_[player]; }
  double whole() const { return whole_; }
  double empty() const { return empty_; }
  std::size_t evaluations() const { return evaluations_; }

  // Every player's Shapley value from all 2^m sets.
  std::vector<double> exact() {
    const std::size_t m = players();
    const std::size_t sets = std::size_t{1} << m;
    std::vector<double> value(sets);
    for_rows(
        sets,
        [&](std::size_t set, std::span<float> row) {
          std::ranges::copy(background_, row.begin());
          for (std::size_t p = 0; p < m; ++p) {
            if ((set >> p & 1U) != 0) take(p, x_, row);
          }
        },
        value);
    // |S|! (m - |S| - 1)! / m!, for every size of S: 1 / m over the binomial of m - 1 and |S|
    std::vector<double> weight(m);
    double binomial = 1;
    for (std::size_t s = 0; s < m; ++s) {
      weight[s] = 1 / (static_cast<double>(m) * binomial);
      binomial *= static_cast<double>(m - 1 - s) / static_cast<double>(s + 1);
    }
    std::vector<double> share(m);
    for (std::size_t set = 0; set < sets; ++set) {
      for (std::size_t p = 0; p < m; ++p) {
        const std::size_t bit = std::size_t{1} << p;
        if ((set & bit) == 0) share[p] += weight[static_cast<std::size_t>(std::popcount(set))] * (value[set | bit] - value[set]);
      }
    }
    return share;
  }

  // What each player adds in its turn, along an order and its reverse: the mean of the two, added to `sum` and squared to `squares`.
  void sample_pair(Stream& stream, std::vector<double>& sum, std::vector<double>& squares) {
    const std::size_t m = players();
    std::vector<std::size_t> order(m);
    std::iota(order.begin(), order.end(), std::size_t{0});
    stream.shuffle(std::span(order));
    std::vector<double> added(m);
    for (int way = 0; way < 2; ++way) {
      std::vector<float> row(background_.begin(), background_.end());
      std::vector<double> value(m - 1);  // after each turn but the last, which is x
      for_rows(
          m - 1,
          [&](std::size_t turn, std::span<float> out) {
            take(order[turn], x_, row);
            std::ranges::copy(row, out.begin());
          },
          value);
      double before = empty_;
      for (std::size_t turn = 0; turn < m; ++turn) {
        const double after = turn + 1 < m ? value[turn] : whole_;
        added[order[turn]] += 0.5 * (after - before);
        before = after;
      }
      std::ranges::reverse(order);
    }
    for (std::size_t p = 0; p < m; ++p) {
      sum[p] += added[p];
      squares[p] += added[p] * added[p];
    }
  }

 private:
  void take(std::size_t player, std::span<const float> from, std::span<float> row) const {
    for (const std::uint32_t c : columns_[player]) row[c] = from[c];
  }
  double value_of(std::span<const float> row) {
    float value = 0;
    score_({row.data(), 1, row.size(), row.size()}, {&value, 1});
    ++evaluations_;
    return value;
  }
  // fill(i, row) for i = 0, 1, .. in order; the rows' scores to `value`.
  template <class Fill>
  void for_rows(std::size_t count, const Fill& fill, std::vector<double>& value) {
    std::vector<float> scores;
    for (std::size_t first = 0; first < count; first += kRows) {
      Matrix rows(std::min(kRows, count - first), x_.size());
      for (std::size_t r = 0; r < rows.rows(); ++r) fill(first + r, rows.row(r));
      scores.resize(rows.rows());
      score_(rows, scores);
      std::ranges::copy(scores, value.begin() + static_cast<std::ptrdiff_t>(first));
      evaluations_ += rows.rows();
    }
  }

  const RowScore& score_;
  std::span<const float> x_, background_;
  std::vector<std::uint32_t> players_;               // groups in which x and the background row differ
  std::vector<std::vector<std::uint32_t>> columns_;  // [players]
  double whole_ = 0, empty_ = 0;
  std::size_t evaluations_ = 0;
};

void check(std::span<const float> x, MatrixView background, std::span<const std::uint32_t> group, std::size_t groups) {
  if (background.rows == 0) throw ArgumentError("no background row to explain a score against");
  if (background.cols != x.size() || group.size() != x.size()) {
    throw ShapeError(
        fmt::format("a row of {} columns against background rows of {}, with groups for {}", x.size(), background.cols, group.size()));
  }
  const auto beyond = std::ranges::find_if(group, [groups](std::uint32_t g) { return g >= groups; });
  if (beyond != group.end()) throw ShapeError(fmt::format("column {} is of group {} of {}", beyond - group.begin(), *beyond, groups));
}

}  // namespace

void AttributionOptions::validate() const {
  if (evaluations < 64 || evaluations > 10'000'000) {
    throw ArgumentError(fmt::format("the number of evaluations is {}; it must be 64 to 10000000", evaluations));
  }
}

Attribution attribute(const RowScore& score, std::span<const float> x, MatrixView background, std::span<const std::uint32_t> group,
                      std::size_t groups, const AttributionOptions& options) {
  options.validate();
  check(x, background, group, groups);
  Attribution result;
  result.share.resize(groups);
  result.error.resize(groups);
  result.exact = true;
  const auto rows = static_cast<double>(background.rows);
  const std::size_t budget = options.evaluations / background.rows;
  const Stream all(options.seed, Purpose::kExplain, 0);
  for (std::size_t b = 0; b < background.rows; ++b) {
    Game game(score, x, background.row(b), group, groups);
    const std::size_t m = game.players();
    result.score = game.whole();
    result.baseline += game.empty() / rows;
    if (m < 3 || (m <= kMostSubsets && std::size_t{1} << m <= budget)) {
      const std::vector<double> share = game.exact();
      for (std::size_t p = 0; p < m; ++p) result.share[game.group(p)] += share[p] / rows;
    } else {
      result.exact = false;
      const std::size_t pairs = std::max<std::size_t>(2, budget / (2 * (m - 1)));
      Stream stream = all.fork(static_cast<std::uint32_t>(b));
      std::vector<double> sum(m);
      std::vector<double> squares(m);
      for (std::size_t i = 0; i < pairs; ++i) game.sample_pair(stream, sum, squares);
      const auto n = static_cast<double>(pairs);
      for (std::size_t p = 0; p < m; ++p) {
        const double mean = sum[p] / n;
        result.share[game.group(p)] += mean / rows;
        result.error[game.group(p)] += std::max(0.0, squares[p] / n - mean * mean) / (n - 1) / (rows * rows);  // a variance
      }
    }
    result.evaluations += game.evaluations();
  }
  for (double& error : result.error) error = std::sqrt(error);
  return result;
}

}  // namespace oddshot
