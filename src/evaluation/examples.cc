#include "oddshot/evaluation/examples.h"

#include <algorithm>
#include <functional>
#include <numeric>

#include "evaluation/draws.h"
#include "evaluation/summary.h"

namespace oddshot {
namespace {

// The curves of one task by the best learner, if that is what they are of.
struct Wanted {
  std::size_t task = 0;  // index among the held-out ones
  const Method* method = nullptr;
  std::size_t shots = 0;
};

std::vector<Wanted> wanted(const EvaluationResult& result, const TaskSuite& suite, std::span<const std::unique_ptr<Method>> methods) {
  std::vector<Wanted> out;
  if (result.curves.empty()) return out;
  // Five where there are curves of it, else the middle number: what the report leads with.
  const bool five = std::ranges::find(result.curves, std::size_t{5}, &TaskCurves::shots) != result.curves.end();
  const std::size_t shots = five ? 5 : result.curves[result.curves.size() / 2].shots;
  for (const TaskCurves& curve : result.curves) {
    if (curve.shots != shots) continue;
    const auto method = std::ranges::find(methods, curve.method, [](const auto& one) { return one->name(); });
    const auto task = std::ranges::find(suite.held_out, curve.task, &Task::name);
    if (method == methods.end() || (*method)->kind() != "learner" || task == suite.held_out.end()) continue;
    out.push_back({static_cast<std::size_t>(task - suite.held_out.begin()), method->get(), shots});
  }
  return out;
}

// The plain features of the rows of one class.
Matrix plain_of(MatrixView joined, std::span<const std::uint8_t> labels, std::uint8_t label, std::size_t width) {
  std::vector<std::uint32_t> rows;
  for (std::uint32_t r = 0; r < labels.size(); ++r) {
    if (labels[r] == label) rows.push_back(r);
  }
  return gathered(joined.columns(0, width), std::span<const std::uint32_t>(rows));
}

std::vector<ExplainedAnomaly> explained(const Wanted& one, const EvaluationOptions& options, const TaskSuite& suite) {
  const DrawKey key = {Purpose::kTestEpisode, one.task, 0, one.shots};
  const Draw draw = draw_episode(suite.held_out[one.task], held_out_spec(options, one.shots), options.seed, key);
  const Episode& episode = draw.episode;
  const auto scorer = one.method->adapt(episode.support(), draw.method_stream);
  std::vector<float> scores(episode.query_labels.size());
  scorer->score(episode.query_rows, scores);
  std::vector<std::size_t> order(scores.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::stable_sort(order, std::greater<>(), [&](std::size_t row) { return scores[row]; });
  std::vector<std::size_t> places;  // of anomalies, in `order`
  for (std::size_t i = 0; i < order.size(); ++i) {
    if (episode.query_labels[order[i]] == 1) places.push_back(i);
  }

  const std::size_t width = suite.preprocessor.width();
  const RowScore score = [&](MatrixView features, std::span<float> out) { scorer->score(suite.views.transform(copied(features)), out); };
  const Explainer explainer(suite.preprocessor, plain_of(episode.support_rows, episode.support_labels, 0, width),
                            plain_of(episode.support_rows, episode.support_labels, 1, width), score);
  std::vector<ExplainedAnomaly> out;
  for (const bool first : {true, false}) {
    const std::size_t at = first ? places.front() : places.back();
    ExplainedAnomaly found{.task = suite.held_out[one.task].name,
                           .method = one.method->name(),
                           .shots = one.shots,
                           .place = at + 1,
                           .query_rows = scores.size(),
                           .query_anomalies = places.size(),
                           .explanation = {}};
    if (found.caught() != first) continue;
    found.explanation = explainer.explain(episode.query_rows.row(order[at]).first(width));
    out.push_back(std::move(found));
  }
  return out;
}

}  // namespace

std::vector<ExplainedAnomaly> explained_examples(const EvaluationResult& result, const TaskSuite& suite,
                                                 std::span<const std::unique_ptr<Method>> methods, ThreadPool& pool) {
  if (suite.of_tables()) return {};
  const std::vector<Wanted> all = wanted(result, suite, methods);
  std::vector<std::vector<ExplainedAnomaly>> found(all.size());
  pool.parallel_for(all.size(), [&](std::size_t i, unsigned) { found[i] = explained(all[i], result.options, suite); });
  std::vector<ExplainedAnomaly> out;
  for (auto& of_task : found) std::ranges::move(of_task, std::back_inserter(out));
  return out;
}

}  // namespace oddshot
