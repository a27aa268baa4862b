#include "learners/gate.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>

#include "learners/network_learner.h"
#include "nets/losses.h"
#include "oddshot/base/error.h"

namespace oddshot::learners {
namespace {

constexpr std::size_t kEvidence = 8;  // numbers about a score, beside its one-hot
constexpr std::size_t kMany = 5;      // anomalies
constexpr float kKnee = 1.0F;         // where the second weight sets in
constexpr float kLinearStart = 3.0F;  // the logit starts as this many mean scores
constexpr float kHeadStart = 0.1F;    // share of the usual size that the networks' last layers start with
constexpr double kLean = 0.5;         // how much the plain mean of the scores weighs beside the gate where no anomaly is known

LearnerOptions checked(LearnerOptions options) {
  options.encoder.outputs = 1;
  options.validate();
  return options;
}

double deviation(std::span<const double> values) {
  if (values.empty()) return 0;
  const double mean = std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
  double squares = 0;
  for (const double value : values) squares += (value - mean) * (value - mean);
  return std::sqrt(squares / static_cast<double>(values.size()));
}

std::string prefix(std::size_t member) { return "member." + std::to_string(member) + "."; }

}  // namespace

template <class T>
GateModel<T>::GateModel(const LearnerOptions& given) : options(checked(given)), width(options.encoder.inputs) {
  EncoderSpec gate = options.encoder;
  gate.inputs = width + kEvidence;
  gate.outputs = 2;
  for (std::size_t m = 0; m < options.members; ++m) {
    gates.emplace_back(gate, layout, prefix(m) + "gate");
    networks.emplace_back(options.encoder, layout, prefix(m) + "network");
  }
}

template <class T>
void GateModel<T>::read(const LabelledRows<T>& support, GateScratch<T>& scratch) const {
  scratch.evidence.resize(width, width + kEvidence);
  const auto anomalies =
      static_cast<std::size_t>(std::count_if(support.labels.begin(), support.labels.end(), [](auto y) { return y != 0; }));
  const T counts[2] = {static_cast<T>(support.labels.size() - anomalies), static_cast<T>(anomalies)};
  for (std::size_t j = 0; j < width; ++j) {
    T mean[2] = {0, 0};
    T squares[2] = {0, 0};
    T least = 0;
    bool any = false;
    for (std::size_t i = 0; i < support.labels.size(); ++i) {
      const bool anomaly = support.labels[i] != 0;
      const T value = support.rows(i, j);
      mean[anomaly] += value;
      if (anomaly && (!any || value < least)) least = value;
      any = any || anomaly;
    }
    for (int y = 0; y < 2; ++y) mean[y] = counts[y] > 0 ? mean[y] / counts[y] : T{0};
    for (std::size_t i = 0; i < support.labels.size(); ++i) {
      const bool anomaly = support.labels[i] != 0;
      const T difference = support.rows(i, j) - mean[anomaly];
      squares[anomaly] += difference * difference;
    }
    const auto deviation = [&](int y) { return counts[y] > 0 ? std::sqrt(squares[y] / counts[y]) : T{0}; };
    const auto row = scratch.evidence.row(j);
    std::fill(row.begin(), row.end(), T{0});
    row[0] = mean[1];
    row[1] = least;
    row[2] = deviation(1);
    row[3] = mean[0];
    row[4] = deviation(0);
    row[5] = anomalies > 0 ? T{1} : T{0};
    row[6] = anomalies >= kMany ? T{1} : T{0};
    row[7] = std::log(1 + counts[1]) / 3;
    row[kEvidence + j] = 1;
  }
}

template <class T>
void GateModel<T>::lay_out(BasicMatrixView<T> rows, GateScratch<T>& scratch) const {
  scratch.basis.resize(rows.rows, 2 * width);
  for (std::size_t r = 0; r < rows.rows; ++r) {
    for (std::size_t j = 0; j < width; ++j) {
      const T q = rows(r, j);
      scratch.basis(r, 2 * j) = q;
      scratch.basis(r, 2 * j + 1) = std::max(T{0}, q - static_cast<T>(kKnee));
    }
  }
}

template <class T>
void GateModel<T>::judge(const T* params, std::size_t member, const T* weights, BasicMatrixView<T> rows, GateScratch<T>& scratch,
                         nets::Keep keep) const {
  const nets::Encoder<T>& network = networks[member];
  network.forward(params, rows, scratch.network_tape, keep);
  const BasicMatrixView<T> output = scratch.network_tape.output();
  scratch.logits.resize(rows.rows);
  for (std::size_t r = 0; r < rows.rows; ++r) {
    scratch.logits[r] = output(r, 0) + network.kernels().dot(2 * width, weights, scratch.basis.row(r).data());
  }
}

template <class T>
T GateModel<T>::meta_gradient(std::span<const T> params, const LabelledRows<T>& support, const LabelledRows<T>& query,
                              GateScratch<T>& scratch, std::span<T> gradient) const {
  std::fill(gradient.begin(), gradient.end(), T{0});
  read(support, scratch);
  lay_out(query.rows, scratch);
  const std::size_t rows = query.rows.rows;
  scratch.d_logits.resize(rows);
  const T share = 1 / static_cast<T>(networks.size());
  T loss = 0;
  for (std::size_t m = 0; m < networks.size(); ++m) {
    const nets::Encoder<T>& network = networks[m];
    gates[m].forward(params.data(), scratch.evidence, scratch.gate_tape, nets::Keep::kForGradient);
    judge(params.data(), m, scratch.gate_tape.output().data, query.rows, scratch, nets::Keep::kForGradient);
    loss += share *
            nets::ranking_and_cross_entropy<T>(network.kernels(), scratch.logits, query.labels, scratch.d_logits.data(), scratch.d_ranking);
    scratch.d_weights.assign(2 * width, T{0});
    for (std::size_t r = 0; r < rows; ++r) {
      scratch.d_logits[r] *= share;
      network.kernels().axpy(2 * width, scratch.d_logits[r], scratch.basis.row(r).data(), scratch.d_weights.data());
    }
    network.backward(params.data(), {scratch.d_logits.data(), rows, 1, 1}, scratch.network_tape, gradient.data());
    gates[m].backward(params.data(), {scratch.d_weights.data(), width, 2, 2}, scratch.gate_tape, gradient.data());
  }
  return loss;
}

template struct GateModel<float>;
template struct GateModel<double>;

namespace {

class Gate final : public Learner {
 public:
  explicit Gate(const LearnerOptions& options) : model_(options) {}

