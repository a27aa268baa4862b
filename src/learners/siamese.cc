#include "learners/siamese.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numeric>
#include <string>

#include "learners/network_learner.h"
#include "oddshot/base/error.h"

namespace oddshot::learners {
namespace {

constexpr std::size_t kNeighbours = 5;  // as the expert knn-difference

// out [rows x others]: Euclidean distances.
template <class T>
void measure(const kernels::Table<T>& kernels, BasicMatrixView<T> rows, BasicMatrixView<T> others, T* out, std::size_t ld_out) {
  kernels.squared_distances(rows.rows, others.rows, rows.cols, rows.data, rows.stride, others.data, others.stride, out, ld_out);
  for (std::size_t i = 0; i < rows.rows; ++i) {
    for (std::size_t j = 0; j < others.rows; ++j) {
      out[i * ld_out + j] = std::sqrt(out[i * ld_out + j]);
    }
  }
}

// FNV-1a over the bytes of the rows: another episode draws other pairs, the same one the same.
template <class T>
std::uint64_t key_of(BasicMatrixView<T> rows) {
  std::uint64_t key = 0xcbf29ce484222325U;
  for (std::size_t r = 0; r < rows.rows; ++r) {
    for (const std::byte byte : std::as_bytes(rows.row(r))) {
      key = (key ^ static_cast<std::uint64_t>(byte)) * 0x100000001b3U;
    }
  }
  return key;
}

// Adds `share` times the pair's loss to the gradient in the embeddings; returns that share of the loss.
template <class T>
T add_pair(const LearnerOptions& options, bool same, T distance, T share, const T* a, const T* b, std::size_t width, T* __restrict d_a,
           T* __restrict d_b) {
  const bool squared = options.contrast == Contrast::kSquared;
  const T amount = same ? distance : std::max(T{0}, static_cast<T>(options.margin) - distance);         // what the loss is a power of
  const T slope = (amount > 0 ? share : T{0}) * (same ? T{1} : T{-1}) * (squared ? 2 * amount : T{1});  // in the distance
  if (slope != 0 && distance > 0) {
    const T factor = slope / distance;
    for (std::size_t e = 0; e < width; ++e) {
      const T d = factor * (a[e] - b[e]);
      d_a[e] += d;
      d_b[e] -= d;
    }
  }
  return share * (squared ? amount * amount : amount);
}

}  // namespace

template <class T>
T siamese_gradient(const nets::Encoder<T>& encoder, const LearnerOptions& options, std::span<const T> params,
                   const LabelledRows<T>& support, const LabelledRows<T>& query, SiameseScratch<T>& scratch, std::span<T> gradient) {
  scratch.batch.join(support, query);
  const std::vector<std::uint8_t>& labels = scratch.batch.labels;
  encoder.forward(params.data(), scratch.batch.rows, scratch.tape);
  const BasicMatrixView<T> embeddings = scratch.tape.output();
  const std::size_t width = embeddings.cols;
  scratch.distances.resize(labels.size(), labels.size());
  measure(encoder.kernels(), embeddings, embeddings, scratch.distances.data(), labels.size());
  mine_pairs<T>(options.mining, static_cast<T>(options.margin), scratch.distances, labels,
                Stream(options.mining == Mining::kRandom ? key_of<T>(scratch.batch.rows) : 0, Purpose::kMine, 0), scratch.pairs);

  scratch.d_embeddings.resize(labels.size(), width);
  std::fill_n(scratch.d_embeddings.data(), labels.size() * width, T{0});
  const bool both = !scratch.pairs.same.empty() && !scratch.pairs.different.empty();
  T loss = 0;
  for (const std::vector<Pair>* pairs : {&scratch.pairs.same, &scratch.pairs.different}) {
    const T share = (both ? T{0.5} : T{1}) / static_cast<T>(pairs->size());
    for (const auto& [i, j] : *pairs) {
      loss += add_pair(options, pairs == &scratch.pairs.same, scratch.distances(i, j), share, embeddings.row(i).data(),
                       embeddings.row(j).data(), width, scratch.d_embeddings.row(i).data(), scratch.d_embeddings.row(j).data());
    }
  }
  std::fill(gradient.begin(), gradient.end(), T{0});
  encoder.backward(params.data(), scratch.d_embeddings, scratch.tape, gradient.data());
  return loss;
}

template float siamese_gradient(const nets::Encoder<float>&, const LearnerOptions&, std::span<const float>, const LabelledRows<float>&,
                                const LabelledRows<float>&, SiameseScratch<float>&, std::span<float>);
template double siamese_gradient(const nets::Encoder<double>&, const LearnerOptions&, std::span<const double>, const LabelledRows<double>&,
                                 const LabelledRows<double>&, SiameseScratch<double>&, std::span<double>);

namespace {

class Siamese final : public NetworkLearner {
 public:
  explicit Siamese(const LearnerOptions& options) : options_(with_embedding(options)), encoder_(options_.encoder, layout_, "encoder") {}

