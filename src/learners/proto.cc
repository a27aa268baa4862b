#include "learners/proto.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "learners/network_learner.h"
#include "nets/losses.h"

namespace oddshot::learners {
namespace {

// -log of the mean of exp(-d), without overflow; leaves in `d` each one's share, softmax(-d).
template <class T>
T soft_distance(std::span<T> d) {
  if (d.size() == 1) {
    return std::exchange(d[0], T{1});
  }
  const T nearest = *std::min_element(d.begin(), d.end());
  T sum = 0;
  for (T& one : d) {
    one = std::exp(nearest - one);
    sum += one;
  }
  for (T& one : d) {
    one /= sum;
  }
  return nearest - std::log(sum / static_cast<T>(d.size()));
}

// The logit of each row of distances [N x P], the first `normals` of them to the normals' prototypes; leaves the shares in their place.
template <class T>
void logits_of(BasicMatrix<T>& distances, std::size_t normals, T log_threshold, T* logits) {
  for (std::size_t i = 0; i < distances.rows(); ++i) {
    const std::span<T> row = distances.row(i);
    logits[i] = soft_distance(row.first(normals)) - (normals < row.size() ? soft_distance(row.subspan(normals)) : std::exp(log_threshold));
  }
}

template <class T>
void measure(const kernels::Table<T>& kernels, BasicMatrixView<T> rows, BasicMatrixView<T> prototypes, BasicMatrix<T>& distances) {
  distances.resize(rows.rows, prototypes.rows);
  kernels.squared_distances(rows.rows, prototypes.rows, rows.cols, rows.data, rows.stride, prototypes.data, prototypes.stride,
                            distances.data(), prototypes.rows);
}

// Sums of pulls(i, p) (rows_i - centres_p): over p into d_rows [N x E], over i, with the other sign, into d_centres [P x E].
template <class T>
void pull(const kernels::Table<T>& kernels, const BasicMatrix<T>& pulls, BasicMatrixView<T> rows, BasicMatrixView<T> centres,
          BasicMatrix<T>& d_rows, BasicMatrix<T>& d_centres) {
  const std::size_t width = rows.cols;
  d_rows.resize(rows.rows, width);
  for (std::size_t i = 0; i < rows.rows; ++i) {
    const T sum = std::accumulate(pulls.row(i).begin(), pulls.row(i).end(), T{0});
    for (std::size_t e = 0; e < width; ++e) d_rows(i, e) = sum * rows(i, e);
  }
  d_centres.resize(centres.rows, width);
  for (std::size_t p = 0; p < centres.rows; ++p) {
    T sum = 0;
    for (std::size_t i = 0; i < rows.rows; ++i) sum += pulls(i, p);
    for (std::size_t e = 0; e < width; ++e) d_centres(p, e) = sum * centres(p, e);
  }
  kernels::Product<T> of_rows;
  of_rows.m = rows.rows;
  of_rows.n = width;
  of_rows.k = centres.rows;
  of_rows.a = pulls.data();
  of_rows.a_row = centres.rows;
  of_rows.b = centres.data;
  of_rows.ldb = centres.stride;
  of_rows.alpha = -1;
  of_rows.addend = of_rows.c = d_rows.data();
  of_rows.ld_addend = of_rows.ldc = width;
  kernels.product(of_rows);
  kernels::Product<T> of_centres = of_rows;
  of_centres.m = centres.rows;
  of_centres.k = rows.rows;
  of_centres.a_row = 1;
  of_centres.a_col = centres.rows;
  of_centres.b = rows.data;
  of_centres.ldb = rows.stride;
  of_centres.addend = of_centres.c = d_centres.data();
  kernels.product(of_centres);
}

}  // namespace

template <class T>
ProtoModel<T>::ProtoModel(const LearnerOptions& given)
    : options(with_embedding(given)),
      encoder(options.encoder, layout, "encoder"),
      metric(options.metric, options.embedding, layout),
      threshold(layout[layout.add("log_threshold", {1})].offset) {}

template <class T>
T ProtoModel<T>::meta_gradient(std::span<const T> params, const LabelledRows<T>& support, const LabelledRows<T>& query,
                               ProtoScratch<T>& scratch, std::span<T> gradient) const {
  const auto& kernels = encoder.kernels();
  const std::size_t s = support.rows.rows;
  const std::size_t q = query.rows.rows;
  const std::size_t width = options.embedding;
  const T* own = metric.own(params.data());
  T* d_own = metric.own(gradient.data());
  encoder.clear_around(layout, gradient);

  scratch.batch.join(support, query);
  encoder.forward(params.data(), scratch.batch.rows, scratch.tape);
  const BasicMatrixView<T> embeddings = scratch.tape.output();
  Prototypes<T>& prototypes = scratch.prototypes;
  find_prototypes(kernels, metric, own, embeddings.slice(0, s), support.labels, options.prototypes, prototypes);
  const std::size_t count = prototypes.means.rows();
  const BasicMatrixView<T> asked = metric.map(own, embeddings.slice(s, q), scratch.mapped);
  const BasicMatrixView<T> centres = metric.map(own, prototypes.means, scratch.mapped_prototypes);
  measure(kernels, asked, centres, scratch.distances);
  scratch.logits.resize(q);
  scratch.d_logits.resize(q);
  logits_of(scratch.distances, prototypes.normals, params[threshold], scratch.logits.data());
  const T loss = nets::balanced_cross_entropy<T>(kernels, scratch.logits, query.labels, scratch.d_logits.data(), nullptr);

  // dlogit/dd(x, c) is c's share in its class, negative for anomalies;  dd/dphi(f) = 2 (phi(f) - phi(c)) = -dd/dphi(c)
  for (std::size_t i = 0; i < q; ++i) {
    if (prototypes.normals == count) {
      gradient[threshold] -= scratch.d_logits[i] * std::exp(params[threshold]);
    }
    for (std::size_t p = 0; p < count; ++p) {
      scratch.distances(i, p) *= (p < prototypes.normals ? T{2} : T{-2}) * scratch.d_logits[i];
    }
  }
  pull(kernels, scratch.distances, asked, centres, scratch.d_query, scratch.d_prototypes);
  metric.pull_back(embeddings.slice(s, q), asked, scratch.d_query, own, d_own);
  metric.pull_back(prototypes.means, centres, scratch.d_prototypes, own, d_own);
  scratch.d_embeddings.resize(s + q, width);
  for (std::size_t i = 0; i < s; ++i) {
    const std::uint32_t p = prototypes.of_row[i];
    for (std::size_t e = 0; e < width; ++e) {
      scratch.d_embeddings(i, e) = scratch.d_prototypes(p, e) / static_cast<T>(prototypes.sizes[p]);
    }
  }
  std::copy_n(scratch.d_query.data(), q * width, scratch.d_embeddings.row(s).data());
  encoder.backward(params.data(), scratch.d_embeddings, scratch.tape, gradient.data());
  return loss;
}

template struct ProtoModel<float>;
template struct ProtoModel<double>;

namespace {

class Proto final : public NetworkLearner {
 public:
  explicit Proto(const LearnerOptions& options) : model_(options) {}

