// COPOD: tail probabilities under the empirical copula, the columns' own tails (column_tails.h) taken together.
//   auto_j(x)  = left_j if column j is skewed to the left (its tail of interest), else right_j
//   score(x)   = sum over j of max(auto_j, (left_j + right_j) / 2)
// which is what the authors' program does; the paper takes the largest of the three sums, and would be ecod here.
// Source: Li, Zhao, Botta, Ionescu, Hu 2020, arXiv:2009.09463; PyOD's pyod/models/copod.py (the combination).
#include "experts/column_tails.h"

namespace oddshot {
namespace {

// A running total over the columns.
struct SumOfLargest {
  double sum = 0;

  void add(const tails::Tails& at, bool skewed_left) {
    sum +=
        std::max(static_cast<double>(skewed_left ? at.left : at.right), (static_cast<double>(at.left) + static_cast<double>(at.right)) / 2);
  }
  float score() const { return static_cast<float>(sum); }
};

class Copod final : public Expert {
 public:
  std::string_view name() const override { return "copod"; }
  bool uses_labels() const override { return false; }
  std::unique_ptr<FittedExpert> fit(MatrixView normals, MatrixView anomalies, Stream /*stream*/) const override {
    check_support(*this, normals, anomalies);
    return std::make_unique<tails::FittedTails<SumOfLargest>>(name(), normals);
  }
};

}  // namespace

const Expert& copod_expert() {
  static const Copod expert;
  return expert;
}

}  // namespace oddshot
