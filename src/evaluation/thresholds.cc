#include "evaluation/thresholds.h"

#include <utility>

#include "evaluation/draws.h"
#include "evaluation/measure.h"
#include "oddshot/base/error.h"

namespace oddshot {
namespace {

// What one episode says: scores of every method, [methods]; none if the task has too few rows.
using EpisodeScores = std::vector<ScoredEpisode>;

EpisodeScores score_episode(const Task& task, std::span<const Method* const> methods, const EpisodeSpec& spec, std::uint64_t seed,
                            const DrawKey& key) {
  std::optional<Draw> draw;
  try {
    draw = draw_episode(task, spec, seed, key);
  } catch (const ArgumentError&) {
    return {};  // noted by the caller
  }
  EpisodeScores scores;
  for (const Method* method : methods) scores.push_back({adapt_and_score(*method, *draw).scores, draw->episode.query_labels});
  return scores;
}

}  // namespace

std::vector<std::optional<float>> suggest_thresholds(std::span<const Task> training, std::span<const Method* const> methods,
                                                     const EvaluationOptions& options, std::size_t shots, ThreadPool& pool,
                                                     Progress& progress, std::vector<std::string>& notes) {
  const EpisodeSpec spec = threshold_spec(options, shots);
  const std::size_t repeats = options.threshold_repeats;
  std::vector<EpisodeScores> by_episode(training.size() * repeats);
  pool.parallel_for(by_episode.size(), [&](std::size_t i, unsigned) {
    const DrawKey key = {Purpose::kThreshold, i / repeats, i % repeats, shots};
    by_episode[i] = score_episode(training[key.task], methods, spec, options.seed, key);
    progress.done_one();
  });

  std::string too_small;
  for (std::size_t task = 0; task < training.size(); ++task) {
    bool missing = false;
    for (std::size_t repeat = 0; repeat < repeats; ++repeat) missing = missing || by_episode[task * repeats + repeat].empty();
    if (missing) too_small += (too_small.empty() ? "" : ", ") + training[task].name;
  }
  if (!too_small.empty()) {
    notes.push_back(std::to_string(shots) + " shots: training tasks with too few rows to suggest a threshold by: " + too_small);
  }

  std::vector<std::optional<float>> thresholds(methods.size());
  pool.parallel_for(methods.size(), [&](std::size_t m, unsigned) {
    std::vector<ScoredEpisode> episodes;
    for (EpisodeScores& episode : by_episode) {
      if (!episode.empty()) episodes.push_back(std::move(episode[m]));
    }
    thresholds[m] = best_f1_threshold(episodes);
  });
  if (!methods.empty() && !thresholds.front()) {
    notes.push_back(std::to_string(shots) +
                    " shots: no training task suggests a threshold; accuracy, precision, recall and F1 are undefined");
  }
  return thresholds;
}

}  // namespace oddshot
