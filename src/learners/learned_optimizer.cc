#include "learners/learned_optimizer.h"

#include <algorithm>

#include "learners/network_learner.h"

namespace oddshot::learners {

template <class T>
LearnedOptimizerModel<T>::LearnedOptimizerModel(const LearnerOptions& given)
    : options(with_logit(given)), encoder(options.encoder, layout, "encoder"), update(options.optimizer_width, layout, encoder.kernels()) {}

template <class T>
typename CoordinateUpdate<T>::Moment LearnedOptimizerModel<T>::moment(std::size_t step, T loss) const {
  return {.loss = loss, .share = static_cast<T>(step) / static_cast<T>(options.inner_steps)};
}

template <class T>
const AlignedVector<T>& LearnedOptimizerModel<T>::descend(std::span<const T> params, const LabelledRows<T>& support, std::size_t steps,
                                                          LearnedOptimizerScratch<T>& scratch) const {
  scratch.steps.resize(std::max(scratch.steps.size(), steps + 1));
  scratch.steps[0].params.assign(params.begin(), params.begin() + static_cast<std::ptrdiff_t>(encoder.end()));
  for (std::size_t k = 0; k < steps; ++k) {
    auto& step = scratch.steps[k];
    step.gradient.resize(encoder.end());
    step.loss = logit_loss(encoder, step.params.data(), support, step.tape, scratch.d_logits, step.gradient.data(), &step.curvature);
    auto& next = scratch.steps[k + 1].params;
    next.resize(encoder.end());
    update.apply(layout, params.data(), moment(k, step.loss), step.gradient.data(), step.params.data(), next.data(), scratch.update);
  }
  return scratch.steps[steps].params;
}

template <class T>
T LearnedOptimizerModel<T>::meta_gradient(std::span<const T> params, const LabelledRows<T>& support, const LabelledRows<T>& query,
                                          LearnedOptimizerScratch<T>& scratch, std::span<T> gradient) const {
  const AlignedVector<T>& adapted = descend(params, support, options.inner_steps, scratch);
  const auto& kernels = encoder.kernels();
  AlignedVector<T>* const no_curvature = nullptr;
  std::fill(gradient.begin(), gradient.end(), T{0});
  T* v = gradient.data();
  const std::size_t steps = options.inner_steps;
  const bool on_the_way = options.multi_step_loss && steps > 1;
  const T share = on_the_way ? 1 / static_cast<T>(steps) : T{1};
  T loss = share * logit_loss(encoder, adapted.data(), query, scratch.query, scratch.d_logits, v, no_curvature);
  for (std::size_t i = 0; i < encoder.end(); ++i) {
    v[i] *= share;
  }
  scratch.direction.assign(encoder.end(), T{0});
  scratch.product.assign(encoder.end(), T{0});
  for (std::size_t k = steps; k-- > 0;) {
    const auto& step = scratch.steps[k];
    const T d_loss = update.pull_back(layout, params.data(), moment(k, step.loss), step.gradient.data(), v, scratch.direction.data(),
                                      gradient.data(), scratch.update);
    logit_hessian_product(encoder, step.params.data(), scratch.direction.data(), step.tape, step.curvature, scratch.d_logits,
                          scratch.tangent, scratch.product.data());
    kernels.axpy(encoder.end(), T{1}, scratch.product.data(), v);
    kernels.axpy(encoder.end(), d_loss, step.gradient.data(), v);
    if (on_the_way && k > 0) {
      loss += share * logit_loss(encoder, step.params.data(), query, scratch.query, scratch.d_logits, scratch.product.data(), no_curvature);
      kernels.axpy(encoder.end(), share, scratch.product.data(), v);
    }
  }
  return loss;
}

template struct LearnedOptimizerModel<float>;
template struct LearnedOptimizerModel<double>;

namespace {

class LearnedOptimizer final : public NetworkLearner {
 public:
  explicit LearnedOptimizer(const LearnerOptions& options) : model_(options) {}

  std::string_view name() const override { return "learned-optimizer"; }
  const LearnerOptions& options() const override { return model_.options; }
  const Layout& layout() const override { return model_.layout; }
  std::unique_ptr<Scratch> make_scratch() const override { return std::make_unique<LearnedOptimizerScratch<float>>(); }
  std::size_t minimum_shots() const override { return 0; }
  std::size_t inner_steps() const override { return model_.options.inner_steps; }

  void initialise(std::span<float> params, Stream stream) const override {
    std::fill(params.begin(), params.end(), 0.0F);
    model_.encoder.initialise(params.data(), stream);
    model_.update.initialise(params.data(), model_.options.inner_rate, stream.fork(1));
  }

  float task_gradient(std::span<const float> params, const Episode& episode, Scratch& scratch, std::span<float> gradient) const override {
    return model_.meta_gradient(params, {episode.support_rows, episode.support_labels}, {episode.query_rows, episode.query_labels},
                                static_cast<LearnedOptimizerScratch<float>&>(scratch), gradient);
  }

  AdaptedState adapt(std::span<const float> params, const Support& support, Scratch& scratch, std::size_t steps) const override {
    return network_state(model_.descend(params, {support.rows, support.labels}, std::min(steps, model_.options.inner_steps),
                                        static_cast<LearnedOptimizerScratch<float>&>(scratch)));
  }

  void score(const AdaptedState& state, MatrixView rows, Scratch& scratch, std::span<float> scores) const override {
    score_network(model_.encoder, state.values.data(), rows, static_cast<LearnedOptimizerScratch<float>&>(scratch).query, scores);
  }

 private:
  const nets::Encoder<float>& encoder() const override { return model_.encoder; }

  LearnedOptimizerModel<float> model_;
};

}  // namespace

std::unique_ptr<Learner> make_learned_optimizer(const LearnerOptions& options) { return std::make_unique<LearnedOptimizer>(options); }

}  // namespace oddshot::learners
