#include "learners/reptile.h"

#include <algorithm>
#include <functional>

#include "learners/network_learner.h"

namespace oddshot::learners {

template <class T>
T reptile_direction(const nets::Encoder<T>& encoder, const Layout& layout, std::span<const T> params, const LabelledRows<T>& support,
                    const LabelledRows<T>& query, const StepRule<T>& rule, std::size_t steps, ReptileScratch<T>& scratch,
                    std::span<T> direction) {
  scratch.batch.join(support, query);
  T first_loss = 0;
  const AlignedVector<T>& adapted =
      adapt_params(encoder, layout, params, scratch.batch.view(), rule, steps, scratch.inner, scratch.products, &first_loss);
  std::transform(params.begin(), params.begin() + static_cast<std::ptrdiff_t>(encoder.end()), adapted.begin(), direction.begin(),
                 std::minus<T>());
  return first_loss;
}

namespace {

class Reptile final : public NetworkLearner {
 public:
  explicit Reptile(const LearnerOptions& options) : options_(with_logit(options)), encoder_(options_.encoder, layout_, "encoder") {}

  std::string_view name() const override { return "reptile"; }
  const LearnerOptions& options() const override { return options_; }
  const Layout& layout() const override { return layout_; }
  std::unique_ptr<Scratch> make_scratch() const override { return std::make_unique<ReptileScratch<float>>(); }
  std::size_t minimum_shots() const override { return 0; }
  std::size_t inner_steps() const override { return options_.inner_steps; }
  void initialise(std::span<float> params, Stream stream) const override { encoder_.initialise(params.data(), stream); }

  float task_gradient(std::span<const float> params, const Episode& episode, Scratch& scratch, std::span<float> gradient) const override {
    auto& work = static_cast<ReptileScratch<float>&>(scratch);
    return reptile_direction(encoder_, layout_, params, {episode.support_rows, episode.support_labels},
                             {episode.query_rows, episode.query_labels}, rule(work), options_.inner_steps, work, gradient);
  }

  AdaptedState adapt(std::span<const float> params, const Support& support, Scratch& scratch, std::size_t steps) const override {
    auto& work = static_cast<ReptileScratch<float>&>(scratch);
    return network_state(adapt_params<float>(encoder_, layout_, params, {support.rows, support.labels}, rule(work),
                                             std::min(steps, options_.inner_steps), work.inner, work.products));
  }

  void score(const AdaptedState& state, MatrixView rows, Scratch& scratch, std::span<float> scores) const override {
    score_network(encoder_, state.values.data(), rows, static_cast<ReptileScratch<float>&>(scratch).tape, scores);
  }

 private:
  const nets::Encoder<float>& encoder() const override { return encoder_; }
  StepRule<float> rule(ReptileScratch<float>& work) const {
    work.rates.assign(options_.inner_steps * layout_.tensors().size(), options_.inner_rate);
    return {.rates = work.rates, .momentum = options_.inner_momentum};
  }

  LearnerOptions options_;
  Layout layout_;
  nets::Encoder<float> encoder_;
};

}  // namespace

template float reptile_direction(const nets::Encoder<float>&, const Layout&, std::span<const float>, const LabelledRows<float>&,
                                 const LabelledRows<float>&, const StepRule<float>&, std::size_t, ReptileScratch<float>&, std::span<float>);
template double reptile_direction(const nets::Encoder<double>&, const Layout&, std::span<const double>, const LabelledRows<double>&,
                                  const LabelledRows<double>&, const StepRule<double>&, std::size_t, ReptileScratch<double>&,
                                  std::span<double>);

std::unique_ptr<Learner> make_reptile(const LearnerOptions& options) { return std::make_unique<Reptile>(options); }

}  // namespace oddshot::learners
