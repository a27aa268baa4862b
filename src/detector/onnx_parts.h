// The parts of a detector as ONNX operators, in the order of the way of a row: features, views, scores, learner.
// Symbols: N rows, D features, d columns of a view. All values are [N x ..] in double; those that are floats in the library are rounded to
// float first, so that a row that is in the support is met at distance 0.
#pragma once

#include <span>
#include <vector>

#include "data/fitted_views.h"
#include "experts/scores/view_task.h"
#include "model_io/onnx_graph.h"
#include "oddshot/data/preprocessor.h"
#include "oddshot/data/views.h"
#include "oddshot/experts/score_space.h"
#include "oddshot/learners/learner.h"
#include "oddshot/model_io/model_file.h"

namespace oddshot::onnx {

struct Features {
  Value numeric;  // [N x numeric features] not clipped; empty if there are none
  Value plain;    // [N x D] the plain view
};
// From inputs, one a column of the table. Throws ArgumentError for windows.
Features say_features(Graph& graph, const Preprocessor& preprocessor, float plain_clip);

// A view of the rows, and of what it is a map of: rows that are equal there are equal in the view.
struct ViewValue {
  Value x;       // [N x d]
  Value inputs;  // [N x d'] floats; x itself if it is no map
};
// One a span of the views.
std::vector<ViewValue> say_views(Graph& graph, const Views& views, const Features& features);
// The same of rows that are known now: [rows x d] of the view, in double, from joined rows.
BasicMatrix<double> view_of(const Views& views, std::size_t span, MatrixView joined);
// And what it is a map of: [rows x d'].
Matrix view_inputs(const Views& views, std::size_t span, MatrixView joined);

// The standardised scores: [N x width]. `support` and `reference` are joined rows, `fitted` was fitted on them.
Value say_scores(Graph& graph, const std::vector<ViewValue>& rows, const Views& views, const TaskScores& fitted, const Support& support,
                 MatrixView reference, ScoreList list);

// What a forest says of rows [N x d]: [N x 1].
Value say_forest(Graph& graph, const Value& rows, const scores::ForestFit& forest);

// The adapted learner's score of rows as it sees them: [N x 1].
Value say_learner(Graph& graph, const Value& rows, const LearnerOptions& options, std::string_view learner, const AdaptedState& state);

}  // namespace oddshot::onnx
