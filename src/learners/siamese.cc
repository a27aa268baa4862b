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

// What each pair's loss counts for, symmetric, 0 where there is no pair. A pair that was taken twice counts twice.
template <class T>
void weigh_pairs(const LearnerOptions& options, const std::vector<std::uint8_t>& labels, std::uint64_t key, SiameseScratch<T>& scratch) {
  BasicMatrix<T>& shares = scratch.shares;
  const std::size_t rows = labels.size();
  shares.resize(rows, rows);
  // One kind of pair alone counts in full.
  const auto share = [](std::size_t pairs, std::size_t others) {
    return (others > 0 ? T{0.5} : T{1}) / static_cast<T>(std::max<std::size_t>(pairs, 1));
  };
  if (options.mining == Mining::kAll) {
    const auto ones = static_cast<std::size_t>(std::count(labels.begin(), labels.end(), std::uint8_t{1}));
    const std::size_t different = ones * (rows - ones);
    const std::size_t same = rows * (rows - 1) / 2 - different;
    const std::array<T, 2> of{share(different, same), share(same, different)};
    for (std::size_t i = 0; i < rows; ++i) {
      for (std::size_t j = 0; j < rows; ++j) shares(i, j) = labels[i] == labels[j] ? of[1] : of[0];
      shares(i, i) = 0;
    }
    return;
  }
  Pairs& pairs = scratch.pairs;
  mine_pairs<T>(options.mining, static_cast<T>(options.margin), scratch.distances, labels, Stream(key, Purpose::kMine, 0), pairs);
  std::fill_n(shares.data(), rows * rows, T{0});
  for (const auto& [some, others] : {std::pair{&pairs.same, &pairs.different}, std::pair{&pairs.different, &pairs.same}}) {
    for (const auto& [i, j] : *some) {
      shares(i, j) += share(some->size(), others->size());
      shares(j, i) = shares(i, j);
    }
  }
}

// A pair's loss and its slope in the distance, both without the pair's share. sign: 1 for a pair of one class, -1 for a pair of two.
template <class T>
struct PairLoss {
  T value;
  T slope;
};
template <bool kSquared, class T>
PairLoss<T> pair_loss(T sign, T distance, T margin) {
  const T away = (1 - sign) / 2 * margin + sign * distance;  // distance, or margin - distance
  const T amount = away <= 0 ? T{0} : away;                  // what the loss is a power of; NaN stays
  const T slope = away <= 0 ? T{0} : sign;
  return kSquared ? PairLoss<T>{amount * amount, 2 * amount * slope} : PairLoss<T>{amount, slope};
}

// The loss of all pairs; scratch.factors: slope over distance of pairs that are farther than `near`, the others go to scratch.near.
template <bool kSquared, class T>
T measure_pairs(T margin, T near, const std::vector<std::uint8_t>& labels, SiameseScratch<T>& scratch) {
  const std::size_t rows = labels.size();
  scratch.factors.resize(rows, rows);
  scratch.near.clear();
  scratch.signs.resize(rows);
  scratch.losses.assign(rows, T{0});
  for (std::size_t i = 0; i < rows; ++i) {
    for (std::size_t j = 0; j < rows; ++j) scratch.signs[j] = labels[i] == labels[j] ? T{1} : T{-1};
    // Planes of their own each, which the compiler cannot know: said here, it makes vectors of the loop.
    const T* __restrict sign = scratch.signs.data();
    const T* __restrict distance = scratch.distances.row(i).data();
    const T* __restrict share = scratch.shares.row(i).data();
    T* __restrict factor = scratch.factors.row(i).data();
    T* __restrict losses = scratch.losses.data();
    unsigned close = 0;
    for (std::size_t j = 0; j < rows; ++j) close += distance[j] <= near ? 1U : 0U;
    for (std::size_t j = 0; j < rows; ++j) {
      const PairLoss<T> pair = pair_loss<kSquared>(sign[j], distance[j], margin);
      losses[j] += share[j] * pair.value;
      const bool far = distance[j] > near;
      factor[j] = (far ? share[j] * pair.slope : T{0}) / (far ? distance[j] : T{1});
    }
    for (std::size_t j = i + 1; close > 1 && j < rows; ++j) {  // it is close to itself
      if (distance[j] > 0 && distance[j] <= near && share[j] > 0) {
        const T slope = pair_loss<kSquared>(sign[j], distance[j], margin).slope;
        scratch.near.push_back({static_cast<std::uint32_t>(i), static_cast<std::uint32_t>(j), share[j] * slope / distance[j]});
      }
    }
  }
  return std::accumulate(scratch.losses.begin(), scratch.losses.end(), T{0}) / 2;  // which met each pair from both sides
}

// out [N x E] = sum over pairs of f_ij (e_i - e_j) for row i, and its negative for row j: with F [N x N], symmetric, the sums of F's rows
// times e, less F e, one product.
template <class T>
void pull_pairs(const kernels::Table<T>& kernels, const BasicMatrix<T>& e, const BasicMatrix<T>& f, AlignedVector<T>& sums,
                BasicMatrix<T>& out) {
  const std::size_t rows = e.rows();
  const std::size_t width = e.cols();
  sums.resize(rows);
  kernels.column_sums(rows, rows, f.data(), rows, sums.data());
  for (std::size_t i = 0; i < rows; ++i) {
    for (std::size_t c = 0; c < width; ++c) out(i, c) = sums[i] * e(i, c);
  }
  kernels::Product<T> p;
  p.m = rows;
  p.n = width;
  p.k = rows;
  p.a = f.data();
  p.a_row = rows;
  p.b = e.data();
  p.ldb = width;
  p.alpha = -1;
  p.addend = out.data();
  p.ld_addend = width;
  p.c = out.data();
  p.ldc = width;
  kernels.product(p);
}

// Rows less their mean, into `out`; returns the greatest length of a row then.
template <class T>
T centre(const kernels::Table<T>& kernels, BasicMatrixView<T> rows, BasicMatrix<T>& out) {
  AlignedVector<T> mean(rows.cols);
  kernels.column_sums(rows.rows, rows.cols, rows.data, rows.stride, mean.data());
  out.resize(rows.rows, rows.cols);
  T longest = 0;
  for (std::size_t i = 0; i < rows.rows; ++i) {
    const std::span<T> row = out.row(i);
    for (std::size_t c = 0; c < rows.cols; ++c) row[c] = rows(i, c) - mean[c] / static_cast<T>(rows.rows);
    longest = std::max(longest, kernels.dot(rows.cols, row.data(), row.data()));
  }
  return std::sqrt(longest);
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
  weigh_pairs(options, labels, options.mining == Mining::kRandom ? key_of<T>(scratch.batch.rows) : 0, scratch);
  // By a product, pairs that lie near each other would lose digits: those are added up one by one.
  constexpr T kNear{1.0 / 16};
  const T near = kNear * centre(encoder.kernels(), embeddings, scratch.centred);
  const auto margin = static_cast<T>(options.margin);
  const T loss = options.contrast == Contrast::kSquared ? measure_pairs<true>(margin, near, labels, scratch)
                                                        : measure_pairs<false>(margin, near, labels, scratch);
  scratch.d_embeddings.resize(labels.size(), width);
  pull_pairs(encoder.kernels(), scratch.centred, scratch.factors, scratch.losses, scratch.d_embeddings);
  for (const auto& [i, j, factor] : scratch.near) {
    for (std::size_t c = 0; c < width; ++c) {
      const T d = factor * (embeddings(i, c) - embeddings(j, c));
      scratch.d_embeddings(i, c) += d;
      scratch.d_embeddings(j, c) -= d;
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
