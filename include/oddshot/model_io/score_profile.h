// How a trained model's scores lie on its training tasks: what turns a score on a new table into a probability, and what tells that a table
// looks like none of them. Kept in the model.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

namespace oddshot {

// The scores of normal rows that adapting has not seen, as a measure for others.
class ScoreScale {
 public:
  // scores [n], n >= 1, finite. Throws ArgumentError.
  explicit ScoreScale(std::span<const float> scores);

  double middle() const { return middle_; }  // median
  double spread() const { return spread_; }  // half of what lies between the 16% and 84% quantiles, above 0
  // sign(t) ln(1 + |t|) of t = (score - middle) / spread. Rises with the score.
  double standardised(double score) const;
  // -log10 of (1 + scores at or above) / (n + 1), at most 2: beyond one in a hundred the standardised score alone tells. Rises with the
  // score.
  double tail(double score) const;

 private:
  std::vector<float> rising_;
  double middle_ = 0;
  double spread_ = 1;
};

// Over draws of training tasks.
struct ScoreProfile {
  // With so many anomalies in the support.
  struct AtShots {
    std::size_t shots = 0;
    std::size_t draws = 0;  // that this is of
    // The log-odds of an anomaly where both classes are as many: intercept + of_score * standardised + of_tail * tail. The slopes are 0 or
    // more, so that it rises with the score.
    double intercept = 0, of_score = 0, of_tail = 0;
    // Between which nine in ten draws have the middle of their normals' scores, in the score's own unit.
    double normal_low = 0, normal_high = 0;
    // Above which nine in ten draws have the median of their anomalies' standardised scores.
    double anomaly_low = 0;

    bool operator==(const AtShots&) const = default;
    // Of an anomaly, where `share` of the rows are anomalies (0 to 1, both excluded).
    double probability(const ScoreScale& scale, double score, double share) const;
  };
  std::vector<AtShots> shots;  // rising, one or more
  bool operator==(const ScoreProfile&) const = default;

  // For a support of so many anomalies: the largest number of shots that is no larger, or the smallest.
  const AtShots& at(std::size_t anomalies) const;
};

}  // namespace oddshot
