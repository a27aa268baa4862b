// Adapted learners in ONNX, by the tensors of their adapted state.
#include <algorithm>
#include <array>
#include <cmath>
#include <string>

#include <fmt/format.h>

#include "detector/onnx_parts.h"
#include "oddshot/base/error.h"

namespace oddshot::onnx {
namespace {

constexpr std::size_t kSiameseNeighbours = 5;  // as siamese.cc
constexpr double kLayerNormEpsilon = 1e-5;     // as layer_norm.cc
constexpr double kCosineEpsilon = 1e-6;        // as metric_map.cc
constexpr double kGateKnee = 1;                // as gate.cc
constexpr std::size_t kContextHeads = 4;       // as in_context.h
constexpr std::size_t kContextBlocks = 2;      // as in_context.h

class Learner {
 public:
  Learner(Graph& graph, const LearnerOptions& options, const AdaptedState& state) : g(graph), options_(options), state_(state) {}

  Value logit(const Value& rows) { return encoder(rows, "encoder"); }
  Value score_net(const Value& rows) {
    // The context stands beside every row: its part of the first layer is a constant.
    const MatrixView context = tensor("context");
    const std::size_t width = context.cols * context.rows;
    Value sum;
    for (std::size_t m = 0; m < options_.members; ++m) {
      const std::string prefix = fmt::format("member.{}.", m);
      const Value linear = g.product(rows, g.matrix(tensor(prefix + "linear.weight")));
      sum = plus(sum, g.add(linear, encoder(rows, prefix + "network", {context.data, width})));
    }
    return share_of_members(sum);
  }
  Value gate(const Value& rows) {
    Value sum;
    for (std::size_t m = 0; m < options_.members; ++m) {
      const std::string prefix = fmt::format("member.{}.", m);
      const MatrixView weights = tensor(prefix + "weights");  // [D x 2]
      const Value beyond = g.op("Max", {g.subtract(rows, g.number(kGateKnee)), g.number(0)});
      const Value weighed = g.add(g.product(rows, g.matrix(weights.columns(0, 1))), g.product(beyond, g.matrix(weights.columns(1, 1))));
      sum = plus(sum, g.add(weighed, encoder(rows, prefix + "network")));
    }
    return share_of_members(sum);
  }
  Value proto(const Value& rows) {
    const Value embedded = mapped(encoder(rows, "encoder"));
    const auto soft = [&](const char* name) {  // -log of the mean of exp(-d)
      const MatrixView prototypes = tensor(name);
      Value all;
      for (std::size_t p = 0; p < prototypes.rows; ++p) {
        const Value difference = g.subtract(embedded, mapped(g.matrix(prototypes.slice(p, 1))));
        const Value d = g.reduce("ReduceSum", g.multiply(difference, difference));
        all = all.empty() ? d : g.joined({all, d});
      }
      const Value sum = g.reduce("ReduceLogSumExp", g.op("Neg", {all}));
      return g.subtract(g.number(std::log(static_cast<double>(prototypes.rows))), sum);
    };
    const Value normal = soft("prototypes.normal");
    if (has("prototypes.anomaly")) return g.subtract(normal, soft("prototypes.anomaly"));
    return g.subtract(normal, g.number(std::exp(static_cast<double>(*tensor("log_threshold").data))));
  }
  Value siamese(const Value& rows) {
    const Value embedded = encoder(rows, "encoder");
    const MatrixView normals = tensor("support.normal");
    const auto k = static_cast<std::int64_t>(std::min(kSiameseNeighbours, normals.rows));
    const Value nearest = g.ops("TopK", {distances(embedded, normals), g.whole_numbers({k})}, 2,
                                {{"axis", std::int64_t{1}}, {"largest", std::int64_t{0}}, {"sorted", std::int64_t{1}}})[0];
    Value far = g.reduce("ReduceMean", nearest);
    if (!has("support.anomaly")) return far;
    return g.subtract(far, g.reduce("ReduceMin", distances(embedded, tensor("support.anomaly"))));
  }
  Value ridge(const Value& rows) {
    const Value embedded = encoder(rows, "encoder");
    const MatrixView weight = tensor("head.weight");
    const std::size_t width = weight.rows * weight.cols;
    return g.add(g.product(embedded, g.matrix(MatrixView{weight.data, width, 1, 1})), g.number(*tensor("head.bias").data));
  }
  Value in_context(const Value& rows) {
    Value h = encoder(rows, "encoder");
    Value logit;
    const MatrixView evidence = tensor("evidence");  // [blocks x heads]
    for (std::size_t b = 0; b < kContextBlocks; ++b) {
      const std::string block = fmt::format("block.{}.", b);
      const Value query = linear(h, block + "query");
      std::vector<Value> summary;
      for (const bool anomaly : {false, true}) {
        const std::string part = fmt::format("context.{}.{}.", b, anomaly ? "anomaly" : "normal");
        for (std::size_t head = 0; head < kContextHeads; ++head) {
          const double weight = static_cast<double>(evidence(b, head)) * (anomaly ? 1 : -1);
          summary.push_back(attend(query, part, head, weight, logit));
        }
      }
      const Value middle = g.add(h, linear(g.joined(summary), block + "merge"));
      h = g.add(middle, linear(gelu(linear(middle, block + "up")), block + "down"));
    }
    return g.add(linear(h, "logit"), logit);
  }

