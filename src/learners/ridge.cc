#include "learners/ridge.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <string>

#include "learners/network_learner.h"
#include "nets/losses.h"
#include "oddshot/base/error.h"

namespace oddshot::learners {
namespace {

// Where training starts. The weights of a task's rows add up to 1, so X^T X is of the order of the mean square of an embedding's element,
// about 1; predictions lie within about -1 .. 1.
constexpr float kFirstLogLambda = -2.0F;
constexpr float kFirstScale = 4.0F;

// In place: the lower triangle of a symmetric positive definite matrix becomes its factor L, a = L L^T. O(n^3 / 3).
template <class T>
void factorise(const kernels::Table<T>& kernels, BasicMatrix<T>& a) {
  for (std::size_t r = 0; r < a.rows(); ++r) {
    for (std::size_t c = 0; c < r; ++c) {
      a(r, c) = (a(r, c) - kernels.dot(c, a.row(r).data(), a.row(c).data())) / a(c, c);
    }
    a(r, r) = std::sqrt(a(r, r) - kernels.dot(r, a.row(r).data(), a.row(r).data()));
  }
}

// In place: v becomes (L L^T)^-1 v.
template <class T>
void solve_with(const kernels::Table<T>& kernels, const BasicMatrix<T>& factor, AlignedVector<T>& v) {
  const std::size_t n = factor.rows();
  for (std::size_t r = 0; r < n; ++r) {
    v[r] = (v[r] - kernels.dot(r, factor.row(r).data(), v.data())) / factor(r, r);
  }
  for (std::size_t r = n; r-- > 0;) {
    v[r] /= factor(r, r);
    kernels.axpy(r, -v[r], factor.row(r).data(), v.data());
  }
}

// out = x v
template <class T>
void times(const kernels::Table<T>& kernels, BasicMatrixView<T> x, const AlignedVector<T>& v, AlignedVector<T>& out) {
  out.resize(x.rows);
  for (std::size_t r = 0; r < x.rows; ++r) {
    out[r] = kernels.dot(x.cols, x.row(r).data(), v.data());
  }
}

// out = scale * x^T v
template <class T>
void transposed_times(const kernels::Table<T>& kernels, BasicMatrixView<T> x, std::span<const T> v, AlignedVector<T>& out, T scale = 1) {
  out.assign(x.cols, T{0});
  for (std::size_t r = 0; r < x.rows; ++r) {
    kernels.axpy(x.cols, scale * v[r], x.row(r).data(), out.data());
  }
}

}  // namespace

template <class T>
void RidgeSolver<T>::solve(const kernels::Table<T>& kernels, BasicMatrixView<T> x, std::span<const T> y, T lambda) {
  dual_ = x.rows < x.cols;
  const std::size_t n = std::min(x.rows, x.cols);
  factor_.resize(n, n);
  kernels::Product<T> p;
  p.m = p.n = n;
  p.k = std::max(x.rows, x.cols);
  p.a = x.data;
  p.a_row = dual_ ? x.stride : 1;
  p.a_col = dual_ ? 1 : x.stride;
  p.b = x.data;
  p.ldb = x.stride;
  if (dual_) {
    transposed_.resize(x.rows * x.cols);
    kernels.transpose(x.rows, x.cols, x.data, x.stride, transposed_.data(), x.rows);
    p.b = transposed_.data();
    p.ldb = x.rows;
  }
  p.c = factor_.data();
  p.ldc = n;
  kernels.product(p);
  for (std::size_t i = 0; i < n; ++i) {
    factor_(i, i) += lambda;
  }
  factorise(kernels, factor_);
  if (dual_) {
    a_.assign(y.begin(), y.end());
    solve_with(kernels, factor_, a_);
    transposed_times<T>(kernels, x, a_, w);
  } else {
    transposed_times(kernels, x, y, w);
    solve_with(kernels, factor_, w);
  }
}

template <class T>
T RidgeSolver<T>::pull_back(const kernels::Table<T>& kernels, BasicMatrixView<T> x, std::span<const T> y, std::span<const T> g,
                            BasicMatrix<T>& d_x) {
  // dL/dX = a right^T - left w^T
  right_.assign(g.begin(), g.end());
  T d_lambda = 0;
  if (dual_) {
    times(kernels, x, right_, left_);
    solve_with(kernels, factor_, left_);
    transposed_times<T>(kernels, x, left_, product_);
    kernels.axpy(x.cols, T{-1}, product_.data(), right_.data());
    d_lambda = -kernels.dot(x.rows, a_.data(), left_.data());
  } else {
    solve_with(kernels, factor_, right_);
    times(kernels, x, right_, left_);
    times(kernels, x, w, a_);
    for (std::size_t i = 0; i < x.rows; ++i) {
      a_[i] = y[i] - a_[i];
    }
    d_lambda = -kernels.dot(x.cols, right_.data(), w.data());
  }
  d_x.resize(x.rows, x.cols);
  std::fill_n(d_x.data(), x.rows * x.cols, T{0});
  for (std::size_t i = 0; i < x.rows; ++i) {
    kernels.axpy(x.cols, a_[i], right_.data(), d_x.row(i).data());
    kernels.axpy(x.cols, -left_[i], w.data(), d_x.row(i).data());
  }
  return d_lambda;
}

template <class T>
RidgeModel<T>::RidgeModel(const LearnerOptions& given) : options(with_embedding(given)), encoder(options.encoder, layout, "encoder") {
  log_lambda = layout[layout.add("log_lambda", {1})].offset;
  scale = layout[layout.add("scale", {1})].offset;
  bias = layout[layout.add("bias", {1})].offset;
}

template <class T>
void RidgeModel<T>::fit(std::span<const T> params, BasicMatrixView<T> embeddings, std::span<const std::uint8_t> labels,
                        RidgeScratch<T>& scratch) const {
  const auto anomalies = static_cast<std::size_t>(std::count(labels.begin(), labels.end(), std::uint8_t{1}));
  const std::array<std::size_t, 2> count{labels.size() - anomalies, anomalies};
  if (count[0] == 0 || count[1] == 0) {
    throw ArgumentError("a ridge head needs rows of both classes; the support has " + std::to_string(count[0]) + " normal rows and " +
                        std::to_string(count[1]) + " anomalies");
  }
  scratch.x.resize(labels.size(), embeddings.cols);
  scratch.root.resize(labels.size());
  scratch.y.resize(labels.size());
  for (std::size_t i = 0; i < labels.size(); ++i) {
    const T root = std::sqrt(1 / (2 * static_cast<T>(count[labels[i]])));
    scratch.root[i] = root;
    scratch.y[i] = labels[i] != 0 ? root : -root;
    std::transform(embeddings.row(i).begin(), embeddings.row(i).end(), scratch.x.row(i).begin(), [&](T f) { return root * f; });
  }
  scratch.solver.solve(encoder.kernels(), scratch.x, scratch.y, std::exp(params[log_lambda]));
}

template <class T>
T RidgeModel<T>::meta_gradient(std::span<const T> params, const LabelledRows<T>& support, const LabelledRows<T>& query,
                               RidgeScratch<T>& scratch, std::span<T> gradient) const {
  const auto& kernels = encoder.kernels();
  const std::size_t s = support.rows.rows;
  const std::size_t q = query.rows.rows;
  scratch.batch.join(support, query);
  encoder.forward(params.data(), scratch.batch.rows, scratch.tape);
  const BasicMatrixView<T> embeddings = scratch.tape.output();
  const BasicMatrixView<T> asked = embeddings.slice(s, q);
  fit(params, embeddings.slice(0, s), support.labels, scratch);
  const AlignedVector<T>& w = scratch.solver.w;

  times(kernels, asked, w, scratch.predictions);
  scratch.logits.resize(q);
  scratch.d_logits.resize(q);
  std::transform(scratch.predictions.begin(), scratch.predictions.end(), scratch.logits.begin(),
                 [&](T prediction) { return params[scale] * prediction + params[bias]; });
  const T loss = nets::balanced_cross_entropy<T>(kernels, scratch.logits, query.labels, scratch.d_logits.data(), nullptr);

  const AlignedVector<T>& d = scratch.d_logits;
  transposed_times<T>(kernels, asked, d, scratch.g, params[scale]);
  const T d_lambda = scratch.solver.pull_back(kernels, scratch.x, scratch.y, scratch.g, scratch.d_x);
  scratch.d_embeddings.resize(s + q, embeddings.cols);
  for (std::size_t i = 0; i < s; ++i) {
    std::transform(scratch.d_x.row(i).begin(), scratch.d_x.row(i).end(), scratch.d_embeddings.row(i).begin(),
                   [&](T value) { return scratch.root[i] * value; });
  }
  for (std::size_t i = 0; i < q; ++i) {
    std::transform(w.begin(), w.end(), scratch.d_embeddings.row(s + i).begin(), [&](T value) { return params[scale] * d[i] * value; });
  }
  std::fill(gradient.begin(), gradient.end(), T{0});
  encoder.backward(params.data(), scratch.d_embeddings, scratch.tape, gradient.data());
  gradient[log_lambda] = std::exp(params[log_lambda]) * d_lambda;
  gradient[scale] = kernels.dot(q, d.data(), scratch.predictions.data());
  gradient[bias] = std::accumulate(d.begin(), d.end(), T{0});
  return loss;
}

template struct RidgeSolver<float>;
template struct RidgeSolver<double>;
template struct RidgeModel<float>;
template struct RidgeModel<double>;

namespace {

class Ridge final : public NetworkLearner {
 public:
  explicit Ridge(const LearnerOptions& options) : model_(options) {}