  std::string_view name() const override { return "gate"; }
  const LearnerOptions& options() const override { return model_.options; }
  const Layout& layout() const override { return model_.layout; }
  std::unique_ptr<Scratch> make_scratch() const override { return std::make_unique<GateScratch<float>>(); }
  std::size_t minimum_shots() const override { return 0; }
  std::size_t inner_steps() const override { return 0; }

  void initialise(std::span<float> params, Stream stream) const override {
    const auto start = [&](const nets::Encoder<float>& encoder, Stream own) {
      encoder.initialise(params.data(), own);
      const std::size_t inputs = encoder.spec().hidden.empty() ? encoder.spec().inputs : encoder.spec().hidden.back();
      for (std::size_t i = 0; i < inputs * encoder.spec().outputs; ++i) params[encoder.head_weight() + i] *= kHeadStart;
    };
    for (std::size_t m = 0; m < model_.networks.size(); ++m) {
      start(model_.networks[m], stream.fork(static_cast<std::uint32_t>(2 * m)));
      start(model_.gates[m], stream.fork(static_cast<std::uint32_t>(2 * m + 1)));
      params[model_.gates[m].head_bias()] = kLinearStart / static_cast<float>(model_.width);
    }
  }

  float task_gradient(std::span<const float> params, const Episode& episode, Scratch& scratch, std::span<float> gradient) const override {
    return model_.meta_gradient(params, {episode.support_rows, episode.support_labels}, {episode.query_rows, episode.query_labels},
                                static_cast<GateScratch<float>&>(scratch), gradient);
  }