 private:
  bool has(const std::string& name) const { return state_.layout.find(name).has_value(); }
  MatrixView tensor(const std::string& name) const {
    const auto at = state_.layout.find(name);
    if (!at) throw ArgumentError(fmt::format("the adapted learner lacks \"{}\"", name));
    const Tensor& found = state_.layout[*at];
    const std::size_t cols = found.size() / found.shape[0];
    return {state_.values.data() + found.offset, found.shape[0], cols, cols};
  }
  // A tensor that is a list, as one row.
  Value list(const std::string& name) {
    const MatrixView values = tensor(name);
    return g.row(std::span(values.data, values.rows * values.cols));
  }
  Value plus(const Value& sum, const Value& more) { return sum.empty() ? more : g.add(sum, more); }
  Value share_of_members(const Value& sum) { return g.divide(sum, g.number(static_cast<double>(options_.members))); }

  Value linear(const Value& rows, const std::string& name) {
    const Value out = g.product(rows, g.matrix(tensor(name + ".weight")));
    return has(name + ".bias") ? g.add(out, list(name + ".bias")) : out;
  }
  Value gelu(const Value& x) {
    // Erf is a matter of single precision in ONNX Runtime.
    const Value erf = g.cast(g.op("Erf", {g.cast(g.divide(x, g.number(std::sqrt(2.0))), Type::kFloat)}), Type::kDouble);
    return g.multiply(x, g.multiply(g.number(0.5), g.add(g.number(1), erf)));
  }
  Value activated(const Value& x) {
    switch (options_.encoder.activation) {
      case Activation::kRelu:
        return g.op("Max", {x, g.number(0)});
      case Activation::kTanh: {
        // 1 - 2 / (exp(2 x) + 1): Tanh is a matter of single precision.
        const Value e = g.op("Exp", {g.multiply(x, g.number(2))});
        return g.subtract(g.number(1), g.divide(g.number(2), g.add(e, g.number(1))));
      }
      case Activation::kGelu:
        return gelu(x);
    }
    return x;
  }
  // [N x outputs]. `beside`: numbers that stand behind every row.
  Value encoder(const Value& rows, const std::string& prefix, std::span<const float> beside = {}) {
    Value h = rows;
    for (std::size_t l = 0; has(fmt::format("{}.{}.weight", prefix, l)); ++l) {
      const std::string name = fmt::format("{}.{}", prefix, l);
      const MatrixView weight = tensor(name + ".weight");
      const MatrixView bias = tensor(name + ".bias");
      std::vector<double> shift(bias.data, bias.data + weight.cols);
      const std::size_t own = weight.rows - (l == 0 ? beside.size() : 0);
      for (std::size_t i = own; i < weight.rows; ++i) {
        for (std::size_t o = 0; o < weight.cols; ++o) shift[o] += static_cast<double>(beside[i - own]) * static_cast<double>(weight(i, o));
      }
      h = g.add(g.product(h, g.matrix(weight.slice(0, own))), g.row(std::span<const double>(shift)));
      if (!has(fmt::format("{}.{}.weight", prefix, l + 1))) return h;
      if (options_.encoder.layer_norm) {
        const Value centred = g.subtract(h, g.reduce("ReduceMean", h));
        const Value variance = g.reduce("ReduceMean", g.multiply(centred, centred));
        const Value normalised = g.divide(centred, g.op("Sqrt", {g.add(variance, g.number(kLayerNormEpsilon))}));
        h = g.add(g.multiply(normalised, list(name + ".gain")), list(name + ".shift"));
      }
      h = activated(h);
    }
    return h;
  }
  // As MetricMap::map.
  Value mapped(const Value& rows) {
    if (options_.metric == Metric::kDiagonal) return g.multiply(rows, g.op("Exp", {g.multiply(list("metric.log_weight"), g.number(0.5))}));
    if (options_.metric == Metric::kCosine) {
      const double scale = std::exp(static_cast<double>(*tensor("metric.log_scale").data) / 2) / std::sqrt(2.0);
      const Value length = g.op("Sqrt", {g.add(g.reduce("ReduceSum", g.multiply(rows, rows)), g.number(kCosineEpsilon))});
      return g.divide(g.multiply(rows, g.number(scale)), length);
    }
    return rows;
  }
  // Euclidean, [N x others], by differences.
  Value distances(const Value& rows, MatrixView others) {
    const Value apart = g.op("Unsqueeze", {rows, g.whole_numbers({1})});
    const Value difference = g.subtract(apart, g.op("Unsqueeze", {g.matrix(others), g.whole_numbers({0})}));
    return g.op("Sqrt", {g.reduce("ReduceSum", g.multiply(difference, difference), 2, false)});
  }
  // One head on one class: the mean of its values, [N x head width]; adds weight * match to `logit`.
  Value attend(const Value& query, const std::string& part, std::size_t head, double weight, Value& logit) {
    const MatrixView keys = tensor(part + "keys");
    const MatrixView values = tensor(part + "values");
    const std::size_t width = keys.cols / kContextHeads;
    std::vector<std::uint32_t> own(width);
    BasicMatrix<double> turned(width, keys.rows);
    for (std::size_t c = 0; c < width; ++c) {
      own[c] = static_cast<std::uint32_t>(head * width + c);
      for (std::size_t n = 0; n < keys.rows; ++n) turned(c, n) = keys(n, own[c]) / std::sqrt(static_cast<double>(width));
    }
    const Value z = g.product(g.columns(query, own), g.matrix(turned));
    const Value match = g.subtract(g.reduce("ReduceLogSumExp", z), g.number(std::log(static_cast<double>(keys.rows))));
    logit = plus(logit, g.multiply(match, g.number(weight)));
    return g.product(g.op("Softmax", {z}, {{"axis", std::int64_t{1}}}), g.matrix(values.columns(head * width, width)));
  }

