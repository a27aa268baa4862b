// How far out a row's columns are among the normals, each column for itself: the mean over the columns, the largest, the mean of the three
// largest of
//   tails    -log(2 min(F(x), G(x))), at most 0's log      left    -log F(x)      right    -log G(x)
// F and G the shares of the other normals that are not above, not below x, one counted for x itself; and
//   largest-z    the largest |z|        mean-a    the mean |a|
// Source: Li, Zhao, Hu, Botta, Ionescu, Chen 2022, "ECOD: unsupervised outlier detection using empirical cumulative distribution
// functions", arXiv:2201.00382 (tails by column, summed).
#include <algorithm>
#include <array>
#include <cmath>

#include "experts/table/summary.h"
#include "experts/table/task.h"

namespace oddshot::table {
namespace {

constexpr std::array<std::string_view, 11> kNames = {"tails/mean",   "tails/largest", "tails/three", "left/mean",
                                                     "left/largest", "left/three",    "right/mean",  "right/largest",
                                                     "right/three",  "largest-z",     "mean-a"};

class Tails final : public Family {
 public:
  explicit Tails(const Task& task) : task_(task), surprise_(task.n + 2) {
    for (std::size_t count = 1; count <= task.n + 1; ++count) surprise_[count] = -std::log(static_cast<float>(count));
  }
  void score(const Block& block, Matrix& out, std::size_t first) const override {
    for (std::size_t b = 0; b < block.rows; ++b) {
      const std::size_t own = block.normal_of(b) != kNobody ? 1 : 0;
      const std::size_t n = task_.n - own;
      const float all = std::log(static_cast<float>(n + 1));
      Largest3 both;
      Largest3 left;
      Largest3 right;
      float z = 0;
      float a = 0;
      for (std::size_t j = 0; j < task_.d; ++j) {
        const float lower = all + surprise_[block.planes.upto(b, j) - own + 1];
        const float upper = all + surprise_[task_.n - block.planes.below(b, j) - own + 1];
        left.add(lower);
        right.add(upper);
        both.add(std::max(0.0F, std::max(lower, upper) - std::log(2.0F)));
        z = std::max(z, std::fabs(block.planes.z(b, j)));
        a += std::fabs(block.planes.a(b, j));
      }
      float* to = out.row(b).data() + first;
      for (const Largest3& one : {both, left, right}) {
        *to++ = one.mean();
        *to++ = one.largest();
        *to++ = one.mean_of_three();
      }
      *to++ = z;
      *to++ = a / static_cast<float>(task_.d);
    }
  }

 private:
  const Task& task_;
  std::vector<float> surprise_;  // [n + 2] -log(count)
};

}  // namespace

const FamilyEntry kTails{kNames, [](const Task& task) -> std::unique_ptr<Family> { return std::make_unique<Tails>(task); }};

}  // namespace oddshot::table
