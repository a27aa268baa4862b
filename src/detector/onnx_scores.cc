// Score space in ONNX: the families of src/experts/scores, one function each, of rows that are not in the support.
#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "detector/onnx_parts.h"

namespace oddshot::onnx {
namespace {

using scores::ViewTask;

constexpr std::size_t kMostScoresAView = 20;
constexpr double kSmallestLength = 1e-6;  // as direction.cc
constexpr double kFloor = 0.05;           // as extremes.cc
constexpr std::size_t kLocal = 5;         // as nearest.cc

// One view of the task.
struct View {
  const ViewTask& task;
  Value x;        // [N x d]
  Value nothing;  // [N x 1] of zeros, where a score says nothing
  std::size_t columns;
};

Value square_sum(Graph& g, const Value& x) { return g.reduce("ReduceSum", g.multiply(x, x)); }
Value root(Graph& g, const Value& x) { return g.op("Sqrt", {x}); }
Value log_distance(Graph& g, const Value& t, std::size_t columns) {
  return g.op("Log", {g.add(g.divide(t, g.number(std::sqrt(static_cast<double>(columns)))), g.number(0.02))});
}
Value negative(Graph& g, const Value& x) { return g.op("Neg", {x}); }

// Squared distances [N x rows], by |x|^2 + |r|^2 - 2 x r^T around the middle of the rows, so that little cancels.
Value squared_distances(Graph& g, const Value& x, const BasicMatrix<double>& rows) {
  std::vector<double> middle(rows.cols());
  for (std::size_t r = 0; r < rows.rows(); ++r) {
    for (std::size_t c = 0; c < rows.cols(); ++c) middle[c] += rows(r, c) / static_cast<double>(rows.rows());
  }
  BasicMatrix<double> turned(rows.cols(), rows.rows());
  std::vector<double> squares(rows.rows());
  for (std::size_t r = 0; r < rows.rows(); ++r) {
    for (std::size_t c = 0; c < rows.cols(); ++c) {
      const double centred = rows(r, c) - middle[c];
      turned(c, r) = -2 * centred;
      squares[r] += centred * centred;
    }
  }
  const Value centred = g.subtract(x, g.row(std::span<const double>(middle)));
  const Value sum = g.add(g.add(square_sum(g, centred), g.row(std::span<const double>(squares))), g.product(centred, g.matrix(turned)));
  return g.op("Max", {sum, g.number(0)});
}

struct Nearest {
  Value distance;  // [N x k] rising
  Value index;     // [N x k]
};
Nearest nearest(Graph& g, const Value& squares, std::size_t k) {
  auto found = g.ops("TopK", {squares, g.whole_numbers({static_cast<std::int64_t>(k)})}, 2,
                     {{"axis", std::int64_t{1}}, {"largest", std::int64_t{0}}, {"sorted", std::int64_t{1}}});
  return {root(g, found[0]), std::move(found[1])};
}
// Of the first `count` columns, or all if there are no more.
Value mean_of(Graph& g, const Value& distances, std::size_t count, std::size_t there) {
  if (count >= there) return g.reduce("ReduceMean", distances);
  std::vector<std::uint32_t> first(count);
  for (std::uint32_t i = 0; i < count; ++i) first[i] = i;
  return g.reduce("ReduceMean", g.columns(distances, first));
}

// Mean distance to the nearest five reference rows that are not equal to the row in what the view is a map of; 0 if all are.
Value reference_distance(Graph& g, const View& view, const Value& inputs, const BasicMatrix<double>& reference,
                         const Matrix& reference_inputs) {
  const Value apart = g.op("Unsqueeze", {inputs, g.whole_numbers({1})});  // [N x 1 x d']
  const Value all = g.op("Unsqueeze", {g.matrix(reference_inputs), g.whole_numbers({0})});
  const Value same = g.cast(g.op("Equal", {apart, all}), Type::kByte);  // [N x R x d']
  const Value equal = g.cast(g.reduce("ReduceMin", same, 2, false), Type::kBool);
  const Value far = g.number(1e300);
  const Value squares = g.choose(equal, far, squared_distances(g, view.x, reference));
  const std::size_t k = std::min<std::size_t>(scores::kNearReference, reference.rows());
  const Nearest found = nearest(g, squares, k);
  const Value counts = g.op("Less", {found.distance, g.number(1e100)});
  const Value sum = g.reduce("ReduceSum", g.choose(counts, found.distance, g.number(0)));
  const Value count = g.reduce("ReduceSum", g.cast(counts, Type::kDouble));
  return g.divide(sum, g.op("Max", {count, g.number(1)}));
}

using Columns = std::vector<Value>;

void say_nearest(Graph& g, const View& view, const Value& to_reference, const BasicMatrix<double>& normals,
                 const BasicMatrix<double>& anomalies, Columns& out) {
  const std::size_t d = view.columns;
  const std::size_t k = std::min<std::size_t>(scores::kNearNormals, normals.rows());
  const Nearest near = nearest(g, squared_distances(g, view.x, normals), k);
  const Value five = mean_of(g, near.distance, kLocal, k);
  const Value log_five = log_distance(g, five, d);
  const Value log_reference = log_distance(g, to_reference, d);
  out.push_back(log_distance(g, mean_of(g, near.distance, 1, k), d));
  out.push_back(log_five);
  out.push_back(log_distance(g, mean_of(g, near.distance, k, k), d));
  Value reference_ratio = view.nothing;
  if (anomalies.rows() > 0) {
    const std::size_t few = std::min<std::size_t>(scores::kNearAnomalies, anomalies.rows());
    const Nearest known = nearest(g, squared_distances(g, view.x, anomalies), few);
    const Value one = mean_of(g, known.distance, 1, few);
    const Value log_one = log_distance(g, one, d);
    out.push_back(negative(g, log_one));
    out.push_back(negative(g, log_distance(g, mean_of(g, known.distance, few, few), d)));
    out.push_back(g.divide(g.subtract(five, one), g.number(std::sqrt(static_cast<double>(d)))));
    out.push_back(g.subtract(log_five, log_one));
    reference_ratio = g.subtract(log_reference, log_one);
  } else {
    out.insert(out.end(), 4, view.nothing);
  }
  out.push_back(log_reference);
  out.push_back(reference_ratio);
  const std::size_t local = std::min(kLocal, k);
  std::vector<std::uint32_t> first(local);
  for (std::uint32_t i = 0; i < local; ++i) first[i] = i;
  const std::vector<double> spread(view.task.normal_spread.begin(), view.task.normal_spread.end());
  const Value spreads = g.op("Reshape", {g.row(std::span<const double>(spread)), g.whole_numbers({-1})});
  const Value around = g.op("Gather", {spreads, g.columns(near.index, first)}, {{"axis", std::int64_t{0}}});
  out.push_back(g.subtract(log_five, log_distance(g, g.reduce("ReduceMean", around), d)));
}

void say_direction(Graph& g, const View& view, Columns& out) {
  const std::size_t d = view.columns;
  const ViewTask& task = view.task;
  const Value from = g.subtract(view.x, g.row(std::span<const float>(task.mean_normals)));
  const Value length = root(g, square_sum(g, from));
  if (task.anomaly_count() == 0) {
    out.insert(out.end(), {view.nothing, view.nothing, log_distance(g, length, d), view.nothing});
    return;
  }
  BasicMatrix<double> way(d, 1);
  double square = 0;
  for (std::size_t j = 0; j < d; ++j) {
    way(j, 0) = static_cast<double>(task.mean_anomalies[j]) - static_cast<double>(task.mean_normals[j]);
    square += way(j, 0) * way(j, 0);
  }
  const double far = std::sqrt(square);
  if (far > kSmallestLength) {
    const Value along = g.divide(g.product(from, g.matrix(way)), g.number(far));
    out.push_back(along);
    const Value apart = g.op("Greater", {length, g.number(kSmallestLength)});
    out.push_back(g.choose(apart, g.divide(along, g.choose(apart, length, g.number(1))), g.number(0)));
  } else {
    out.insert(out.end(), 2, g.multiply(length, g.number(0)));
  }
  out.push_back(log_distance(g, length, d));
  const Value to = g.subtract(view.x, g.row(std::span<const float>(task.mean_anomalies)));
  out.push_back(negative(g, log_distance(g, root(g, square_sum(g, to)), d)));
}

void say_extremes(Graph& g, const View& view, Columns& out) {
  const std::size_t few = std::min<std::size_t>(5, view.columns);
  const Value size = g.op("Abs", {view.x});
  const Value largest = g.ops("TopK", {size, g.whole_numbers({static_cast<std::int64_t>(few)})}, 2,
                              {{"axis", std::int64_t{1}}, {"largest", std::int64_t{1}}, {"sorted", std::int64_t{1}}})[0];
  const Value floor = g.number(kFloor);
  out.push_back(g.op("Log", {g.add(g.reduce("ReduceMax", largest), floor)}));
  out.push_back(g.op("Log", {g.add(g.reduce("ReduceMean", largest), floor)}));
}

Value say_linear(Graph& g, const View& view, const scores::LinearFit& fit) {
  if (fit.weights.empty()) return view.nothing;
  const MatrixView weights{fit.weights.data(), view.columns, 1, 1};
  return g.add(g.product(view.x, g.matrix(weights)), g.number(fit.bias));
}

Value say_ratio(Graph& g, const View& view) {
  const scores::RatioFit& fit = view.task.ratio;
  if (fit.square.empty()) return view.nothing;
  const Value terms =
      g.multiply(g.add(g.multiply(view.x, g.row(std::span<const float>(fit.square))), g.row(std::span<const float>(fit.linear))), view.x);
  return g.divide(g.add(g.reduce("ReduceSum", terms), g.number(fit.constant)), g.number(static_cast<double>(view.columns)));
}

// Which of a view's scores say something; those by the anomalies do not where there are none.
std::array<bool, kMostScoresAView> said(bool anomalies) {
  std::array<bool, kMostScoresAView> out{};
  out.fill(true);
  if (anomalies) return out;
  for (const std::size_t i : {3, 4, 5, 6, 8, 10, 11, 13, 16, 17, 18, 19}) out[i] = false;
  return out;
}

}  // namespace

Value say_scores(Graph& g, const std::vector<ViewValue>& rows, const Views& views, const TaskScores& fitted, const Support& support,
                 MatrixView reference, ScoreList list) {
  std::vector<std::uint32_t> of[2];
  for (std::uint32_t i = 0; i < support.labels.size(); ++i) of[support.labels[i]].push_back(i);
  const Matrix normal_rows = gathered(support.rows, std::span<const std::uint32_t>(of[0]));
  const Matrix anomaly_rows = gathered(support.rows, std::span<const std::uint32_t>(of[1]));
  const auto said_by_view = said(!of[1].empty());
  Columns raw;
  std::vector<double> says;
  for (std::size_t v = 0; v < rows.size(); ++v) {
    const BasicMatrix<double> normals = view_of(views, v, normal_rows);
    const BasicMatrix<double> anomalies = view_of(views, v, anomaly_rows);
    const ViewTask& task = scores::views_of(fitted)[v];
    const View one{task, rows[v].x, g.multiply(g.reduce("ReduceMax", rows[v].x), g.number(0)), task.columns};
    const Value to_reference = reference_distance(g, one, rows[v].inputs, view_of(views, v, reference), view_inputs(views, v, reference));
    say_nearest(g, one, to_reference, normals, anomalies, raw);
    say_direction(g, one, raw);
    say_extremes(g, one, raw);
    raw.push_back(say_linear(g, one, task.ridge));
    raw.push_back(say_linear(g, one, task.discriminant));
    raw.push_back(say_ratio(g, one));
    if (list != ScoreList::kDistances) raw.push_back(task.forest.roots.empty() ? one.nothing : say_forest(g, rows[v].x, task.forest));
    const auto says_them = std::span(said_by_view).first(ScoreSpace::width_of(1, list));
    for (const bool says_it : says_them) says.push_back(says_it ? 1 : 0);
  }
  // sign(t) log(1 + |t|), t = (s - middle) * scale; 0 where a score says nothing.
  std::vector<double> middle(fitted.middle().begin(), fitted.middle().end());
  std::vector<double> scale(fitted.scale().begin(), fitted.scale().end());
  for (std::size_t c = 0; c < says.size(); ++c) {
    if (says[c] == 0) middle[c] = scale[c] = 0;
  }
  const Value t = g.multiply(g.subtract(g.joined(raw), g.row(std::span<const double>(middle))), g.row(std::span<const double>(scale)));
  return g.multiply(g.op("Sign", {t}), g.op("Log", {g.add(g.op("Abs", {t}), g.number(1))}));
}

}  // namespace oddshot::onnx
