#include "evaluation/measure.h"

#include <chrono>
#include <cmath>
#include <memory>
#include <string>

#include "oddshot/base/error.h"

namespace oddshot {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

ScoredDraw timed_scores(const Method& method, Draw& draw, std::size_t steps) {
  ScoredDraw scored;
  const Episode& episode = draw.episode;
  scored.scores.resize(episode.query_rows.rows());
  const Support support = episode.support();
  const InputSpace* space = method.space(support);
  const MappedDraw* mapped = space != nullptr ? &draw.in(*space) : nullptr;
  const Clock::time_point start = Clock::now();
  const std::unique_ptr<Scorer> scorer = mapped != nullptr
                                             ? method.adapt_mapped({mapped->support_rows, support.labels}, draw.method_stream, steps)
                                         : steps == Learner::kAllSteps ? method.adapt(support, draw.method_stream)
                                                                       : method.adapt_partly(support, draw.method_stream, steps);
  scored.adapt_ms = 1e3 * seconds_since(start) + (mapped != nullptr ? mapped->support_ms : 0);
  const Clock::time_point adapted = Clock::now();
  scorer->score(mapped != nullptr ? mapped->query_rows.view() : episode.query_rows.view(), scored.scores);
  scored.score_seconds = seconds_since(adapted) + (mapped != nullptr ? mapped->query_seconds : 0);
  for (std::size_t row = 0; row < scored.scores.size(); ++row) {
    if (std::isnan(scored.scores[row])) throw NumericError("the score of query row " + std::to_string(row) + " is not a number");
  }
  return scored;
}

}  // namespace

ScoredDraw adapt_and_score(const Method& method, Draw& draw, std::size_t steps) {
  const auto placed = [&](const Error& error) { return method.name() + " on " + draw.place + ": " + error.what(); };
  try {
    return timed_scores(method, draw, steps);
  } catch (const NumericError& error) {
    throw NumericError(placed(error));
  } catch (const ArgumentError& error) {
    throw ArgumentError(placed(error));
  } catch (const ShapeError& error) {
    throw ShapeError(placed(error));
  }
}

MetricValues measure(const ScoredDraw& scored, const Draw& draw, std::optional<float> threshold) {
  const std::vector<std::uint8_t>& labels = draw.episode.query_labels;
  const Sweep sweep(scored.scores, labels);
  MetricValues values = {sweep.auroc(), sweep.average_precision(), {}, {}, {}, {}, sweep.recall_at_false_alarms(0.01)};
  if (threshold) {
    const Confusion counts = confusion(scored.scores, labels, *threshold);
    values[2] = counts.accuracy();
    values[3] = counts.precision();
    values[4] = counts.recall();
    values[5] = counts.f1();
  }
  return values;
}

}  // namespace oddshot
