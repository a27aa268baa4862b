#include "learners/proto.h"

#include <algorithm>
#include <array>

#include "learners/network_learner.h"
#include "nets/losses.h"
#include "oddshot/base/error.h"

namespace oddshot::learners {
namespace {

// [2 x E] class means of labelled embeddings; returns the number of rows of each class.
template <class T>
std::array<std::size_t, 2> class_means(BasicMatrixView<T> embeddings, std::span<const std::uint8_t> labels, BasicMatrix<T>& means) {
  std::array<std::size_t, 2> count{0, 0};
  means.resize(2, embeddings.cols);
  std::fill_n(means.data(), 2 * embeddings.cols, T{0});
  for (std::size_t i = 0; i < labels.size(); ++i) {
    ++count[labels[i]];
    const std::span<const T> row = embeddings.row(i);
    const std::span<T> mean = means.row(labels[i]);
    for (std::size_t e = 0; e < row.size(); ++e) {
      mean[e] += row[e];
    }
  }
  if (count[0] == 0 || count[1] == 0) {
    throw ArgumentError("prototypes need rows of both classes; the support has " + std::to_string(count[0]) + " normal rows and " +
                        std::to_string(count[1]) + " anomalies");
  }
  for (std::size_t y = 0; y < 2; ++y) {
    for (T& value : means.row(y)) {
      value /= static_cast<T>(count[y]);
    }
  }
  return count;
}

template <class T>
T squared_distance(const T* x, const T* y, std::size_t n) {
  T sum = 0;
  for (std::size_t i = 0; i < n; ++i) {
    sum += (x[i] - y[i]) * (x[i] - y[i]);
  }
  return sum;
}

}  // namespace

template <class T>
T proto_gradient(const nets::Encoder<T>& encoder, std::span<const T> params, const LabelledRows<T>& support, const LabelledRows<T>& query,
                 ProtoScratch<T>& scratch, std::span<T> gradient) {
  const std::size_t s = support.rows.rows;
  const std::size_t q = query.rows.rows;
  const std::size_t width = encoder.spec().outputs;
  scratch.batch.join(support, query);
  encoder.forward(params.data(), scratch.batch.rows, scratch.tape);
  const BasicMatrixView<T> embeddings = scratch.tape.output();
  const std::array<std::size_t, 2> count = class_means(embeddings.slice(0, s), support.labels, scratch.prototypes);
  const T* c0 = scratch.prototypes.row(0).data();
  const T* c1 = scratch.prototypes.row(1).data();

  scratch.logits.resize(q);
  scratch.d_logits.resize(q);
  for (std::size_t i = 0; i < q; ++i) {
    const T* f = embeddings.row(s + i).data();
    scratch.logits[i] = squared_distance(f, c0, width) - squared_distance(f, c1, width);
  }
  const T loss = nets::balanced_cross_entropy<T>(encoder.kernels(), scratch.logits, query.labels, scratch.d_logits.data(), nullptr);

  // dlogit/df = 2 (c1 - c0),  dlogit/dc0 = -2 (f - c0),  dlogit/dc1 = 2 (f - c1); a prototype passes its gradient on to its rows in equal
  // parts.
  scratch.d_embeddings.resize(s + q, width);
  std::vector<T> d_prototypes(2 * width, T{0});
  for (std::size_t i = 0; i < q; ++i) {
    const T d = 2 * scratch.d_logits[i];
    const T* f = embeddings.row(s + i).data();
    const std::span<T> d_f = scratch.d_embeddings.row(s + i);
    for (std::size_t e = 0; e < width; ++e) {
      d_f[e] = d * (c1[e] - c0[e]);
      d_prototypes[e] -= d * (f[e] - c0[e]);
      d_prototypes[width + e] += d * (f[e] - c1[e]);
    }
  }
  for (std::size_t i = 0; i < s; ++i) {
    const std::uint8_t y = support.labels[i];
    const std::span<T> d_f = scratch.d_embeddings.row(i);
    for (std::size_t e = 0; e < width; ++e) {
      d_f[e] = d_prototypes[y * width + e] / static_cast<T>(count[y]);
    }
  }
  std::fill(gradient.begin(), gradient.end(), T{0});
  encoder.backward(params.data(), scratch.d_embeddings, scratch.tape, gradient.data());
  return loss;
}

template float proto_gradient(const nets::Encoder<float>&, std::span<const float>, const LabelledRows<float>&, const LabelledRows<float>&,
                              ProtoScratch<float>&, std::span<float>);
template double proto_gradient(const nets::Encoder<double>&, std::span<const double>, const LabelledRows<double>&,
                               const LabelledRows<double>&, ProtoScratch<double>&, std::span<double>);

namespace {

class Proto final : public NetworkLearner {
 public:
  explicit Proto(const LearnerOptions& options) : options_(with_embedding(options)), encoder_(options_.encoder, layout_, "encoder") {}

  std::string_view name() const override { return "proto"; }
  const LearnerOptions& options() const override { return options_; }
  const Layout& layout() const override { return layout_; }
  std::unique_ptr<Scratch> make_scratch() const override { return std::make_unique<ProtoScratch<float>>(); }
  std::size_t minimum_shots() const override { return 1; }
  std::size_t inner_steps() const override { return 0; }
  void initialise(std::span<float> params, Stream stream) const override { encoder_.initialise(params.data(), stream); }

  float task_gradient(std::span<const float> params, const Episode& episode, Scratch& scratch, std::span<float> gradient) const override {
    return proto_gradient<float>(encoder_, params, {episode.support_rows, episode.support_labels},
                                 {episode.query_rows, episode.query_labels}, static_cast<ProtoScratch<float>&>(scratch), gradient);
  }

  AdaptedState adapt(std::span<const float> params, const Support& support, Scratch& scratch, std::size_t /*steps*/) const override {
    auto& work = static_cast<ProtoScratch<float>&>(scratch);
    encoder_.forward(params.data(), support.rows, work.tape, nets::Keep::kOutputsOnly);
    class_means(work.tape.output(), support.labels, work.prototypes);
    AdaptedState state = network_state(params);
    const std::size_t at = state.layout.add("prototypes", {2, encoder_.spec().outputs});
    state.values.resize(state.layout.size());
    std::copy_n(work.prototypes.data(), 2 * encoder_.spec().outputs,
                state.values.begin() + static_cast<std::ptrdiff_t>(state.layout[at].offset));
    return state;
  }

  void score(const AdaptedState& state, MatrixView rows, Scratch& scratch, std::span<float> scores) const override {
    auto& work = static_cast<ProtoScratch<float>&>(scratch);
    const std::size_t width = encoder_.spec().outputs;
    const float* c0 = state.values.data() + state.layout.tensors().back().offset;
    const float* c1 = c0 + width;
    for_each_batch(encoder_, state.values.data(), rows, work.tape, scores, [&](MatrixView embeddings, std::span<float> out) {
      for (std::size_t i = 0; i < out.size(); ++i) {
        const float* f = embeddings.row(i).data();
        out[i] = squared_distance(f, c0, width) - squared_distance(f, c1, width);
      }
    });
  }

 private:
  const nets::Encoder<float>& encoder() const override { return encoder_; }

  LearnerOptions options_;
  Layout layout_;
  nets::Encoder<float> encoder_;
};

}  // namespace

std::unique_ptr<Learner> make_proto(const LearnerOptions& options) { return std::make_unique<Proto>(options); }

}  // namespace oddshot::learners
