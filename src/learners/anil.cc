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

// head += scale * (F^T d, sum d)
template <class T>
void add_head_gradient(const kernels::Table<T>& kernels, BasicMatrixView<T> features, const AlignedVector<T>& d, T scale,
                       AlignedVector<T>& head) {
  for (std::size_t i = 0; i < features.rows; ++i) {
    kernels.axpy(features.cols, scale * d[i], features.row(i).data(), head.data());
    head.back() += scale * d[i];
  }
}

}  // namespace

template <class T>
const AlignedVector<T>& descend_head(const nets::Encoder<T>& encoder, std::span<const T> params, BasicMatrixView<T> features,
                                     std::span<const std::uint8_t> labels, T rate, std::size_t steps, AnilScratch<T>& scratch) {
  const std::size_t width = features.cols;
  scratch.steps.resize(std::max(scratch.steps.size(), steps + 1));
  AlignedVector<T>& start = scratch.steps[0].head;
  start.resize(width + 1);
  std::copy_n(params.data() + encoder.head_weight(), width, start.data());
  start.back() = params[encoder.head_bias()];
  for (std::size_t k = 0; k < steps; ++k) {
    auto& step = scratch.steps[k];
    head_logits(encoder.kernels(), features, step.head, scratch.logits);
    step.d_logits.resize(features.rows);
    step.curvature.resize(features.rows);
    nets::balanced_cross_entropy<T>(encoder.kernels(), scratch.logits, labels, step.d_logits.data(), step.curvature.data());
    scratch.steps[k + 1].head = step.head;
    add_head_gradient(encoder.kernels(), features, step.d_logits, -rate, scratch.steps[k + 1].head);
  }
  return scratch.steps[steps].head;
}

template <class T>
T anil_gradient(const nets::Encoder<T>& encoder, std::span<const T> params, const LabelledRows<T>& support, const LabelledRows<T>& query,
                T rate, std::size_t steps, AnilScratch<T>& scratch, std::span<T> gradient) {
  const auto& kernels = encoder.kernels();
  const std::size_t s = support.rows.rows;
  const std::size_t q = query.rows.rows;
  scratch.batch.join(support, query);
  encoder.forward(params.data(), scratch.batch.rows, scratch.tape);
  const BasicMatrixView<T> features = encoder.hidden(scratch.tape);
  const BasicMatrixView<T> known = features.slice(0, s);
  const BasicMatrixView<T> asked = features.slice(s, q);
  const std::size_t width = features.cols;
  const AlignedVector<T>& adapted = descend_head(encoder, params, known, support.labels, rate, steps, scratch);

  head_logits(kernels, asked, adapted, scratch.logits);
  scratch.d_query.resize(q);
  const T loss = nets::balanced_cross_entropy<T>(kernels, scratch.logits, query.labels, scratch.d_query.data(), nullptr);
  scratch.d_features.resize(s + q, width);
  std::fill_n(scratch.d_features.data(), (s + q) * width, T{0});
  for (std::size_t i = 0; i < q; ++i) {
    kernels.axpy(width, scratch.d_query[i], adapted.data(), scratch.d_features.row(s + i).data());
  }
  AlignedVector<T>& v = scratch.v;
  v.assign(width + 1, T{0});
  add_head_gradient(kernels, asked, scratch.d_query, T{1}, v);

  for (std::size_t k = steps; k-- > 0;) {
    const auto& step = scratch.steps[k];
    // With a = -rate v throughout: tangent = Rd = curvature * (F a_w + a_b)
    head_logits(kernels, known, v, scratch.tangent);
    for (std::size_t i = 0; i < s; ++i) {
      scratch.tangent[i] *= -rate * step.curvature[i];
      kernels.axpy(width, -rate * step.d_logits[i], v.data(), scratch.d_features.row(i).data());
      kernels.axpy(width, scratch.tangent[i], step.head.data(), scratch.d_features.row(i).data());
    }
    add_head_gradient(kernels, known, scratch.tangent, T{1}, v);
  }
  std::fill(gradient.begin(), gradient.end(), T{0});
  encoder.backward_hidden(params.data(), scratch.d_features, scratch.tape, gradient.data());
  std::copy_n(v.data(), width, gradient.data() + encoder.head_weight());
  gradient[encoder.head_bias()] = v.back();
  return loss;
}

#define ODDSHOT_INSTANTIATE(T)                                                                                                          \
  template const AlignedVector<T>& descend_head(const nets::Encoder<T>&, std::span<const T>, BasicMatrixView<T>,                        \
                                                std::span<const std::uint8_t>, T, std::size_t, AnilScratch<T>&);                        \
  template T anil_gradient(const nets::Encoder<T>&, std::span<const T>, const LabelledRows<T>&, const LabelledRows<T>&, T, std::size_t, \
                           AnilScratch<T>&, std::span<T>)
ODDSHOT_INSTANTIATE(float);
ODDSHOT_INSTANTIATE(double);
#undef ODDSHOT_INSTANTIATE

namespace {

class Anil final : public NetworkLearner {
 public:
  explicit Anil(const LearnerOptions& options) : options_(with_logit(options)), encoder_(options_.encoder, layout_, "encoder") {}

  std::string_view name() const override { return "anil"; }
  const LearnerOptions& options() const override { return options_; }
  const Layout& layout() const override { return layout_; }
  std::unique_ptr<Scratch> make_scratch() const override { return std::make_unique<AnilScratch<float>>(); }
  std::size_t minimum_shots() const override { return 0; }
  std::size_t inner_steps() const override { return options_.inner_steps; }
  void initialise(std::span<float> params, Stream stream) const override { encoder_.initialise(params.data(), stream); }

  float task_gradient(std::span<const float> params, const Episode& episode, Scratch& scratch, std::span<float> gradient) const override {
    return anil_gradient(encoder_, params, {episode.support_rows, episode.support_labels}, {episode.query_rows, episode.query_labels},
                         options_.inner_rate, options_.inner_steps, static_cast<AnilScratch<float>&>(scratch), gradient);
  }

  AdaptedState adapt(std::span<const float> params, const Support& support, Scratch& scratch, std::size_t steps) const override {
    auto& work = static_cast<AnilScratch<float>&>(scratch);
    encoder_.forward(params.data(), support.rows, work.tape, nets::Keep::kOutputsOnly);
    const AlignedVector<float>& head = descend_head(encoder_, params, encoder_.hidden(work.tape), support.labels, options_.inner_rate,
                                                    std::min(steps, options_.inner_steps), work);
    AdaptedState state = network_state(params);
    std::copy_n(head.data(), head.size() - 1, state.values.data() + encoder_.head_weight());
    state.values[encoder_.head_bias()] = head.back();
    return state;
  }

  void score(const AdaptedState& state, MatrixView rows, Scratch& scratch, std::span<float> scores) const override {
    score_network(encoder_, state.values.data(), rows, static_cast<AnilScratch<float>&>(scratch).tape, scores);
  }

 private:
  const nets::Encoder<float>& encoder() const override { return encoder_; }

  LearnerOptions options_;
  Layout layout_;
  nets::Encoder<float> encoder_;
};

}  // namespace

std::unique_ptr<Learner> make_anil(const LearnerOptions& options) { return std::make_unique<Anil>(options); }

}  // namespace oddshot::learners
