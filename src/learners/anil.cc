#include "learners/anil.h"

#include <algorithm>

#include "learners/network_learner.h"
#include "nets/losses.h"

namespace oddshot::learners {
namespace {

// out[i] = features_i . w + b; head [H + 1].
template <class T>
void head_logits(const kernels::Table<T>& kernels, BasicMatrixView<T> features, const AlignedVector<T>& head, AlignedVector<T>& out) {
  out.resize(features.rows);
  kernels::Product<T> p;
  p.m = features.rows;
  p.n = 1;
  p.k = features.cols;
  p.a = features.data;
  p.a_row = features.stride;
  p.b = head.data();
  p.ldb = 1;
  p.bias = head.data() + features.cols;
  p.c = out.data();
  p.ldc = 1;
  kernels.product(p);
}

// head += (F^T d, sum d)
template <class T>
void add_head_gradient(const kernels::Table<T>& kernels, BasicMatrixView<T> features, const AlignedVector<T>& d, AlignedVector<T>& head) {
  for (std::size_t i = 0; i < features.rows; ++i) {
    kernels.axpy(features.cols, d[i], features.row(i).data(), head.data());
    head.back() += d[i];
  }
}

}  // namespace

template <class T>
AnilModel<T>::AnilModel(const LearnerOptions& given) : options(with_logit(given)), encoder(options.encoder, layout, "encoder") {
  rates_begin = layout.size();
  if (options.learn_inner_rates) {
    layout.add("inner_rate", {options.inner_steps, 2});
    rates_size = options.inner_steps * 2;
  }
}

template <class T>
std::span<const T> AnilModel<T>::rates(std::span<const T> params, AnilScratch<T>& scratch) const {
  if (options.learn_inner_rates) {
    return params.subspan(rates_begin, rates_size);
  }
  scratch.rates.assign(options.inner_steps * 2, static_cast<T>(options.inner_rate));
  return scratch.rates;
}

template <class T>
const AlignedVector<T>& AnilModel<T>::descend(std::span<const T> params, BasicMatrixView<T> features, std::span<const std::uint8_t> labels,
                                              std::size_t steps, AnilScratch<T>& scratch) const {
  const auto& kernels = encoder.kernels();
  const std::size_t width = features.cols;
  const std::span<const T> alpha = rates(params, scratch);
  scratch.steps.resize(std::max(scratch.steps.size(), steps + 1));
  AlignedVector<T>& start = scratch.steps[0].head;
  start.resize(width + 1);
  std::copy_n(params.data() + encoder.head_weight(), width, start.data());
  start.back() = params[encoder.head_bias()];
  for (std::size_t k = 0; k < steps; ++k) {
    auto& step = scratch.steps[k];
    head_logits(kernels, features, step.head, scratch.logits);
    step.d_logits.resize(features.rows);
    step.curvature.resize(features.rows);
    nets::balanced_cross_entropy<T>(kernels, scratch.logits, labels, step.d_logits.data(), step.curvature.data());
    step.velocity.assign(width + 1, T{0});
    add_head_gradient(kernels, features, step.d_logits, step.velocity);
    if (k > 0) {
      kernels.axpy(width + 1, static_cast<T>(options.inner_momentum), scratch.steps[k - 1].velocity.data(), step.velocity.data());
    }
    AlignedVector<T>& next = scratch.steps[k + 1].head;
    next = step.head;
    kernels.axpy(width, -alpha[2 * k], step.velocity.data(), next.data());
    next.back() -= alpha[2 * k + 1] * step.velocity.back();
  }
  return scratch.steps[steps].head;
}

template <class T>
T AnilModel<T>::meta_gradient(std::span<const T> params, const LabelledRows<T>& support, const LabelledRows<T>& query,
                              AnilScratch<T>& scratch, std::span<T> gradient) const {
  const auto& kernels = encoder.kernels();
  const std::size_t steps = options.inner_steps;
  const std::size_t s = support.rows.rows;
  const std::size_t q = query.rows.rows;
  scratch.batch.join(support, query);
  encoder.forward(params.data(), scratch.batch.rows, scratch.tape);
  const BasicMatrixView<T> features = encoder.hidden(scratch.tape);
  const BasicMatrixView<T> known = features.slice(0, s);
  const BasicMatrixView<T> asked = features.slice(s, q);
  const std::size_t width = features.cols;
  descend(params, known, support.labels, steps, scratch);

  std::fill(gradient.begin(), gradient.end(), T{0});
  scratch.d_features.resize(s + q, width);
  std::fill_n(scratch.d_features.data(), (s + q) * width, T{0});
  scratch.d_query.resize(q);
  AlignedVector<T>& v = scratch.v;
  v.assign(width + 1, T{0});
  // Adds `share` of the query loss under a head: to v, and to dL/dF of the query's rows.
  const auto ask = [&](const AlignedVector<T>& head, T share) {
    head_logits(kernels, asked, head, scratch.logits);
    const T loss = nets::balanced_cross_entropy<T>(kernels, scratch.logits, query.labels, scratch.d_query.data(), nullptr);
    for (std::size_t i = 0; i < q; ++i) {
      scratch.d_query[i] *= share;
      kernels.axpy(width, scratch.d_query[i], head.data(), scratch.d_features.row(s + i).data());
    }
    add_head_gradient(kernels, asked, scratch.d_query, v);
    return share * loss;
  };
  const bool on_the_way = options.multi_step_loss && steps > 1;
  const T share = on_the_way ? 1 / static_cast<T>(steps) : T{1};
  T loss = ask(scratch.steps[steps].head, share);

  const std::span<const T> alpha = rates(params, scratch);
  AlignedVector<T>& a = scratch.a;
  a.assign(width + 1, T{0});
  for (std::size_t k = steps; k-- > 0;) {
    const auto& step = scratch.steps[k];
    if (rates_size > 0) {
      gradient[rates_begin + 2 * k] = -kernels.dot(width, v.data(), step.velocity.data());
      gradient[rates_begin + 2 * k + 1] = -v.back() * step.velocity.back();
    }
    for (std::size_t i = 0; i <= width; ++i) {
      a[i] = static_cast<T>(options.inner_momentum) * a[i] - alpha[2 * k + (i < width ? 0 : 1)] * v[i];
    }
    head_logits(kernels, known, a, scratch.tangent);
    for (std::size_t i = 0; i < s; ++i) {
      scratch.tangent[i] *= step.curvature[i];
      kernels.axpy(width, step.d_logits[i], a.data(), scratch.d_features.row(i).data());
      kernels.axpy(width, scratch.tangent[i], step.head.data(), scratch.d_features.row(i).data());
    }
    add_head_gradient(kernels, known, scratch.tangent, v);
    if (on_the_way && k > 0) {
      loss += ask(step.head, share);
    }
  }
  encoder.backward_hidden(params.data(), scratch.d_features, scratch.tape, gradient.data());
  std::copy_n(v.data(), width, gradient.data() + encoder.head_weight());
  gradient[encoder.head_bias()] = v.back();
  return loss;
}

template struct AnilModel<float>;
template struct AnilModel<double>;

namespace {

class Anil final : public NetworkLearner {
 public:
  explicit Anil(const LearnerOptions& options) : model_(options) {}

