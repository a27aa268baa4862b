#include "learners/score_net.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "learners/network_learner.h"
#include "nets/losses.h"
#include "oddshot/base/error.h"

namespace oddshot::learners {
namespace {

constexpr float kLinearStart = 3.0F;  // the logit starts as this many mean scores
constexpr float kHeadStart = 0.1F;    // share of the usual size that a network's last layer starts with

LearnerOptions checked(LearnerOptions options) {
  options.encoder.outputs = 1;
  options.validate();
  return options;
}

}  // namespace

template <class T>
ScoreNetModel<T>::ScoreNetModel(const LearnerOptions& given) : options(checked(given)), width(options.encoder.inputs) {
  EncoderSpec spec = options.encoder;
  spec.inputs = 3 * width + 2;
  for (std::size_t m = 0; m < options.members; ++m) {
    const std::string prefix = "member." + std::to_string(m) + ".";
    linear.push_back(layout[layout.add(prefix + "linear.weight", {width, 1})].offset);
    networks.emplace_back(spec, layout, prefix + "network");
  }
}

template <class T>
void ScoreNetModel<T>::read(const LabelledRows<T>& support, ScoreNetScratch<T>& scratch) const {
  scratch.context.assign(2 * width + 2, T{0});
  T* mean = scratch.context.data();
  T* deviation = mean + width;
  std::size_t count = 0;
  for (std::size_t i = 0; i < support.labels.size(); ++i) {
    if (support.labels[i] == 0) continue;
    ++count;
    for (std::size_t j = 0; j < width; ++j) mean[j] += support.rows(i, j);
  }
  if (count == 0) return;
  const T shots = static_cast<T>(count);
  for (std::size_t j = 0; j < width; ++j) mean[j] /= shots;
  for (std::size_t i = 0; i < support.labels.size(); ++i) {
    if (support.labels[i] == 0) continue;
    for (std::size_t j = 0; j < width; ++j) {
      const T difference = support.rows(i, j) - mean[j];
      deviation[j] += difference * difference;
    }
  }
  for (std::size_t j = 0; j < width; ++j) deviation[j] = std::sqrt(deviation[j] / shots);
  scratch.context[2 * width] = 1;
  scratch.context[2 * width + 1] = std::log(1 + shots) / 3;
}

template <class T>
void ScoreNetModel<T>::join(BasicMatrixView<T> rows, ScoreNetScratch<T>& scratch) const {
  scratch.joined.resize(rows.rows, 3 * width + 2);
  for (std::size_t r = 0; r < rows.rows; ++r) {
    const auto out = scratch.joined.row(r);
    const auto row = rows.row(r);
    std::copy(row.begin(), row.end(), out.begin());
    std::copy(scratch.context.begin(), scratch.context.end(), out.begin() + static_cast<std::ptrdiff_t>(width));
  }
}

template <class T>
void ScoreNetModel<T>::judge(const T* params, std::size_t member, ScoreNetScratch<T>& scratch, nets::Keep keep) const {
  const nets::Encoder<T>& network = networks[member];
  network.forward(params, scratch.joined, scratch.tape, keep);
  const BasicMatrixView<T> output = scratch.tape.output();
  scratch.logits.resize(output.rows);
  for (std::size_t r = 0; r < output.rows; ++r) {
    scratch.logits[r] = output(r, 0) + network.kernels().dot(width, params + linear[member], scratch.joined.row(r).data());
  }
}

template <class T>
T ScoreNetModel<T>::meta_gradient(std::span<const T> params, const LabelledRows<T>& support, const LabelledRows<T>& query,
                                  ScoreNetScratch<T>& scratch, std::span<T> gradient) const {
  std::fill(gradient.begin(), gradient.end(), T{0});
  read(support, scratch);
  join(query.rows, scratch);
  const std::size_t rows = query.rows.rows;
  scratch.d_logits.resize(rows);
  const T share = 1 / static_cast<T>(networks.size());
  T loss = 0;
  for (std::size_t m = 0; m < networks.size(); ++m) {
    const nets::Encoder<T>& network = networks[m];
    judge(params.data(), m, scratch, nets::Keep::kForGradient);
    const std::span<const T> logits = scratch.logits;
    loss += share * nets::ranking_and_cross_entropy<T>(network.kernels(), logits, query.labels, scratch.d_logits.data(), scratch.d_ranking);
    for (std::size_t r = 0; r < rows; ++r) {
      scratch.d_logits[r] *= share;
      network.kernels().axpy(width, scratch.d_logits[r], scratch.joined.row(r).data(), gradient.data() + linear[m]);
    }
    network.backward(params.data(), {scratch.d_logits.data(), rows, 1, 1}, scratch.tape, gradient.data());
  }
  return loss;
}

template struct ScoreNetModel<float>;
template struct ScoreNetModel<double>;

namespace {

class ScoreNet final : public Learner {
 public:
  explicit ScoreNet(const LearnerOptions& options) : model_(options) {}

