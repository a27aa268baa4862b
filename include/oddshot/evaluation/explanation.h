// Why a row scores as it does: by columns, in shares that add up, and by the known rows that are most like it.
//
// The score is compared with that of the support's normals that are most like the row (the background), and the difference is divided
// among the user's columns by Shapley values (oddshot/experts/attribution.h): a category's features, a gap's mark and a column's windows
// count as one column. Shares sum to score - baseline, exactly but for rounding, for every learner, space and simple method.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "oddshot/base/matrix.h"
#include "oddshot/data/fitted_columns.h"
#include "oddshot/data/preprocessor.h"
#include "oddshot/data/table.h"
#include "oddshot/experts/attribution.h"

namespace oddshot {

struct ExplainOptions {
  std::size_t background = 5;      // normals most like the row that it is compared with, or all there are; 1 to 100
  std::size_t evaluations = 2048;  // rows to score, about, for each row explained; 64 to 10,000,000
  std::size_t neighbours = 3;      // known rows of each class to name, at most; 0 to 100
  std::uint64_t seed = 1;

  void validate() const;  // throws ArgumentError naming the value and its limits
};

struct ColumnShare {
  std::string column;
  std::string value;  // as the table has it; "(missing)"
  // What the background has: of numbers the median, of categories the most frequent; nothing for a column known by its windows alone.
  std::optional<std::string> usual;
  double share = 0;  // of score - baseline; above 0: makes the row more abnormal
  double error = 0;  // standard error of the share; 0 where it is exact
};

// A known row, and how it is unlike the row explained.
struct KnownRow {
  std::size_t number = 0;  // among the known rows of its class, in their order, from 1
  // Mean over columns of min(1, d), d = half the largest difference in the column's features, in deviations (1 for another category).
  double distance = 0;
  std::vector<std::string> unlike;  // columns with d above 1/2, the most unlike first
};

struct Explanation {
  std::size_t row = 0;  // of the table, from 0
  double score = 0, baseline = 0;
  bool exact = false;                // shares are Shapley's to the digit, not estimates
  std::vector<ColumnShare> columns;  // all that the score may depend on, the largest share (by amount) first
  std::vector<KnownRow> normals;     // nearest first
  std::vector<KnownRow> anomalies;   // nearest first; empty if none is known

  // Whether the nearest known anomaly is nearer than the nearest normal.
  bool looks_like_anomaly() const;
};

// Explains rows of one table by the rows that a detector was adapted to. Const methods may be called concurrently.
class Explainer {
 public:
  // normals [n x D], n >= 1, and anomalies [k x D]: known rows in the preprocessor's features, numeric ones clipped perhaps; `score` of
  // such rows; the preprocessor must live on. Throws ArgumentError, ShapeError.
  Explainer(const Preprocessor& preprocessor, Matrix normals, Matrix anomalies, RowScore score, const ExplainOptions& options = {});

  // features [D]: of this row of the table, not clipped. O(evaluations rows scored + (n + k) D).
  Explanation explain(const Table& table, std::uint32_t row, std::span<const float> features) const;
  // The same of a row that is known by its features alone: values are what these say of them.
  Explanation explain(std::span<const float> features) const;

 private:
  // One of the user's columns as the features have it.
  struct Player {
    std::string name;
    std::vector<std::uint32_t> features;  // its own and its windows'
    std::optional<std::size_t> fitted;    // place among the fitted columns; nothing if only windows of it are features
  };
  struct Compared {
    double distance = 0;
    std::size_t row = 0;
  };
  double difference(const Player& player, std::span<const float> a, std::span<const float> b) const;
  std::vector<Compared> by_distance(std::span<const float> x, const Matrix& rows) const;
  std::vector<KnownRow> named(std::span<const float> x, const Matrix& rows, const std::vector<Compared>& order) const;
  std::optional<std::string> usual(const Player& player, const Matrix& background) const;

  ExplainOptions options_;
  RowScore score_;
  NumericTransform transform_;
  std::vector<FittedColumn> fitted_;
  std::vector<Player> players_;
  std::vector<std::uint32_t> group_;  // [D] player
  std::vector<float> weight_;         // [D]: a difference times this is 1 where it is wholly different
  Matrix normals_, anomalies_;
};

// For people: a few lines. `most` columns, the rest summed up. `first`: the number that the table's first row goes by.
std::string card(const Explanation& explanation, std::size_t most = 8, std::size_t first = 0);
// For programs: an object with the fields above; the row is numbered likewise.
std::string to_json(const Explanation& explanation, std::size_t first = 0);
// The largest shares above 0, at most `most`, in one cell: "src_bytes=54540 (+4.12); flag=RSTR (+2.01)".
std::string reasons(const Explanation& explanation, std::size_t most = 3);

}  // namespace oddshot
