// What a score means for a normal row of its table: where it lies among the support normals' leave-one-out scores.
#pragma once

#include <span>
#include <vector>

namespace oddshot::table {

// One expert's. Level and tail as in oddshot/experts/table_space.h; 0 for a score that is NaN, and where all normals' are NaN.
class Standard {
 public:
  // The n leave-one-out scores of the normals; those that are NaN do not count.
  explicit Standard(std::span<const float> scores);

  float level(float score) const;
  // own: the score is one of the normals', and is compared with the others alone.
  float tail(float score, bool own) const;

 private:
  std::vector<float> sorted_;
  float middle_ = 0, per_spread_ = 0;
  float lowest_ = 0, highest_ = 0;  // of the level, before it is divided by 3
};

}  // namespace oddshot::table
