// A detector as one ONNX graph, put together from its parts.
#include <algorithm>
#include <map>
#include <string>

#include <fmt/format.h>

#include "detector/encode.h"
#include "detector/onnx_parts.h"
#include "oddshot/base/error.h"
#include "oddshot/detector/onnx.h"
#include "oddshot/evaluation/methods.h"
#include "oddshot/experts/input_space.h"

namespace oddshot {
namespace {

using onnx::Graph;
using onnx::Value;

constexpr const char* kScore = "score";

// What serves a support of so many anomalies.
std::string method_of(const MetaModel& model, std::size_t anomalies) {
  return model.selection ? model.selection->method_for(anomalies) : model.learner;
}

// The score of every row, [N x 1].
Value say_detector(Graph& g, const Detector& detector) {
  const MetaModel& model = detector.model();
  if (has_own_preprocessor(model)) {
    throw ArgumentError(
        "a detector of space \"table\" cannot be exported: its conditional densities, random subspaces and trees have no words "
        "in ONNX");
  }
  if (!detector.method().empty()) {
    throw ArgumentError(fmt::format("the simple method \"{}\", which serves instead of the model, cannot be exported", detector.method()));
  }
  const std::string method = method_of(model, detector.anomalies());
  if (method != model.learner && method != kMeanScore) {
    throw ArgumentError(
        fmt::format("the simple method \"{}\", which the model chose for {} anomalies, cannot be exported", method, detector.anomalies()));
  }
  const Space space = method == kMeanScore ? Space::kScores : model.training.space;
  const Support support = detector.support();
  const onnx::Features features = onnx::say_features(g, detector.preprocessor(), model.views.options().plain_clip);
  std::vector<Value> seen;
  if (space != Space::kScores) seen.push_back(features.plain);
  if (space != Space::kRaw) {
    const ScoreSpace scores(model.views.spans(), model.reference);
    const std::vector<onnx::ViewValue> views = onnx::say_views(g, model.views, features);
    seen.push_back(onnx::say_scores(g, views, model.views, scores.fit(support.rows, support.labels), support, model.reference));
  }
  const Value rows = g.joined(seen);
  if (method == kMeanScore) return g.reduce("ReduceMean", rows);
  const std::unique_ptr<Learner> learner = find_learner(model.learner)->make(model.learner_options);
  const InputSpace input(space, model.views.spans(), model.reference);
  const TaskInput task = input.fit(support);
  const AdaptedState state = learner->adapt(model.params, {task.support(), support.labels}, *learner->make_scratch());
  return onnx::say_learner(g, rows, learner->options(), model.learner, state);
}

}  // namespace

std::vector<std::uint8_t> to_onnx(const Detector& detector) {
  Graph g;
  const Value score = say_detector(g, detector);
  g.output(g.cast(score, onnx::Type::kFloat), kScore, onnx::Type::kFloat);
  const MetaModel& model = detector.model();
  return g.file(
      ODDSHOT_VERSION,
      fmt::format("An Oddshot detector: {} adapted to {} normal rows and {} anomalies. A higher score is more abnormal. Numbers: NaN "
                  "where missing; categories: the empty text.",
                  model.learner, detector.normals(), detector.anomalies()),
      {{"oddshot.learner", model.learner}, {"oddshot.suite", model.suite}});
}

}  // namespace oddshot