  std::string_view name() const override { return "siamese"; }
  const LearnerOptions& options() const override { return options_; }
  const Layout& layout() const override { return layout_; }
  std::unique_ptr<Scratch> make_scratch() const override { return std::make_unique<SiameseScratch<float>>(); }
  std::size_t minimum_shots() const override { return 0; }
  std::size_t inner_steps() const override { return 0; }
  void initialise(std::span<float> params, Stream stream) const override { encoder_.initialise(params.data(), stream); }

  float task_gradient(std::span<const float> params, const Episode& episode, Scratch& scratch, std::span<float> gradient) const override {
    return siamese_gradient<float>(encoder_, options_, params, {episode.support_rows, episode.support_labels},
                                   {episode.query_rows, episode.query_labels}, static_cast<SiameseScratch<float>&>(scratch), gradient);
  }

  AdaptedState adapt(std::span<const float> params, const Support& support, Scratch& scratch, std::size_t /*steps*/) const override {
    auto& work = static_cast<SiameseScratch<float>&>(scratch);
    encoder_.forward(params.data(), support.rows, work.tape, nets::Keep::kOutputsOnly);
    const MatrixView embeddings = work.tape.output();
    std::array<AlignedVector<float>, 2> rows;
    for (std::size_t i = 0; i < support.labels.size(); ++i) {
      const auto row = embeddings.row(i);
      rows[support.labels[i]].insert(rows[support.labels[i]].end(), row.begin(), row.end());
    }
    if (rows[0].empty()) {
      throw ArgumentError("a Siamese network needs normal rows; all " + std::to_string(support.labels.size()) +
                          " rows of the support are anomalies");
    }
    AdaptedState state = network_state(params);
    const std::size_t width = options_.embedding;
    add_tensor(state, "support.normal", {rows[0].size() / width, width}, rows[0].data());
    if (!rows[1].empty()) {
      add_tensor(state, "support.anomaly", {rows[1].size() / width, width}, rows[1].data());
    }
    return state;
  }

  void score(const AdaptedState& state, MatrixView rows, Scratch& scratch, std::span<float> scores) const override {
    auto& work = static_cast<SiameseScratch<float>&>(scratch);
    const MatrixView normals = tensor_values(state, "support.normal");
    const MatrixView anomalies = tensor_values(state, "support.anomaly");
    const std::size_t nearest = std::min(kNeighbours, normals.rows);
    for_each_batch(encoder_, state.values.data(), rows, work.tape, scores, [&](MatrixView embeddings, std::span<float> out) {
      work.distances.resize(embeddings.rows, normals.rows + anomalies.rows);
      measure(encoder_.kernels(), embeddings, normals, work.distances.data(), work.distances.cols());
      measure(encoder_.kernels(), embeddings, anomalies, work.distances.data() + normals.rows, work.distances.cols());
      for (std::size_t i = 0; i < out.size(); ++i) {
        const auto known = work.distances.row(i).begin();
        const auto other = known + static_cast<std::ptrdiff_t>(normals.rows);
        std::partial_sort(known, known + static_cast<std::ptrdiff_t>(nearest), other);
        out[i] = std::accumulate(known, known + static_cast<std::ptrdiff_t>(nearest), 0.0F) / static_cast<float>(nearest);
        if (anomalies.rows > 0) {
          out[i] -= *std::min_element(other, work.distances.row(i).end());
        }
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

std::unique_ptr<Learner> make_siamese(const LearnerOptions& options) { return std::make_unique<Siamese>(options); }

}  // namespace oddshot::learners