  std::string_view name() const override { return "anil"; }
  const LearnerOptions& options() const override { return model_.options; }
  const Layout& layout() const override { return model_.layout; }
  std::unique_ptr<Scratch> make_scratch() const override { return std::make_unique<AnilScratch<float>>(); }
  std::size_t minimum_shots() const override { return 0; }
  std::size_t inner_steps() const override { return model_.options.inner_steps; }

  void initialise(std::span<float> params, Stream stream) const override {
    std::fill(params.begin(), params.end(), 0.0F);
    model_.encoder.initialise(params.data(), stream);
    std::fill_n(params.data() + model_.rates_begin, model_.rates_size, model_.options.inner_rate);
  }

  float task_gradient(std::span<const float> params, const Episode& episode, Scratch& scratch, std::span<float> gradient) const override {
    return model_.meta_gradient(params, {episode.support_rows, episode.support_labels}, {episode.query_rows, episode.query_labels},
                                static_cast<AnilScratch<float>&>(scratch), gradient);
  }

  AdaptedState adapt(std::span<const float> params, const Support& support, Scratch& scratch, std::size_t steps) const override {
    auto& work = static_cast<AnilScratch<float>&>(scratch);
    encoder().forward(params.data(), support.rows, work.tape, nets::Keep::kOutputsOnly);
    const AlignedVector<float>& head =
        model_.descend(params, encoder().hidden(work.tape), support.labels, std::min(steps, model_.options.inner_steps), work);
    AdaptedState state = network_state(params);
    std::copy_n(head.data(), head.size() - 1, state.values.data() + encoder().head_weight());
    state.values[encoder().head_bias()] = head.back();
    return state;
  }

  void score(const AdaptedState& state, MatrixView rows, Scratch& scratch, std::span<float> scores) const override {
    score_network(encoder(), state.values.data(), rows, static_cast<AnilScratch<float>&>(scratch).tape, scores);
  }

 private:
  const nets::Encoder<float>& encoder() const override { return model_.encoder; }

  AnilModel<float> model_;
};

}  // namespace

std::unique_ptr<Learner> make_anil(const LearnerOptions& options) { return std::make_unique<Anil>(options); }

}  // namespace oddshot::learners
