#include "oddshot/training/episodes.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "oddshot/base/error.h"
#include "oddshot/training/trainer.h"

namespace oddshot {
namespace {

// Parts of a position's stream.
constexpr std::uint32_t kDraw = 0;
constexpr std::uint32_t kPick = 1;
constexpr std::uint32_t kDrop = 2;

constexpr std::size_t kFewNormals = 32;  // of table space: no support is cut down to fewer

// A source by weight; sources without a task count for nothing.
const TaskSource& draw_source(std::span<const TaskSource> sources, Stream& stream) {
  float total = 0;
  for (const TaskSource& source : sources) total += source.tasks.empty() ? 0 : source.weight;
  float left = total * stream.uniform();
  std::size_t drawn = 0;
  for (std::size_t i = 0; i < sources.size(); ++i) {
    if (sources[i].tasks.empty() || sources[i].weight == 0) continue;
    drawn = i;  // the last of them if rounding eats the rest
    left -= sources[i].weight;
    if (left < 0) break;
  }
  return sources[drawn];
}

void check_sources(std::span<const TaskSource> sources) {
  bool any = false;
  for (const TaskSource& source : sources) {
    if (!(source.weight >= 0) || !std::isfinite(source.weight)) {
      throw ArgumentError("the weight of source \"" + source.name + "\" is " + std::to_string(source.weight) +
                          "; it must be a number of 0 or more");
    }
    any = any || (source.weight > 0 && !source.tasks.empty());
  }
  if (!any) {
    throw ArgumentError("there is no task to train on");
  }
}

void erase_columns(Episode& episode, std::span<const std::uint32_t> columns) {
  for (Matrix* rows : {&episode.support_rows, &episode.query_rows}) {
    for (std::size_t r = 0; r < rows->rows(); ++r) {
      for (const std::uint32_t column : columns) (*rows)(r, column) = 0;
    }
  }
}

// Sets a share of the columns to 0, in support and query alike. Of table space a detector goes with both of its numbers, and what tells of
// the table stays.
void drop_columns(Episode& episode, float share, bool table, Stream stream) {
  std::vector<float> kept(episode.query_rows.cols(), 1.0F);
  const std::size_t count = table ? TableSpace::experts() : kept.size();
  for (std::size_t c = 0; c < count; ++c) {
    kept[c] = stream.uniform() < share ? 0.0F : 1.0F;
    if (table) kept[count + c] = kept[c];
  }
  for (Matrix* rows : {&episode.support_rows, &episode.query_rows}) {
    for (std::size_t r = 0; r < rows->rows(); ++r) {
      for (std::size_t c = 0; c < kept.size(); ++c) (*rows)(r, c) *= kept[c];
    }
  }
}

}  // namespace

Episodes::Episodes(std::span<const TaskSource> sources, const TrainingOptions& options, const InputSpace& space, ThreadPool& pool)
    : sources_(sources),
      space_(space),
      shots_(options.shots),
      spec_(options.episode),
      seed_(options.seed),
      tasks_per_step_(options.tasks_per_step),
      dropout_(options.dropout) {
  check_sources(sources);
  std::sort(shots_.begin(), shots_.end());
  std::vector<Episode> made(options.episodes);
  pool.parallel_for(made.size(), [&](std::size_t i, unsigned /*worker*/) { made[i] = draw(i); });
  made_ = std::move(made);
}

Episode Episodes::draw(std::uint64_t index) const {
  Stream stream(seed_, Purpose::kTrainEpisode, index);
  const TaskSource& source = draw_source(sources_, stream);
  const Task& task = source.tasks[stream.below(source.tasks.size())];
  // As many shots as leave an anomaly for the query. Duplicates may still take it, or all the normals: then fewer shots are tried, and
  // after them half the normals.
  EpisodeSpec wanted = spec_;
  // Tables to come may have fewer known normals than those learned from: every other episode makes do with a half, a quarter or an eighth.
  if (space_.space() == Space::kTable && stream.below(2) == 1) {
    wanted.normals = std::max(std::min(wanted.normals, kFewNormals), wanted.normals >> (1 + stream.below(3)));
  }
  const auto enough = static_cast<std::size_t>(std::lower_bound(shots_.begin(), shots_.end(), task.anomalies.size()) - shots_.begin());
  const std::size_t most = std::max<std::size_t>(enough, 1);
  EpisodeSpec spec = fitted_to(task, wanted);
  for (std::size_t usable = most;;) {
    spec.shots = shots_[stream.below(usable)];
    try {
      if (space_.space() == Space::kRaw) return sample_episode(task, spec, stream.fork(kDraw), kPlain);
      return space_.map(sample_episode(task, spec, stream.fork(kDraw), space_.space() == Space::kTable ? kPlain : std::string_view{}));
    } catch (const ArgumentError&) {
      usable = static_cast<std::size_t>(std::lower_bound(shots_.begin(), shots_.end(), spec.shots) - shots_.begin());
      if (usable > 0) continue;
      if (spec.normals < 4) throw;
      spec.normals /= 2;
      usable = most;
    }
  }
}

const Episode& Episodes::at(std::uint64_t step, std::size_t position, Episode& room) const {
  const std::uint64_t index = step * tasks_per_step_ + position;
  const Stream stream(seed_, Purpose::kTrainEpisode, index);
  const Episode* made = made_.empty() ? nullptr : &made_[stream.fork(kPick).below(made_.size())];
  if (made != nullptr && dropout_ == 0) return *made;
  room = made != nullptr ? *made : draw(index);
  if (made == nullptr) erase_columns(room, left_out_);
  if (dropout_ > 0) drop_columns(room, dropout_, space_.space() == Space::kTable, stream.fork(kDrop));
  return room;
}

Episodes Episodes::without(std::span<const std::uint32_t> columns) const {
  Episodes others = *this;
  others.left_out_.insert(others.left_out_.end(), columns.begin(), columns.end());
  for (Episode& episode : others.made_) erase_columns(episode, columns);
  return others;
}

}  // namespace oddshot
