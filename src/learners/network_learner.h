// What learners share whose adapted state is a network with a logit.
#pragma once

#include <algorithm>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "nets/encoder.h"
#include "oddshot/learners/learner.h"

namespace oddshot::learners {

// The options with the encoder's output set to one logit, validated.
LearnerOptions with_logit(LearnerOptions options);
// The options with the encoder's output set to an embedding, validated.
LearnerOptions with_embedding(LearnerOptions options);

// Throws ShapeError unless rows [N x inputs] and scores [N] fit the encoder.
void check_rows(const nets::Encoder<float>& encoder, MatrixView rows, std::span<const float> scores);

// Encodes rows in batches that stay in the second-level cache (128 rows x 64 floats of two layers: 64 KiB) and calls
// visit(outputs [n x encoder outputs], scores [n]) for each. O(rows * weights).
template <class Visit>
void for_each_batch(const nets::Encoder<float>& encoder, const float* params, MatrixView rows, nets::Tape<float>& tape,
                    std::span<float> scores, const Visit& visit) {
  check_rows(encoder, rows, scores);
  constexpr std::size_t kBatch = 128;
  for (std::size_t first = 0; first < rows.rows; first += kBatch) {
    const std::size_t count = std::min(kBatch, rows.rows - first);
    encoder.forward(params, rows.slice(first, count), tape, nets::Keep::kOutputsOnly);
    visit(tape.output(), scores.subspan(first, count));
  }
}

// The logit of each row.
void score_network(const nets::Encoder<float>& encoder, const float* params, MatrixView rows, nets::Tape<float>& tape,
                   std::span<float> scores);

// Appends a tensor to a state.
void add_tensor(AdaptedState& state, std::string name, std::vector<std::size_t> shape, const float* values);
// The values of a state's tensor, as a matrix [shape[0] x the rest]; no rows if the state has no such tensor. Lives as long as the state.
MatrixView tensor_values(const AdaptedState& state, std::string_view name);

class NetworkLearner : public Learner {
 protected:
  // Its tensors lie first in the layout.
  virtual const nets::Encoder<float>& encoder() const = 0;
  // The encoder's tensors alone, with the values of params.
  AdaptedState network_state(std::span<const float> params) const;
};

}  // namespace oddshot::learners
