#include "evaluation/curves.h"

#include <algorithm>
#include <numeric>
#include <optional>
#include <string>

#include "evaluation/draws.h"
#include "evaluation/measure.h"
#include "evaluation/summary.h"

namespace oddshot {
namespace {

constexpr std::size_t kMostSteps = 10;  // beside the start; each costs an adaptation to every held-out task
constexpr std::size_t kMostCurvePoints = 200;

Draw first_draw(std::span<const Task> held_out, std::size_t task, std::size_t shots, const EvaluationOptions& options) {
  return draw_episode(held_out[task], held_out_spec(options, shots), options.seed, {Purpose::kTestEpisode, task, 0, shots});
}

// Places in `tasks` of the hardest, the middling and the easiest, without repetition.
std::vector<std::size_t> telling_tasks(const std::vector<TaskResult>& tasks) {
  std::vector<std::size_t> order(tasks.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(),
            [&](std::size_t a, std::size_t b) { return tasks[a].auprc != tasks[b].auprc ? tasks[a].auprc < tasks[b].auprc : a < b; });
  std::vector<std::size_t> places;
  for (const std::size_t rank : {std::size_t{0}, order.size() / 2, order.size() - 1}) {
    if (places.empty() || places.back() != order[rank]) places.push_back(order[rank]);
  }
  return places;
}

}  // namespace

std::vector<std::size_t> shown_steps(std::size_t inner_steps) {
  const std::size_t last = std::min(inner_steps, kMostSteps);
  std::vector<std::size_t> steps(last + 1);
  for (std::size_t i = 1; i <= last; ++i) steps[i] = i * inner_steps / last;
  return steps;
}

std::vector<AdaptationCurve> adaptation_curves(std::span<const Task> held_out, const Field& field, const EvaluationOptions& options,
                                               ThreadPool& pool, Progress& progress) {
  std::vector<AdaptationCurve> curves;
  std::vector<const Method*> methods;
  for (const Method* method : field.methods) {
    if (method->inner_steps() == 0) continue;
    methods.push_back(method);
    curves.push_back({method->name(), field.shots, shown_steps(method->inner_steps()), {}});
  }
  std::vector<std::vector<double>> by_task(field.tasks.size());  // [tasks][every step of every curve]
  pool.parallel_for(field.tasks.size(), [&](std::size_t t, unsigned) {
    if (!methods.empty()) {
      Draw draw = first_draw(held_out, field.tasks[t], field.shots, options);
      for (std::size_t m = 0; m < methods.size(); ++m) {
        for (const std::size_t steps : curves[m].steps) {
          const ScoredDraw scored = adapt_and_score(*methods[m], draw, steps);
          by_task[t].push_back(average_precision(scored.scores, draw.episode.query_labels).value());
        }
      }
    }
    progress.done_one();
  });
  std::size_t place = 0;
  for (AdaptationCurve& curve : curves) {
    for (std::size_t i = 0; i < curve.steps.size(); ++i, ++place) {
      double sum = 0;
      for (const std::vector<double>& task : by_task) sum += task[place];
      curve.auprc.push_back(sum / static_cast<double>(by_task.size()));
    }
  }
  return curves;
}

std::vector<TaskCurves> task_curves(std::span<const Task> held_out, const Field& field, std::span<const MethodResult> results,
                                    const EvaluationOptions& options, ThreadPool& pool) {
  std::vector<std::size_t> shown;  // methods
  for (const bool learner : {true, false}) {
    if (const auto best = best_method(results, learner)) shown.push_back(*best);
  }
  const std::vector<std::size_t> tasks = telling_tasks(results[shown.front()].tasks);
  std::vector<TaskCurves> curves(tasks.size() * shown.size());
  pool.parallel_for(tasks.size(), [&](std::size_t t, unsigned) {
    Draw draw = first_draw(held_out, field.tasks[tasks[t]], field.shots, options);
    for (std::size_t m = 0; m < shown.size(); ++m) {
      const Method& method = *field.methods[shown[m]];
      const Sweep sweep(adapt_and_score(method, draw).scores, draw.episode.query_labels);
      curves[t * shown.size() + m] = {draw.episode.task, method.name(), field.shots, thin_curve(sweep.roc_curve(), kMostCurvePoints),
                                      thin_curve(sweep.precision_recall_curve(), kMostCurvePoints)};
    }
  });
  return curves;
}

}  // namespace oddshot
