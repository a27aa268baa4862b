#include "learners/unrolled.h"

#include <algorithm>

#include "learners/network_learner.h"

namespace oddshot::learners {

template <class T>
UnrolledModel<T>::UnrolledModel(const UnrolledVariant& wanted, const LearnerOptions& given)
    : variant(wanted), options(with_logit(given)), encoder(options.encoder, layout, "encoder"), tensors(layout.tensors().size()) {
  rates_begin = layout.size();
  if (variant.rates == Rates::kPerTensorAndStep) {
    layout.add("inner_rate", {options.inner_steps, tensors});
    rates_size = options.inner_steps * tensors;
  } else if (variant.rates == Rates::kPerParameter) {
    for (std::size_t t = 0; t < tensors; ++t) {
      layout.add("inner_rate." + layout[t].name, layout[t].shape);
    }
    rates_size = layout.size() - rates_begin;
  }
}

template <class T>
StepRule<T> UnrolledModel<T>::rule(std::span<const T> params, AlignedVector<T>& work) const {
  StepRule<T> rule;
  rule.momentum = static_cast<T>(options.inner_momentum);
  rule.per_parameter = variant.rates == Rates::kPerParameter;
  if (variant.rates == Rates::kFixed) {
    work.assign(options.inner_steps * tensors, static_cast<T>(options.inner_rate));
    rule.rates = work;
  } else {
    rule.rates = params.subspan(rates_begin, rates_size);
  }
  return rule;
}

template <class T>
T UnrolledModel<T>::meta_gradient(std::span<const T> params, const LabelledRows<T>& support, const LabelledRows<T>& query,
                                  UnrolledScratch<T>& scratch, std::span<T> gradient) const {
  const std::size_t steps = options.inner_steps;
  StepRule<T> with = rule(params, scratch.rates);
  with.learned = rates_size > 0;
  const AlignedVector<T>& adapted = descend(encoder, layout, params, support, with, steps, scratch.inner);
  AlignedVector<T>* const no_curvature = nullptr;
  encoder.clear_around(layout, gradient);
  T loss = logit_loss(encoder, adapted.data(), query, scratch.query, scratch.inner.d_logits, gradient.data(), no_curvature);
  std::span<const AlignedVector<T>> passing;
  if (options.multi_step_loss && steps > 1) {
    const T share = 1 / static_cast<T>(steps);
    scratch.passing.resize(steps);
    loss *= share;
    for (T& value : gradient) {
      value *= share;
    }
    for (std::size_t k = 1; k < steps; ++k) {
      AlignedVector<T>& on_the_way = scratch.passing[k];
      on_the_way.resize(encoder.end());
      loss += share * logit_loss(encoder, scratch.inner.steps[k].params.data(), query, scratch.query, scratch.inner.d_logits,
                                 on_the_way.data(), no_curvature);
      for (T& value : on_the_way) {
        value *= share;
      }
    }
    passing = scratch.passing;
  }
  pull_back(encoder, layout, with, steps, variant.order, scratch.inner, gradient.first(encoder.end()),
            gradient.subspan(rates_begin, rates_size), passing);
  return loss;
}

template struct UnrolledModel<float>;
template struct UnrolledModel<double>;

namespace {

class UnrolledLearner final : public NetworkLearner {
 public:
  UnrolledLearner(const UnrolledVariant& variant, const LearnerOptions& options) : model_(variant, options) {}

  std::string_view name() const override { return model_.variant.name; }
  const LearnerOptions& options() const override { return model_.options; }
  const Layout& layout() const override { return model_.layout; }
  std::unique_ptr<Scratch> make_scratch() const override { return std::make_unique<UnrolledScratch<float>>(); }
  std::size_t minimum_shots() const override { return 0; }
  std::size_t inner_steps() const override { return model_.options.inner_steps; }

  void initialise(std::span<float> params, Stream stream) const override {
    std::fill(params.begin(), params.end(), 0.0F);
    model_.encoder.initialise(params.data(), stream);
    for (std::size_t t = model_.tensors; t < model_.layout.tensors().size(); ++t) {
      const Tensor& rates = model_.layout[t];
      std::fill_n(params.begin() + static_cast<std::ptrdiff_t>(rates.offset), rates.size(), model_.options.inner_rate);
    }
  }

  float task_gradient(std::span<const float> params, const Episode& episode, Scratch& scratch, std::span<float> gradient) const override {
    return model_.meta_gradient(params, {episode.support_rows, episode.support_labels}, {episode.query_rows, episode.query_labels},
                                static_cast<UnrolledScratch<float>&>(scratch), gradient);
  }

  AdaptedState adapt(std::span<const float> params, const Support& support, Scratch& scratch, std::size_t steps) const override {
    auto& work = static_cast<UnrolledScratch<float>&>(scratch);
    return network_state(descend(model_.encoder, model_.layout, params, {support.rows, support.labels}, model_.rule(params, work.rates),
                                 std::min(steps, model_.options.inner_steps), work.inner));
  }

  void score(const AdaptedState& state, MatrixView rows, Scratch& scratch, std::span<float> scores) const override {
    score_network(model_.encoder, state.values.data(), rows, static_cast<UnrolledScratch<float>&>(scratch).query, scores);
  }

 private:
  const nets::Encoder<float>& encoder() const override { return model_.encoder; }

  UnrolledModel<float> model_;
};

}  // namespace

std::unique_ptr<Learner> make_unrolled(const UnrolledVariant& variant, const LearnerOptions& options) {
  return std::make_unique<UnrolledLearner>(variant, options);
}

}  // namespace oddshot::learners
