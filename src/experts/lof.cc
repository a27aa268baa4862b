// Local outlier factor: how much thinner a row's surroundings are than those of its k nearest normals.
//   reach(x, y) = max(|x - y|, distance from y to its k-th nearest other normal)
//   density(x)  = 1 / (mean of reach(x, y) over the k nearest normals y of x + 1e-10)
//   score(x)    = mean of density(y) over them / density(x)          about 1 inside, larger outside
// k = min(20, N - 1). The 1e-10 keeps a density finite where rows coincide, as scikit-learn does (LocalOutlierFactor, novelty=True),
// whose scores are these with the sign turned.
// Source: Breunig, Kriegel, Ng, Sander 2000, "LOF: identifying density-based local outliers".
#include <algorithm>
#include <cmath>
#include <limits>

#include "experts/fitted.h"
#include "experts/nearest_rows.h"

namespace oddshot {
namespace {

constexpr std::size_t kNeighbours = 20;
constexpr double kSmallestReach = 1e-10;
constexpr std::size_t kNobody = static_cast<std::size_t>(-1);

// Sorted lists of each normal's nearest other normals, read as if one normal (`gone`, or kNobody) were not there. A list holds one entry
// more than k, so that it still reaches k when one is gone.
class Surroundings {
 public:
  Surroundings(const Neighbours& lists, std::size_t k, std::size_t gone) : lists_(lists), k_(k), gone_(gone) {}

  // Calls visit(normal, distance) for the k nearest others of `row`.
  template <class Visit>
  void for_each(std::size_t row, const Visit& visit) const {
    const std::uint32_t* index = lists_.indices_of(row);
    std::size_t left = k_;
    for (std::size_t j = 0; left > 0; ++j) {
      if (index[j] == gone_) continue;
      visit(index[j], lists_.distances(row, j));
      --left;
    }
  }

  double k_distance(std::size_t row) const {
    const std::uint32_t* index = lists_.indices_of(row);
    const bool shifted = std::find(index, index + k_, gone_) != index + k_;
    return lists_.distances(row, shifted ? k_ : k_ - 1);
  }

  double density(std::size_t row) const {
    double sum = 0;
    for_each(row, [&](std::size_t other, double distance) { sum += std::max(distance, k_distance(other)); });
    return 1 / (sum / static_cast<double>(k_) + kSmallestReach);
  }

 private:
  const Neighbours& lists_;
  std::size_t k_;
  std::size_t gone_;
};

class FittedLof final : public Fitted {
 public:
  FittedLof(std::string_view name, MatrixView normals)
      : Fitted(name, normals.cols),
        normals_(normals),
        k_(std::min(kNeighbours, normals.rows - 1)),
        others_(normals_.find_others(std::min(kNeighbours + 1, normals.rows - 1))),
        k_distance_(normals.rows),
        density_(normals.rows) {
    const Surroundings all(others_, k_, kNobody);
    for (std::size_t r = 0; r < normals.rows; ++r) {
      k_distance_[r] = all.k_distance(r);
      density_[r] = all.density(r);
    }
  }

  // Exact, from the distances found in fitting: densities are formed anew around each row that is left out. O(N k^3).
  std::vector<float> fitting_scores() const override {
    const std::size_t n = normals_.size();
    std::vector<float> scores(n, std::numeric_limits<float>::quiet_NaN());
    if (n < 3) return scores;  // one normal left has no density
    const std::size_t k = std::min(kNeighbours, n - 2);
    for (std::size_t r = 0; r < n; ++r) {
      const Surroundings rest(others_, k, r);
      double density = 0;
      double reach = 0;
      rest.for_each(r, [&](std::size_t other, double distance) {
        density += rest.density(other);
        reach += std::max(distance, rest.k_distance(other));
      });
      scores[r] = factor(density, reach, k);
    }
    return scores;
  }

 private:
  void score_rows(MatrixView rows, std::span<float> out) const override {
    const Neighbours neighbours = normals_.find(rows, k_);
    for (std::size_t r = 0; r < out.size(); ++r) {
      const std::uint32_t* index = neighbours.indices_of(r);
      double density = 0;
      double reach = 0;
      for (std::size_t j = 0; j < k_; ++j) {
        density += density_[index[j]];
        reach += std::max<double>(neighbours.distances(r, j), k_distance_[index[j]]);
      }
      out[r] = factor(density, reach, k_);
    }
  }

  // From the sums over the k neighbours.
  static float factor(double density, double reach, std::size_t k) {
    const auto count = static_cast<double>(k);
    return static_cast<float>(density / count * (reach / count + kSmallestReach));
  }

  NearestRows normals_;
  std::size_t k_;
  Neighbours others_;
  std::vector<double> k_distance_;  // [N]
  std::vector<double> density_;     // [N]
};

class Lof final : public Expert {
 public:
  std::string_view name() const override { return "lof"; }
  bool uses_labels() const override { return false; }
  std::unique_ptr<FittedExpert> fit(MatrixView normals, MatrixView anomalies, Stream /*stream*/) const override {
    check_support(*this, normals, anomalies);
    return std::make_unique<FittedLof>(name(), normals);
  }
};

}  // namespace

const Expert& lof_expert() {
  static const Lof expert;
  return expert;
}

}  // namespace oddshot
