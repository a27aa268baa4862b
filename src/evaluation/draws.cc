#include "evaluation/draws.h"

#include <algorithm>
#include <chrono>
#include <utility>

namespace oddshot {
namespace {

constexpr std::size_t kThresholdRows = 2200;

// Parts of a draw's stream.
constexpr std::uint32_t kEpisode = 0;
constexpr std::uint32_t kMethod = 1;

}  // namespace

const MappedDraw& Draw::in(const InputSpace& space) {
  const auto [place_in, fresh] = mapped.try_emplace(&space);
  MappedDraw& draw = place_in->second;
  if (fresh) {
    const auto began = std::chrono::steady_clock::now();
    const TaskInput input = space.fit(episode.support());
    draw.support_rows = input.support();
    const auto fitted = std::chrono::steady_clock::now();
    draw.query_rows = input.rows(episode.query_rows);
    draw.support_ms = std::chrono::duration<double, std::milli>(fitted - began).count();
    draw.query_seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - fitted).count();
  }
  return draw;
}

Draw draw_episode(const Task& task, const EpisodeSpec& spec, std::uint64_t seed, const DrawKey& key) {
  const std::uint64_t index = std::uint64_t{key.task} << 32 | std::uint64_t{key.repeat} << 16 | std::uint64_t{key.shots};
  const Stream stream(seed, key.purpose, index);
  std::string place = "task \"" + task.name + "\", " + std::to_string(key.shots) + " shots, repeat " + std::to_string(key.repeat + 1);
  return {sample_episode(task, fitted_to(task, spec), stream.fork(kEpisode)), stream.fork(kMethod), std::move(place), {}};
}

EpisodeSpec held_out_spec(const EvaluationOptions& options, std::size_t shots) {
  return {shots, options.normals, options.query_normals, options.query_anomalies};
}

EpisodeSpec threshold_spec(const EvaluationOptions& options, std::size_t shots) {
  EpisodeSpec spec = held_out_spec(options, shots);
  const std::size_t rows = spec.query_normals + spec.query_anomalies;
  if (rows > kThresholdRows) {
    spec.query_normals = std::max<std::size_t>(1, spec.query_normals * kThresholdRows / rows);
    spec.query_anomalies = std::max<std::size_t>(1, spec.query_anomalies * kThresholdRows / rows);
  }
  return spec;
}

}  // namespace oddshot
