#include "learners/maml.h"

#include <algorithm>

#include "learners/network_learner.h"

namespace oddshot::learners {

template <class T>
MamlModel<T>::MamlModel(const LearnerOptions& given)
    : options(with_logit(given)), encoder(options.encoder, layout, "encoder"), tensors(layout.tensors().size()) {
  if (options.learn_inner_rates) {
    rate_tensor = layout.add("inner_rate", {options.inner_steps, tensors});
  }
}

template <class T>
std::span<const T> MamlModel<T>::rates(std::span<const T> params, AlignedVector<T>& work) const {
  const std::size_t count = options.inner_steps * tensors;
  if (options.learn_inner_rates) {
    return params.subspan(layout[rate_tensor].offset, count);
  }
  work.assign(count, static_cast<T>(options.inner_rate));
  return work;
}

template <class T>
T MamlModel<T>::meta_gradient(std::span<const T> params, const LabelledRows<T>& support, const LabelledRows<T>& query,
                              MamlScratch<T>& scratch, std::span<T> gradient) const {
  std::fill(gradient.begin(), gradient.end(), T{0});
  const std::span<const T> alpha = rates(params, scratch.rates);
  const AlignedVector<T>& adapted = descend(encoder, layout, params, support, alpha, options.inner_steps, scratch.inner);
  const T loss = logit_loss(encoder, adapted.data(), query, scratch.query, scratch.inner.d_logits, gradient.data(),
                            static_cast<AlignedVector<T>*>(nullptr));
  const std::span<T> d_rates = options.learn_inner_rates ? gradient.subspan(layout[rate_tensor].offset, alpha.size()) : std::span<T>{};
  pull_back(encoder, layout, alpha, options.inner_steps, scratch.inner, gradient, d_rates);
  return loss;
}

template struct MamlModel<float>;
template struct MamlModel<double>;

namespace {

class Maml final : public NetworkLearner {
 public:
  explicit Maml(const LearnerOptions& options) : model_(options) {}

  std::string_view name() const override { return "maml"; }
  const LearnerOptions& options() const override { return model_.options; }
  const Layout& layout() const override { return model_.layout; }
  std::unique_ptr<Scratch> make_scratch() const override { return std::make_unique<MamlScratch<float>>(); }
  std::size_t minimum_shots() const override { return 0; }
  std::size_t inner_steps() const override { return model_.options.inner_steps; }

  void initialise(std::span<float> params, Stream stream) const override {
    model_.encoder.initialise(params.data(), stream);
    if (model_.options.learn_inner_rates) {
      const Tensor& rates = model_.layout[model_.rate_tensor];
      std::fill_n(params.begin() + static_cast<std::ptrdiff_t>(rates.offset), rates.size(), model_.options.inner_rate);
    }
  }

  float task_gradient(std::span<const float> params, const Episode& episode, Scratch& scratch, std::span<float> gradient) const override {
    return model_.meta_gradient(params, {episode.support_rows, episode.support_labels}, {episode.query_rows, episode.query_labels},
                                static_cast<MamlScratch<float>&>(scratch), gradient);
  }

  AdaptedState adapt(std::span<const float> params, const Support& support, Scratch& scratch, std::size_t steps) const override {
    auto& work = static_cast<MamlScratch<float>&>(scratch);
    return network_state(descend(model_.encoder, model_.layout, params, {support.rows, support.labels}, model_.rates(params, work.rates),
                                 std::min(steps, model_.options.inner_steps), work.inner));
  }

  void score(const AdaptedState& state, MatrixView rows, Scratch& scratch, std::span<float> scores) const override {
    score_network(model_.encoder, state.values.data(), rows, static_cast<MamlScratch<float>&>(scratch).query, scores);
  }

 private:
  const nets::Encoder<float>& encoder() const override { return model_.encoder; }

  MamlModel<float> model_;
};

}  // namespace

std::unique_ptr<Learner> make_maml(const LearnerOptions& options) { return std::make_unique<Maml>(options); }

}  // namespace oddshot::learners
