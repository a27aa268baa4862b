#include "learners/network_learner.h"

#include <string>
#include <utility>

#include "oddshot/base/error.h"

namespace oddshot::learners {

LearnerOptions with_logit(LearnerOptions options) {
  options.encoder.outputs = 1;
  options.validate();
  return options;
}

LearnerOptions with_embedding(LearnerOptions options) {
  options.encoder.outputs = options.embedding;
  options.validate();
  return options;
}

void check_rows(const nets::Encoder<float>& encoder, MatrixView rows, std::span<const float> scores) {
  if (rows.cols != encoder.spec().inputs) {
    throw ShapeError("the network wants rows of " + std::to_string(encoder.spec().inputs) + " features; these have " +
                     std::to_string(rows.cols));
  }
  if (scores.size() != rows.rows) {
    throw ShapeError(std::to_string(rows.rows) + " rows want as many scores, not " + std::to_string(scores.size()));
  }
}

void score_network(const nets::Encoder<float>& encoder, const float* params, MatrixView rows, nets::Tape<float>& tape,
                   std::span<float> scores) {
  for_each_batch(encoder, params, rows, tape, scores,
                 [](MatrixView logits, std::span<float> out) { std::copy_n(logits.data, out.size(), out.data()); });
}

void add_tensor(AdaptedState& state, std::string name, std::vector<std::size_t> shape, const float* values) {
  const Tensor& tensor = state.layout[state.layout.add(std::move(name), std::move(shape))];
  state.values.resize(state.layout.size());
  std::copy_n(values, tensor.size(), state.values.data() + tensor.offset);
}

MatrixView tensor_values(const AdaptedState& state, std::string_view name) {
  const auto at = state.layout.find(name);
  if (!at) {
    return {};
  }
  const Tensor& tensor = state.layout[*at];
  const std::size_t cols = tensor.size() / tensor.shape[0];
  return {state.values.data() + tensor.offset, tensor.shape[0], cols, cols};
}

AdaptedState NetworkLearner::network_state(std::span<const float> params) const {
  AdaptedState state;
  for (std::size_t t = encoder().first_tensor(); t < encoder().last_tensor(); ++t) {
    state.layout.add(layout()[t].name, layout()[t].shape);
  }
  const auto first = params.begin() + static_cast<std::ptrdiff_t>(encoder().begin());
  state.values.assign(first, first + static_cast<std::ptrdiff_t>(encoder().end() - encoder().begin()));
  return state;
}

}  // namespace oddshot::learners
