#include "oddshot/learners/deep_sad.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "learners/scratch_network.h"
#include "oddshot/base/error.h"

namespace oddshot {
namespace {

using learners::Biases;
using learners::ClassCounts;
using learners::ScratchNetwork;

constexpr float kLeastPlace = 0.1F;      // of c's elements: near 0 the network could reach them with all weights at 0
constexpr float kLeastDistance = 1e-6F;  // an anomaly at c is pushed away, but not to infinity

class DeepSadScorer final : public Scorer {
 public:
  DeepSadScorer(const Support& support, const DeepSadOptions& options, Stream stream)
      : network_(support.rows, support.labels, {.hidden = {options.hidden}, .outputs = options.embedding}, Biases::kNone, stream),
        centre_(options.embedding) {
    const ClassCounts count(support.labels);
    network_.outputs(support.rows, [&](std::size_t first, MatrixView phi) {
      for (std::size_t r = 0; r < phi.rows; ++r) {
        for (std::size_t e = 0; support.labels[first + r] == 0 && e < phi.cols; ++e) centre_[e] += phi(r, e) / count.normals;
      }
    });
    for (float& place : centre_) {
      if (std::abs(place) < kLeastPlace) place = place < 0 ? -kLeastPlace : kLeastPlace;
    }
    network_.train({options.steps, options.rate, options.weight_decay}, [&](MatrixView phi, Matrix& d) {
      for (std::size_t r = 0; r < phi.rows; ++r) {
        const float near = std::max(distance(phi.row(r)), kLeastDistance);
        const float factor = support.labels[r] == 0 ? 2 / count.normals : -2 / (count.anomalies * near * near);
        for (std::size_t e = 0; e < phi.cols; ++e) d(r, e) = factor * (phi(r, e) - centre_[e]);
      }
    });
  }

  void score(MatrixView rows, std::span<float> out) const override {
    network_.outputs(rows, [&](std::size_t first, MatrixView phi) {
      for (std::size_t r = 0; r < phi.rows; ++r) out[first + r] = distance(phi.row(r));
    });
  }

 private:
  float distance(std::span<const float> phi) const {
    float sum = 0;
    for (std::size_t e = 0; e < phi.size(); ++e) sum += (phi[e] - centre_[e]) * (phi[e] - centre_[e]);
    return sum;
  }

  ScratchNetwork network_;
  std::vector<float> centre_;  // [E] c
};

}  // namespace

std::unique_ptr<Scorer> train_deep_sad(const Support& support, const DeepSadOptions& options, Stream stream) {
  if (ClassCounts(support.labels).normals == 0) throw ArgumentError("deep-sad needs normal rows; the support has none");
  return std::make_unique<DeepSadScorer>(support, options, stream);
}

}  // namespace oddshot
