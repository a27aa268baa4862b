// One table's task, as the experts of table space see it: the support in the fitted columns, and rows to score with their nearest of it.
// Symbols: n support normals in use, k known anomalies, d columns, B rows of a block, E experts that come first.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "experts/table/columns.h"
#include "oddshot/base/matrix.h"
#include "oddshot/experts/score_list.h"

namespace oddshot::table {

inline constexpr std::uint32_t kNobody = static_cast<std::uint32_t>(-1);

// Distances between rows.
enum Metric : std::uint8_t {
  kStandard,       // Euclidean in z
  kGaussian,       // in q
  kSoft,           // in a
  kRanked,         // in r
  kWhite,          // in w
  kScores,         // in the standardised scores of the experts that come first
  kBlend,          // in g = [q, z] / sqrt 2
  kManhattan,      // sum of |difference| over [q, z]
  kLargest,        // largest |difference|
  kSaturating,     // sum of min(|difference|, 1)
  kFirstSubspace,  // Euclidean in random halves of the columns of [q, z]
};
inline constexpr std::size_t kSubspaces = 8;
inline constexpr std::size_t kMetrics = kFirstSubspace + kSubspaces;
constexpr bool has_columns(std::size_t metric) { return metric <= kScores || metric >= kFirstSubspace; }
// How many neighbours are kept: five are asked for, and one may be a row that is left out.
constexpr std::size_t near_of(std::size_t metric) { return metric == kBlend ? 32 : 6; }

// The nearest of the support's normals to each of B rows, rising.
struct NearLists {
  Matrix distance;                   // [B x near_of(metric)]
  BasicMatrix<std::uint32_t> index;  // the same
};

// Rows to score. One of the support is scored as if it were not in it: its neighbours are others.
struct Block {
  std::size_t rows = 0;
  std::span<const std::uint32_t> own_normal, own_anomaly;  // [B] its place in the support, or kNobody; empty: nobody's
  Planes planes;
  std::array<NearLists, kMetrics> near;
  std::array<Matrix, kMetrics> to_anomalies;  // [B x k] distances; not of kSoft and the sums of |difference|
  Matrix scores;                              // [B x E]

  std::uint32_t normal_of(std::size_t b) const { return own_normal.empty() ? kNobody : own_normal[b]; }
  std::uint32_t anomaly_of(std::size_t b) const { return own_anomaly.empty() ? kNobody : own_anomaly[b]; }
};

struct Task {
  explicit Task(Columns fitted) : columns(std::move(fitted)) {}

  Columns columns;
  ScoreList list = kLatestScores;
  std::size_t n = 0, k = 0, d = 0;
  std::vector<std::uint32_t> normal_places, anomaly_places;  // 0, 1, ..: whose rows the blocks are
  Block normals, anomalies;                                  // the support
  // Of the metrics with columns of their own: the support's rows there.
  std::array<Matrix, kMetrics> normal_rows, anomaly_rows;
  Matrix by_column;                                              // [2d x n] q then z of the normals, turned
  std::array<std::vector<std::uint32_t>, kSubspaces> subspaces;  // columns of [q, z]

  // How many normals and anomalies a row of a block is compared with: all but itself.
  std::size_t normals_for(const Block& block, std::size_t b) const { return n - (block.normal_of(b) != kNobody ? 1 : 0); }
  std::size_t anomalies_for(const Block& block, std::size_t b) const { return k - (block.anomaly_of(b) != kNobody ? 1 : 0); }
};

// A task described as far as columns reach.   block.cc
std::unique_ptr<Task> describe(Columns columns, MatrixView normals, MatrixView anomalies);
// The block's planes, nearest and distances in every metric but kScores, for rows [B x D].
void fill_block(const Task& task, MatrixView rows, Block& block);
// Those of kScores, once scores are there: of the support's rows, then of any block.
void place_scores(Task& task);
void fill_score_distances(const Task& task, Block& block);

// out [B x to.rows].
void squared_distances(MatrixView rows, const Matrix& to, Matrix& out);
// Mean of the distances to the nearest `count` (fewer if there are no more).
float mean_distance(const Task& task, const Block& block, std::size_t metric, std::size_t b, std::size_t count);
// Mean of the distances to the nearest min(count, known) anomalies, itself left out; NaN if there are none.
float anomaly_distance(const Block& block, std::size_t metric, std::size_t b, std::size_t count);
// log(t / sqrt(columns) + 0.02): the 0.02 keeps equal rows apart from the rest by a few units only.
float log_distance(float t, std::size_t columns);
// Columns of a metric, that distances grow with the root of.
std::size_t columns_of(const Task& task, std::size_t metric);

// A fitted family of experts. Const methods may be called concurrently.
class Family {
 public:
  virtual ~Family() = default;
  // Columns [first, first + names) of out [B x ..]: scores that rise with abnormality, NaN where nothing can be said.
  virtual void score(const Block& block, Matrix& out, std::size_t first) const = 0;
};

struct FamilyEntry {
  std::span<const std::string_view> names;
  std::unique_ptr<Family> (*fit)(const Task& task);  // the task outlives the family
};

// From columns alone.
extern const FamilyEntry kNearest;       // nearest.cc
extern const FamilyEntry kTails;         // tails.cc
extern const FamilyEntry kDensity;       // density.cc
extern const FamilyEntry kRarity;        // rarity.cc
extern const FamilyEntry kConditional;   // conditional.cc
extern const FamilyEntry kSubspaceNear;  // subspaces.cc
// With the known anomalies, and with the scores of those above.
extern const FamilyEntry kScoreNear;         // nearest.cc
extern const FamilyEntry kContrast;          // contrast.cc
extern const FamilyEntry kSubspaceContrast;  // contrast.cc
extern const FamilyEntry kWeighted;          // weighted.cc
extern const FamilyEntry kRidge;             // ridge.cc
extern const FamilyEntry kLikelihood;        // likelihood.cc
extern const FamilyEntry kTrees;             // trees.cc

}  // namespace oddshot::table
