#include "learners/pooled.h"

#include <algorithm>

#include "learners/labelled_batch.h"
#include "learners/network_learner.h"
#include "learners/row_products.h"

namespace oddshot::learners {
namespace {

struct PooledScratch : Scratch {
  InnerScratch<float> inner;
  RowProducts<float> products;
  nets::Tape<float> tape;
  LabelledBatch<float> batch;
  AlignedVector<float> rates;
};

class Pooled final : public NetworkLearner {
 public:
  Pooled(const LearnerOptions& options, bool finetuned)
      : options_(with_logit(options)), finetuned_(finetuned), encoder_(options_.encoder, layout_, "encoder") {}

  std::string_view name() const override { return finetuned_ ? "pooled-finetuned" : "pooled"; }
  const LearnerOptions& options() const override { return options_; }
  const Layout& layout() const override { return layout_; }
  std::unique_ptr<Scratch> make_scratch() const override { return std::make_unique<PooledScratch>(); }
  std::size_t minimum_shots() const override { return 0; }
  std::size_t inner_steps() const override { return finetuned_ ? options_.finetune_steps : 0; }
  void initialise(std::span<float> params, Stream stream) const override { encoder_.initialise(params.data(), stream); }

  // Support and query are one batch of labelled rows.
  float task_gradient(std::span<const float> params, const Episode& episode, Scratch& scratch, std::span<float> gradient) const override {
    auto& work = static_cast<PooledScratch&>(scratch);
    work.batch.join({episode.support_rows, episode.support_labels}, {episode.query_rows, episode.query_labels});
    std::fill(gradient.begin(), gradient.end(), 0.0F);
    return logit_loss<float>(encoder_, params.data(), work.batch.view(), work.tape, work.inner.d_logits, gradient.data(), nullptr);
  }

  AdaptedState adapt(std::span<const float> params, const Support& support, Scratch& scratch, std::size_t steps) const override {
    auto& work = static_cast<PooledScratch&>(scratch);
    const std::size_t count = std::min(steps, inner_steps());
    work.rates.assign(count * layout_.tensors().size(), options_.inner_rate);
    return network_state(adapt_params<float>(encoder_, layout_, params, {support.rows, support.labels},
                                             {.rates = work.rates, .momentum = options_.inner_momentum}, count, work.inner, work.products));
  }

  void score(const AdaptedState& state, MatrixView rows, Scratch& scratch, std::span<float> scores) const override {
    score_network(encoder_, state.values.data(), rows, static_cast<PooledScratch&>(scratch).tape, scores);
  }

 private:
  const nets::Encoder<float>& encoder() const override { return encoder_; }

  LearnerOptions options_;
  bool finetuned_;
  Layout layout_;
  nets::Encoder<float> encoder_;
};

}  // namespace

std::unique_ptr<Learner> make_pooled(const LearnerOptions& options) { return std::make_unique<Pooled>(options, false); }
std::unique_ptr<Learner> make_pooled_finetuned(const LearnerOptions& options) { return std::make_unique<Pooled>(options, true); }

}  // namespace oddshot::learners
