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
  rule.layer_one = rule.per_parameter ? LayerOne::kWeights : variant.layer_one;
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
  const bool on_the_way = options.multi_step_loss && steps > 1;
  StepRule<T> with = rule(params, scratch.rates);
  with.learned = rates_size > 0;
  const bool by_rows = by_row_products(with.layer_one, options.encoder,
                                       {.support = support.rows.rows,
                                        .query = query.rows.rows,
                                        .query_passes = on_the_way ? steps : 1,
                                        .gradients = steps,
                                        .hessian_products = variant.order == Order::kSecond ? steps : 0});
  RowProducts<T>& products = scratch.products;
  const InnerTask<T> task =
      by_rows ? products.begin(encoder, params, support, query) : InnerTask<T>{&encoder, &layout, params, support, query};
  InnerScratch<T>& inner = by_rows ? products.inner : scratch.inner;
  const std::span<T> v = by_rows ? std::span<T>(products.v) : gradient.first(encoder.end());
  encoder.clear_around(layout, gradient);
  const std::size_t size = task.encoder->end();
  // The query's loss in theta_k, and `share` of its gradient.
  const auto ask = [&](const AlignedVector<T>& theta, T share, T* out) {
    AlignedVector<T>* const no_curvature = nullptr;
    const T loss = logit_loss(*task.encoder, theta.data(), task.query, scratch.query, inner.d_logits, out, no_curvature);
    if (by_rows) {
      products.add_query(scratch.query, share);
    }
    for (std::size_t i = 0; share != 1 && i < size; ++i) {
      out[i] *= share;
    }
    return share * loss;
  };
  const AlignedVector<T>& adapted = descend(*task.encoder, *task.layout, task.params, task.support, with, steps, inner);
  const T share = on_the_way ? 1 / static_cast<T>(steps) : T{1};
  T loss = ask(adapted, share, v.data());
  std::span<const AlignedVector<T>> passing;
  if (on_the_way) {
    inner.passing.resize(steps);
    for (std::size_t k = 1; k < steps; ++k) {
      inner.passing[k].resize(size);
      loss += ask(inner.steps[k].params, share, inner.passing[k].data());
    }
    passing = inner.passing;
  }
  pull_back(*task.encoder, *task.layout, with, steps, variant.order, inner, v, gradient.subspan(rates_begin, rates_size), passing);
  if (by_rows) {
    products.whole_gradient(inner.d_offset, gradient);
  }
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
    return network_state(adapt_params<float>(model_.encoder, model_.layout, params, {support.rows, support.labels},
                                             model_.rule(params, work.rates), std::min(steps, model_.options.inner_steps), work.inner,
                                             work.products));
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