  std::string_view name() const override { return "score-net"; }
  const LearnerOptions& options() const override { return model_.options; }
  const Layout& layout() const override { return model_.layout; }
  std::unique_ptr<Scratch> make_scratch() const override { return std::make_unique<ScoreNetScratch<float>>(); }
  std::size_t minimum_shots() const override { return 0; }
  std::size_t inner_steps() const override { return 0; }

  void initialise(std::span<float> params, Stream stream) const override {
    for (std::size_t m = 0; m < model_.networks.size(); ++m) {
      const auto& network = model_.networks[m];
      network.initialise(params.data(), stream.fork(static_cast<std::uint32_t>(m)));
      const std::size_t head_inputs = network.spec().hidden.empty() ? network.spec().inputs : network.spec().hidden.back();
      for (std::size_t i = 0; i < head_inputs; ++i) params[network.head_weight() + i] *= kHeadStart;
      std::fill_n(params.begin() + static_cast<std::ptrdiff_t>(model_.linear[m]), model_.width,
                  kLinearStart / static_cast<float>(model_.width));
    }
  }

  float task_gradient(std::span<const float> params, const Episode& episode, Scratch& scratch, std::span<float> gradient) const override {
    return model_.meta_gradient(params, {episode.support_rows, episode.support_labels}, {episode.query_rows, episode.query_labels},
                                static_cast<ScoreNetScratch<float>&>(scratch), gradient);
  }

  AdaptedState adapt(std::span<const float> params, const Support& support, Scratch& scratch, std::size_t /*steps*/) const override {
    auto& work = static_cast<ScoreNetScratch<float>&>(scratch);
    if (support.rows.cols != model_.width) {
      throw ShapeError("the score network wants rows of " + std::to_string(model_.width) + " features; these have " +
                       std::to_string(support.rows.cols));
    }
    model_.read({support.rows, support.labels}, work);
    AdaptedState state;
    for (const Tensor& tensor : model_.layout.tensors()) add_tensor(state, tensor.name, tensor.shape, params.data() + tensor.offset);
    add_tensor(state, "context", {work.context.size()}, work.context.data());
    return state;
  }

  void score(const AdaptedState& state, MatrixView rows, Scratch& scratch, std::span<float> scores) const override {
    auto& work = static_cast<ScoreNetScratch<float>&>(scratch);
    if (rows.cols != model_.width || scores.size() != rows.rows) {
      throw ShapeError("the score network wants rows of " + std::to_string(model_.width) + " features and a score for each; these have " +
                       std::to_string(rows.cols) + ", for " + std::to_string(scores.size()) + " scores of " + std::to_string(rows.rows));
    }
    const float* context = tensor_values(state, "context").data;
    work.context.assign(context, context + 2 * model_.width + 2);
    const float share = 1.0F / static_cast<float>(model_.networks.size());
    constexpr std::size_t kBatch = 128;  // as network_learner.h
    for (std::size_t first = 0; first < rows.rows; first += kBatch) {
      const std::size_t count = std::min(kBatch, rows.rows - first);
      model_.join(rows.slice(first, count), work);
      std::fill_n(scores.begin() + static_cast<std::ptrdiff_t>(first), count, 0.0F);
      for (std::size_t m = 0; m < model_.networks.size(); ++m) {
        model_.judge(state.values.data(), m, work, nets::Keep::kOutputsOnly);
        for (std::size_t r = 0; r < count; ++r) scores[first + r] += share * work.logits[r];
      }
    }
  }

 private:
  ScoreNetModel<float> model_;
};

}  // namespace

std::unique_ptr<Learner> make_score_net(const LearnerOptions& options) { return std::make_unique<ScoreNet>(options); }

}  // namespace oddshot::learners