  std::string_view name() const override { return "proto"; }
  const LearnerOptions& options() const override { return model_.options; }
  const Layout& layout() const override { return model_.layout; }
  std::unique_ptr<Scratch> make_scratch() const override { return std::make_unique<ProtoScratch<float>>(); }
  std::size_t minimum_shots() const override { return 0; }
  std::size_t inner_steps() const override { return 0; }

  void initialise(std::span<float> params, Stream stream) const override {
    model_.encoder.initialise(params.data(), stream);
    model_.metric.initialise(model_.metric.own(params.data()));
    params[model_.threshold] = std::log(model_.metric.usual_distance());
  }

  float task_gradient(std::span<const float> params, const Episode& episode, Scratch& scratch, std::span<float> gradient) const override {
    return model_.meta_gradient(params, {episode.support_rows, episode.support_labels}, {episode.query_rows, episode.query_labels},
                                static_cast<ProtoScratch<float>&>(scratch), gradient);
  }

  AdaptedState adapt(std::span<const float> params, const Support& support, Scratch& scratch, std::size_t /*steps*/) const override {
    auto& work = static_cast<ProtoScratch<float>&>(scratch);
    const float* own = model_.metric.own(params.data());
    encoder().forward(params.data(), support.rows, work.tape, nets::Keep::kOutputsOnly);
    Prototypes<float>& found = work.prototypes;
    find_prototypes(encoder().kernels(), model_.metric, own, work.tape.output(), support.labels, model_.options.prototypes, found);
    AdaptedState state = network_state(params);
    if (const auto tensor = model_.metric.tensor()) {
      add_tensor(state, layout()[*tensor].name, layout()[*tensor].shape, own);
    }
    add_tensor(state, "log_threshold", {1}, params.data() + model_.threshold);
    const std::size_t width = model_.options.embedding;
    add_tensor(state, "prototypes.normal", {found.normals, width}, found.means.data());
    if (found.means.rows() > found.normals) {
      add_tensor(state, "prototypes.anomaly", {found.means.rows() - found.normals, width}, found.means.row(found.normals).data());
    }
    return state;
  }

  void score(const AdaptedState& state, MatrixView rows, Scratch& scratch, std::span<float> scores) const override {
    auto& work = static_cast<ProtoScratch<float>&>(scratch);
    const auto tensor = model_.metric.tensor();
    const float* own = tensor ? tensor_values(state, layout()[*tensor].name).data : nullptr;
    const float log_threshold = *tensor_values(state, "log_threshold").data;
    const MatrixView normals = tensor_values(state, "prototypes.normal");
    const MatrixView anomalies = tensor_values(state, "prototypes.anomaly");
    BasicMatrix<float>& means = work.prototypes.means;
    means.resize(normals.rows + anomalies.rows, model_.options.embedding);
    std::copy_n(normals.data, normals.rows * normals.cols, means.data());
    std::copy_n(anomalies.data, anomalies.rows * anomalies.cols, means.data() + normals.rows * normals.cols);
    const MatrixView centres = model_.metric.map(own, means, work.mapped_prototypes);
    for_each_batch(encoder(), state.values.data(), rows, work.tape, scores, [&](MatrixView embeddings, std::span<float> out) {
      measure(encoder().kernels(), model_.metric.map(own, embeddings, work.mapped), centres, work.distances);
      logits_of(work.distances, normals.rows, log_threshold, out.data());
    });
  }

 private:
  const nets::Encoder<float>& encoder() const override { return model_.encoder; }

  ProtoModel<float> model_;
};

}  // namespace

std::unique_ptr<Learner> make_proto(const LearnerOptions& options) { return std::make_unique<Proto>(options); }

}  // namespace oddshot::learners