  std::string_view name() const override { return "ridge"; }
  const LearnerOptions& options() const override { return model_.options; }
  const Layout& layout() const override { return model_.layout; }
  std::unique_ptr<Scratch> make_scratch() const override { return std::make_unique<RidgeScratch<float>>(); }
  std::size_t minimum_shots() const override { return 1; }
  std::size_t inner_steps() const override { return 0; }

  void initialise(std::span<float> params, Stream stream) const override {
    std::fill(params.begin(), params.end(), 0.0F);
    model_.encoder.initialise(params.data(), stream);
    params[model_.log_lambda] = kFirstLogLambda;
    params[model_.scale] = kFirstScale;
  }

  float task_gradient(std::span<const float> params, const Episode& episode, Scratch& scratch, std::span<float> gradient) const override {
    return model_.meta_gradient(params, {episode.support_rows, episode.support_labels}, {episode.query_rows, episode.query_labels},
                                static_cast<RidgeScratch<float>&>(scratch), gradient);
  }

  AdaptedState adapt(std::span<const float> params, const Support& support, Scratch& scratch, std::size_t /*steps*/) const override {
    auto& work = static_cast<RidgeScratch<float>&>(scratch);
    model_.encoder.forward(params.data(), support.rows, work.tape, nets::Keep::kOutputsOnly);
    model_.fit(params, work.tape.output(), support.labels, work);
    AdaptedState state = network_state(params);
    const std::size_t weight = state.layout.add("head.weight", {model_.encoder.spec().outputs});
    const std::size_t bias = state.layout.add("head.bias", {1});
    state.values.resize(state.layout.size());
    std::transform(work.solver.w.begin(), work.solver.w.end(), state.values.data() + state.layout[weight].offset,
                   [&](float w) { return params[model_.scale] * w; });
    state.values[state.layout[bias].offset] = params[model_.bias];
    return state;
  }

  void score(const AdaptedState& state, MatrixView rows, Scratch& scratch, std::span<float> scores) const override {
    const std::size_t tensors = state.layout.tensors().size();
    const float* weight = state.values.data() + state.layout[tensors - 2].offset;
    const float bias = state.values[state.layout[tensors - 1].offset];
    for_each_batch(model_.encoder, state.values.data(), rows, static_cast<RidgeScratch<float>&>(scratch).tape, scores,
                   [&](MatrixView embeddings, std::span<float> out) {
                     for (std::size_t i = 0; i < out.size(); ++i) {
                       out[i] = model_.encoder.kernels().dot(embeddings.cols, embeddings.row(i).data(), weight) + bias;
                     }
                   });
  }

 private:
  const nets::Encoder<float>& encoder() const override { return model_.encoder; }

  RidgeModel<float> model_;
};

}  // namespace

std::unique_ptr<Learner> make_ridge(const LearnerOptions& options) { return std::make_unique<Ridge>(options); }

}  // namespace oddshot::learners
