#include "evaluation/summary.h"

#include <algorithm>
#include <limits>

#include "evaluation/bootstrap.h"

namespace oddshot {
namespace {

double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  if (values.size() % 2 == 1) return *middle;
  return (*std::max_element(values.begin(), middle) + *middle) / 2;
}

Series series_of(const Measured& measured, std::size_t method, std::size_t metric) {
  Series series;
  series.reserve(measured.draws.size());
  for (const MeasuredDraw& draw : measured.draws) {
    series.push_back(draw.methods[method].values[metric].value_or(std::numeric_limits<double>::quiet_NaN()));
  }
  return series;
}

double prevalence(const Measured& measured, std::size_t task) {
  double sum = 0;
  for (std::size_t repeat = 0; repeat < measured.repeats; ++repeat) {
    const MeasuredDraw& draw = measured.draw(task, repeat);
    sum += static_cast<double>(draw.query_anomalies) / static_cast<double>(draw.query_rows);
  }
  return sum / static_cast<double>(measured.repeats);
}

// The tasks of one method, with every repeat.
void fill_tasks(const Measured& measured, std::size_t method, std::span<const Series> metrics, MethodResult& result) {
  const std::size_t repeats = measured.repeats;
  for (std::size_t task = 0; task < measured.tasks.size(); ++task) {
    TaskResult& summary = result.tasks.emplace_back();
    summary.task = measured.tasks[task];
    summary.prevalence = prevalence(measured, task);
    RepeatMetrics& every = result.repeats.emplace_back();
    for (std::size_t m = 0; m < kMetrics.size(); ++m) {
      const auto first = metrics[m].begin() + static_cast<std::ptrdiff_t>(task * repeats);
      summary.*kMetrics[m].task = mean_over_tasks(Series(first, first + static_cast<std::ptrdiff_t>(repeats)), repeats);
      for (std::size_t repeat = 0; repeat < repeats; ++repeat) {
        (every.*kMetrics[m].repeats).push_back(measured.draw(task, repeat).methods[method].values[m]);
      }
    }
  }
}

void fill_timings(const Measured& measured, std::size_t method, MethodResult& result) {
  std::vector<double> adapt_ms;
  double rows = 0;
  double seconds = 0;
  for (const MeasuredDraw& draw : measured.draws) {
    adapt_ms.push_back(draw.methods[method].adapt_ms);
    rows += static_cast<double>(draw.query_rows);
    seconds += draw.methods[method].score_seconds;
  }
  result.adapt_ms = median(std::move(adapt_ms));
  // Scoring that is over before the clock ticks counts as one tick of it.
  result.score_rows_per_s = rows / std::max(seconds, 1e-9);
}

std::size_t undefined_draws(const Measured& measured, std::size_t method) {
  return static_cast<std::size_t>(std::count_if(measured.draws.begin(), measured.draws.end(), [&](const MeasuredDraw& draw) {
    for (std::size_t m = 0; m < kMetrics.size(); ++m) {
      if (kMetrics[m].at_threshold && !draw.methods[method].values[m]) return true;
    }
    return false;
  }));
}

Series difference(const Series& a, const Series& b) {
  Series result(a.size());
  for (std::size_t i = 0; i < a.size(); ++i) result[i] = a[i] - b[i];  // NaN where either is
  return result;
}

}  // namespace

std::optional<std::size_t> best_method(std::span<const MethodResult> results, bool learner) {
  std::optional<std::size_t> best;
  double best_auprc = -1;  // below any
  for (std::size_t i = 0; i < results.size(); ++i) {
    const std::optional<Interval>& auprc = results[i].auprc;
    if (is_learner(results[i]) != learner || !auprc || auprc->mean <= best_auprc) continue;
    best = i;
    best_auprc = auprc->mean;
  }
  return best;
}

std::vector<MethodResult> summarise(const Measured& measured, std::uint64_t seed, ThreadPool& pool) {
  const std::size_t methods = measured.methods.size();
  std::vector<Series> series;  // [methods x metrics]
  std::vector<MethodResult> results(methods);
  for (std::size_t i = 0; i < methods; ++i) {
    MethodResult& result = results[i];
    result.name = measured.methods[i]->name();
    result.kind = measured.methods[i]->kind();
    result.shots = measured.shots;
    result.threshold = measured.thresholds[i];
    for (std::size_t m = 0; m < kMetrics.size(); ++m) series.push_back(series_of(measured, i, m));
    fill_tasks(measured, i, std::span(series).last(kMetrics.size()), result);
    fill_timings(measured, i, result);
    ReliabilityCounts reliability;
    for (const MeasuredDraw& draw : measured.draws) reliability.add(draw.methods[i].reliability);
    result.reliability = reliability.result();
    result.undefined = undefined_draws(measured, i);
  }
  const auto intervals = bootstrap(series, measured.tasks.size(), measured.repeats, seed, pool);
  for (std::size_t i = 0; i < methods; ++i) {
    for (std::size_t m = 0; m < kMetrics.size(); ++m) results[i].*kMetrics[m].interval = intervals[i * kMetrics.size() + m];
  }

  const std::optional<std::size_t> baseline = best_method(results, false);
  if (!baseline) return results;
  const Series& baseline_auprc = series[*baseline * kMetrics.size() + kAuprc];
  std::vector<Series> differences;
  std::vector<std::size_t> learners;
  for (std::size_t i = 0; i < methods; ++i) {
    if (!is_learner(results[i])) continue;
    learners.push_back(i);
    differences.push_back(difference(series[i * kMetrics.size() + kAuprc], baseline_auprc));
  }
  const auto compared = bootstrap(differences, measured.tasks.size(), measured.repeats, seed, pool);
  for (std::size_t i = 0; i < learners.size(); ++i) {
    results[learners[i]].auprc_over_best_baseline = compared[i];
    results[learners[i]].best_baseline = results[*baseline].name;
  }
  return results;
}

}  // namespace oddshot