  AdaptedState adapt(std::span<const float> params, const Support& support, Scratch& scratch, std::size_t /*steps*/) const override {
    auto& work = static_cast<GateScratch<float>&>(scratch);
    if (support.rows.cols != model_.width) {
      throw ShapeError("the gate wants rows of " + std::to_string(model_.width) + " features; these have " +
                       std::to_string(support.rows.cols));
    }
    model_.read({support.rows, support.labels}, work);
    model_.lay_out(support.rows, work);
    AlignedVector<float> weights;
    AdaptedState state;
    for (const Tensor& tensor : model_.layout.tensors()) add_tensor(state, tensor.name, tensor.shape, params.data() + tensor.offset);
    for (std::size_t m = 0; m < model_.gates.size(); ++m) {
      model_.gates[m].forward(params.data(), work.evidence, work.gate_tape, nets::Keep::kOutputsOnly);
      const float* said = work.gate_tape.output().data;
      weights.assign(said, said + 2 * model_.width);
      const float more = lean(state, m, weights.data(), support, work);
      for (std::size_t j = 0; j < model_.width; ++j) weights[2 * j] += more;
      add_tensor(state, prefix(m) + "weights", {model_.width, 2}, weights.data());
    }
    return state;
  }

  void score(const AdaptedState& state, MatrixView rows, Scratch& scratch, std::span<float> scores) const override {
    auto& work = static_cast<GateScratch<float>&>(scratch);
    if (rows.cols != model_.width || scores.size() != rows.rows) {
      throw ShapeError("the gate wants rows of " + std::to_string(model_.width) + " features and a score for each; these have " +
                       std::to_string(rows.cols) + ", for " + std::to_string(scores.size()) + " scores of " + std::to_string(rows.rows));
    }
    const float share = 1.0F / static_cast<float>(model_.networks.size());
    constexpr std::size_t kBatch = 128;  // as network_learner.h
    for (std::size_t first = 0; first < rows.rows; first += kBatch) {
      const MatrixView part = rows.slice(first, std::min(kBatch, rows.rows - first));
      model_.lay_out(part, work);
      std::fill_n(scores.begin() + static_cast<std::ptrdiff_t>(first), part.rows, 0.0F);
      for (std::size_t m = 0; m < model_.networks.size(); ++m) {
        model_.judge(state.values.data(), m, tensor_values(state, prefix(m) + "weights").data, part, work, nets::Keep::kOutputsOnly);
        for (std::size_t r = 0; r < part.rows; ++r) scores[first + r] += share * work.logits[r];
      }
    }
  }

 private:
  // How much each w_j of a member grows to lean on the plain mean of the scores: c / D of gate.h. scratch.basis is of the support.
  float lean(const AdaptedState& state, std::size_t member, const float* weights, const Support& support, GateScratch<float>& work) const {
    model_.judge(state.values.data(), member, weights, support.rows, work, nets::Keep::kOutputsOnly);
    std::vector<double> logits;
    std::vector<double> means;
    for (std::size_t i = 0; i < support.labels.size(); ++i) {
      if (support.labels[i] != 0) continue;
      const std::span<const float> row = support.rows.row(i);
      logits.push_back(work.logits[i]);
      means.push_back(std::accumulate(row.begin(), row.end(), 0.0) / static_cast<double>(model_.width));
    }
    const double spread = deviation(means);
    if (!(spread > 0)) return 0;  // no normals, or nothing between them
    const double anomalies = static_cast<double>(support.labels.size() - logits.size());
    return static_cast<float>(kLean / (1 + anomalies) * deviation(logits) / spread / static_cast<double>(model_.width));
  }

  GateModel<float> model_;
};

}  // namespace

std::unique_ptr<Learner> make_gate(const LearnerOptions& options) { return std::make_unique<Gate>(options); }

}  // namespace oddshot::learners
