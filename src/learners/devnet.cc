#include "oddshot/learners/devnet.h"

#include <string>

#include "learners/scratch_network.h"
#include "oddshot/base/error.h"

namespace oddshot {
namespace {

using learners::Biases;
using learners::ClassCounts;
using learners::ScratchNetwork;

class DevNetScorer final : public Scorer {
 public:
  DevNetScorer(const Support& support, const DevNetOptions& options, Stream stream)
      : network_(support.rows, support.labels, {.hidden = {options.hidden}, .outputs = 1}, Biases::kLearned, stream) {
    const ClassCounts count(support.labels);
    network_.train({options.steps, options.rate, options.weight_decay}, [&](MatrixView f, Matrix& d) {
      for (std::size_t r = 0; r < f.rows; ++r) {
        if (support.labels[r] == 0) {
          d(r, 0) = (f(r, 0) > 0 ? 1.0F : f(r, 0) < 0 ? -1.0F : 0.0F) / count.normals;
        } else {
          d(r, 0) = (f(r, 0) < options.margin ? -1.0F : 0.0F) / count.anomalies;
        }
      }
    });
  }

  void score(MatrixView rows, std::span<float> out) const override {
    network_.outputs(rows, [&](std::size_t first, MatrixView f) {
      for (std::size_t r = 0; r < f.rows; ++r) out[first + r] = f(r, 0);
    });
  }

 private:
  ScratchNetwork network_;
};

}  // namespace

std::unique_ptr<Scorer> train_devnet(const Support& support, const DevNetOptions& options, Stream stream) {
  const ClassCounts count(support.labels);
  if (count.normals == 0 || count.anomalies == 0) {
    throw ArgumentError("devnet needs rows of both classes; the support has " + std::to_string(static_cast<std::size_t>(count.anomalies)) +
                        " anomalies among " + std::to_string(support.labels.size()) + " rows");
  }
  return std::make_unique<DevNetScorer>(support, options, stream);
}

}  // namespace oddshot
