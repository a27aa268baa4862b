// A detector as one ONNX graph, put together from its parts.
#include <algorithm>
#include <map>
#include <string>

#include <fmt/format.h>

#include "detector/encode.h"
#include "detector/onnx_parts.h"
#include "detector/stand_ins.h"
#include "oddshot/base/error.h"
#include "oddshot/detector/onnx.h"
#include "oddshot/evaluation/methods.h"
#include "oddshot/experts/input_space.h"

namespace oddshot {
namespace {

using onnx::Graph;
using onnx::Value;

constexpr const char* kScore = "score";
constexpr const char* kPValue = "p_value";
constexpr const char* kAlert = "alert";
// Of a score, where it is above 1: a calibrator that our score equals must count although this one differs by rounding. So a p-value is
// never below that of our score, but for rounding beyond this.
constexpr double kTie = 1e-6;

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
  const OwnedSupport made_up = with_stand_ins(model, detector.preprocessor(), detector.support());
  const Support support = made_up.view();
  const onnx::Features features = onnx::say_features(g, detector.preprocessor(), model.views.options().plain_clip);
  std::vector<Value> seen;
  if (space != Space::kScores) seen.push_back(features.plain);
  if (space != Space::kRaw) {
    const ScoreSpace scores(model.views.spans(), model.reference, model.training.scores);
    const std::vector<onnx::ViewValue> views = onnx::say_views(g, model.views, features);
    seen.push_back(
        onnx::say_scores(g, views, model.views, scores.fit(support.rows, support.labels), support, model.reference, model.training.scores));
  }
  const Value rows = g.joined(seen);
  if (method == kMeanScore) return g.reduce("ReduceMean", rows);
  const std::unique_ptr<Learner> learner = find_learner(model.learner)->make(model.learner_options);
  const InputSpace input(space, model.views.spans(), model.reference, model.training.scores);
  const TaskInput task = input.fit(support);
  const AdaptedState state = learner->adapt(model.params, {task.support(), support.labels}, *learner->make_scratch());
  return onnx::say_learner(g, rows, learner->options(), model.learner, state);
}

// (w + the weights of calibrators at or above the score) / (w + all weights), w that of a row nobody weighs: [N x 1].
Value say_p_value(Graph& g, const Value& score, const Calibration& calibration) {
  const std::vector<float>& scores = calibration.scores();
  std::vector<float> weights = calibration.weights();
  if (weights.empty()) weights.assign(scores.size(), 1);
  double own = 0, sum = 0;
  for (const float weight : weights) {
    own = std::max(own, double{weight});
    sum += weight;
  }
  const Value size = g.op("Max", {g.op("Abs", {score}), g.number(1)});
  const Value reached = g.op("GreaterOrEqual", {g.row(std::span(scores)), g.subtract(score, g.multiply(size, g.number(kTie)))});  // [N x n]
  const Value above = g.product(g.cast(reached, onnx::Type::kDouble), g.matrix(MatrixView{weights.data(), weights.size(), 1, 1}));
  return g.divide(g.add(above, g.number(own)), g.number(own + sum));
}

}  // namespace

std::vector<std::uint8_t> to_onnx(const Detector& detector) {
  Graph g;
  const Value score = say_detector(g, detector);
  g.output(g.cast(score, onnx::Type::kFloat), kScore, onnx::Type::kFloat);
  if (detector.calibration().present()) {
    const Value p = say_p_value(g, score, detector.calibration());
    g.output(g.cast(p, onnx::Type::kFloat), kPValue, onnx::Type::kFloat);
    if (const auto& rate = detector.max_false_alarms()) {
      g.output(g.op("LessOrEqual", {p, g.number(*rate * (1 + 1e-9))}), kAlert, onnx::Type::kBool);
    }
  }
  const MetaModel& model = detector.model();
  return g.file(
      ODDSHOT_VERSION,
      fmt::format("An Oddshot detector: {} adapted to {} normal rows and {} anomalies. A higher score is more abnormal. Numbers: NaN "
                  "where missing; categories: the empty text.",
                  model.learner, detector.normals(), detector.anomalies()),
      {{"oddshot.learner", model.learner}, {"oddshot.suite", model.suite}});
}

}  // namespace oddshot
