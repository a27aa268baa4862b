// ECOD: how far out in the tails of each column a row lies (column_tails.h), the columns taken as independent.
//   auto_j(x)  = left_j if column j is skewed to the left (its tail of interest), else right_j
//   score(x)   = max(sum of left_j, sum of right_j, sum of auto_j)
// Source: Li, Zhao, Hu, Botta, Ionescu, Chen 2022, arXiv:2201.00382, algorithm 1.
#include "experts/column_tails.h"

namespace oddshot {
namespace {

// A running total over the columns.
struct LargestSum {
  double left = 0;
  double right = 0;
  double skewed = 0;

  void add(const tails::Tails& at, bool skewed_left) {
    left += at.left;
    right += at.right;
    skewed += skewed_left ? at.left : at.right;
  }
  float score() const { return static_cast<float>(std::max({left, right, skewed})); }
};

class Ecod final : public Expert {
 public:
  std::string_view name() const override { return "ecod"; }
  bool uses_labels() const override { return false; }
  std::unique_ptr<FittedExpert> fit(MatrixView normals, MatrixView anomalies, Stream /*stream*/) const override {
    check_support(*this, normals, anomalies);
    return std::make_unique<tails::FittedTails<LargestSum>>(name(), normals);
  }
};

}  // namespace

const Expert& ecod_expert() {
  static const Ecod expert;
  return expert;
}

}  // namespace oddshot