  Graph& g;
  const LearnerOptions& options_;
  const AdaptedState& state_;
};

}  // namespace

namespace {

// Each member's answer in the normals' deviations, sign(t) log(1 + |t|), weighed by its votes; the plain mean's is the last.
Value say_committee(Graph& g, const Value& rows, const LearnerOptions& options, const AdaptedState& state) {
  std::vector<Value> answers;
  for (std::size_t m = 0; m < options.committee.size(); ++m) {
    answers.push_back(say_learner(g, rows, options, options.committee[m], state.parts[m]));
  }
  answers.push_back(g.reduce("ReduceMean", rows));
  const auto numbers = [&](std::string_view name) {
    const Tensor& tensor = state.layout[*state.layout.find(name)];
    return g.row(std::span(state.values.data() + tensor.offset, tensor.size()));
  };
  const Value t = g.divide(g.subtract(g.joined(answers), numbers("centre")), numbers("unit"));
  const Value said = g.multiply(g.op("Sign", {t}), g.op("Log", {g.add(g.op("Abs", {t}), g.number(1))}));
  return g.reduce("ReduceSum", g.multiply(said, numbers("votes")));
}

}  // namespace

Value say_learner(Graph& graph, const Value& rows, const LearnerOptions& options, std::string_view learner, const AdaptedState& state) {
  if (learner == "committee") return say_committee(graph, rows, options, state);
  Learner one(graph, options, state);
  if (learner == "score-net") return one.score_net(rows);
  if (learner == "gate") return one.gate(rows);
  if (learner == "proto") return one.proto(rows);
  if (learner == "siamese") return one.siamese(rows);
  if (learner == "ridge") return one.ridge(rows);
  if (learner == "in-context") return one.in_context(rows);
  constexpr std::array kNetworks = {"maml",   "fomaml",          "meta-sgd", "anil", "reptile", "imaml", "learned-optimizer",
                                    "pooled", "pooled-finetuned"};
  if (std::ranges::find(kNetworks, learner) != kNetworks.end()) return one.logit(rows);
  throw ArgumentError(fmt::format("learner \"{}\" cannot be exported to ONNX", learner));
}

}  // namespace oddshot::onnx
