#include "oddshot/learners/mlp_scratch.h"

#include <algorithm>

#include "learners/inner_loop.h"
#include "learners/network_learner.h"
#include "oddshot/base/error.h"

namespace oddshot {
namespace {

EncoderSpec logit_spec(EncoderSpec spec, std::size_t inputs) {
  spec.inputs = inputs;
  spec.outputs = 1;
  return spec;
}

class MlpScorer final : public Scorer {
 public:
  MlpScorer(const Support& support, const MlpScratchOptions& options, const Stream& stream)
      : encoder_(logit_spec(options.encoder, support.rows.cols), layout_, "encoder"), params_(layout_.size()) {
    encoder_.initialise(params_.data(), stream);
    AlignedVector<float> gradient(layout_.size());
    AlignedVector<float> m(layout_.size());
    AlignedVector<float> v(layout_.size());
    AlignedVector<float> d_logits;
    nets::Tape<float> tape;
    for (std::size_t t = 1; t <= options.steps; ++t) {
      learners::logit_loss<float>(encoder_, params_.data(), {support.rows, support.labels}, tape, d_logits, gradient.data(), nullptr);
      for (float& value : params_) {
        value *= 1 - options.rate * options.weight_decay;
      }
      encoder_.kernels().adam(params_.size(), options.rate, 0.9F, 0.999F, 1e-8F, t, gradient.data(), m.data(), v.data(), params_.data());
    }
  }

  void score(MatrixView rows, std::span<float> out) const override {
    nets::Tape<float> tape;
    learners::score_network(encoder_, params_.data(), rows, tape, out);
  }

 private:
  Layout layout_;
  nets::Encoder<float> encoder_;
  AlignedVector<float> params_;
};

}  // namespace

std::unique_ptr<Scorer> train_mlp_from_scratch(const Support& support, const MlpScratchOptions& options, Stream stream) {
  const auto anomalies = std::count(support.labels.begin(), support.labels.end(), std::uint8_t{1});
  if (anomalies == 0 || anomalies == std::ssize(support.labels)) {
    throw ArgumentError("a network from scratch needs rows of both classes; the support has " + std::to_string(anomalies) +
                        " anomalies among " + std::to_string(support.labels.size()) + " rows");
  }
  return std::make_unique<MlpScorer>(support, options, stream);
}

}  // namespace oddshot
