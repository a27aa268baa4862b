// One view of one task, as the score families see it: the support's rows of each class, the reference rows, and what fitting found.
// Symbols: d columns of the view, n normals, k anomalies, r reference rows.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "experts/random_tree.h"
#include "oddshot/base/aligned.h"
#include "oddshot/base/matrix.h"

namespace oddshot::scores {

inline constexpr std::size_t kNobody = static_cast<std::size_t>(-1);
// How many neighbours scores ask for at most.
inline constexpr std::size_t kNearNormals = 20;
inline constexpr std::size_t kNearAnomalies = 3;
inline constexpr std::size_t kNearReference = 5;

// The reference rows of a view with what is computed of them once, for every task.
struct ReferenceView {
  Matrix rows;                    // [r x d]
  AlignedVector<float> variance;  // [d]
  Matrix precision;               // [d x d] inverse of the shrunk covariance
};

// A linear score w . x + b that knows what each support row would score without itself (ridge.cc, discriminant.cc).
struct LinearFit {
  AlignedVector<float> weights;  // [d], empty if there is no anomaly
  float bias = 0;
  std::vector<float> normals_left_out, anomalies_left_out;  // [n], [k]

  float predict(std::span<const float> x) const;  // of a row that is not in the support
};

// Per-column Gaussians of each class (likelihood_ratio.cc): the log ratio is a sum of a_j x_j^2 + b_j x_j, and a constant.
struct RatioFit {
  AlignedVector<float> square, linear;  // [d] a, b
  float constant = 0;
  AlignedVector<float> normal_squares, anomaly_squares;  // [d] sums of squared differences from the class's mean
};

// Of the shares that trees give. Scores are standardised by a deviation of at least 0.001 (score_space.cc). Trees that find every normal of
// the support at 0 do not mean that a share of a twentieth is much: in this unit it is that least deviation.
inline constexpr float kShareUnit = 0.02F;

// A forest of random trees that knows which support rows each tree drew (trees.cc).
struct ForestFit {
  std::vector<TreeNode> nodes;       // of all trees
  std::vector<std::uint32_t> roots;  // [trees], empty if there is no anomaly
  std::vector<std::uint8_t> drew;    // [trees x (n + k)] the normals first

  // What the trees that did not draw support row `own` say; NaN if all did.
  float predict(std::span<const float> x, std::size_t own = kNobody) const;
};

struct ViewTask {
  std::size_t columns = 0;  // d
  Matrix normals;           // [n x d]
  Matrix anomalies;         // [k x d]
  const ReferenceView* reference = nullptr;
  AlignedVector<float> mean_normals;    // [d]
  AlignedVector<float> mean_anomalies;  // [d], empty if k = 0
  std::vector<float> normal_spread;     // [n] each normal's mean distance to its nearest 5 others
  LinearFit ridge;
  LinearFit discriminant;
  RatioFit ratio;
  ForestFit forest;

  std::size_t normal_count() const { return normals.rows(); }
  std::size_t anomaly_count() const { return anomalies.rows(); }
};

struct Near {
  float distance = 0;
  std::uint32_t index = 0;
};

// A row to score. A support row is scored as if it were not in the support: neighbours and means are those of the others.
struct ViewRow {
  std::span<const float> x;               // [d]
  std::size_t own_normal = kNobody;       // its place among the normals, if it is one of them
  std::size_t own_anomaly = kNobody;      // likewise
  std::size_t anomaly_count = 0;          // without itself; 0: nothing is known of anomalies
  std::span<const Near> normals;          // the nearest at most kNearNormals, rising
  std::span<const Near> anomalies;        // the nearest at most kNearAnomalies, rising
  std::span<const Near> reference;        // the nearest at most kNearReference, rising
  std::span<const float> mean_normals;    // [d] without itself
  std::span<const float> mean_anomalies;  // [d] without itself; empty if there are none
};

// A family of scores: writes names.size() of them, each rising with abnormality as far as it can tell, or NaN where it says nothing.
struct ScoreFamily {
  std::span<const std::string_view> names;
  void (*score)(const ViewTask& task, const ViewRow& row, float* out);
};

extern const ScoreFamily kNearest;          // nearest.cc
extern const ScoreFamily kDirection;        // direction.cc
extern const ScoreFamily kExtremes;         // extremes.cc
extern const ScoreFamily kRidge;            // ridge.cc
extern const ScoreFamily kDiscriminant;     // discriminant.cc
extern const ScoreFamily kLikelihoodRatio;  // likelihood_ratio.cc
extern const ScoreFamily kTrees;            // trees.cc

// Mean distance of the first `count` (or all, if fewer); NaN of none.
float mean_distance(std::span<const Near> near, std::size_t count);
// A distance t in d columns on the scale of logarithms: log(t / sqrt(d) + 0.02). The 0.02 keeps equal rows apart from the rest by a few
// units only.
float log_distance(float t, std::size_t columns);

// What a linear fit says of a row, or NaN where it says nothing.
float linear_score(const LinearFit& fit, const ViewRow& row);

// The parts of fitting, each in the file of its family.
LinearFit fit_ridge(const ViewTask& task);
LinearFit fit_discriminant(const ViewTask& task);
RatioFit fit_ratio(const ViewTask& task);
ForestFit fit_forest(const ViewTask& task);
// Variance and precision of reference rows.
ReferenceView summarise_reference(Matrix rows);

}  // namespace oddshot::scores
