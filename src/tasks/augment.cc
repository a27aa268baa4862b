#include "oddshot/tasks/augment.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <iterator>
#include <set>
#include <unordered_set>

#include <fmt/format.h>

#include "oddshot/base/error.h"
#include "oddshot/base/text.h"
#include "tasks/pseudo_tasks.h"

namespace oddshot {
namespace {

constexpr std::string_view kReal = "real";
constexpr std::string_view kTasks = "tasks";  // the one setting that is no weight
constexpr float kLargestWeight = 1e6F;
constexpr std::size_t kMostTasks = 10'000;

// A source of pseudo-tasks. The order is that of texts and of streams: append only.
struct Way {
  std::string_view name;
  float AugmentOptions::* weight;
  std::vector<Task> (*make)(const Material&);  // null: the training tasks
};
constexpr std::array kWays = {
    Way{kReal, &AugmentOptions::real, nullptr},
    Way{"mixtures", &AugmentOptions::mixtures, mixture_tasks},
    Way{"clusters", &AugmentOptions::clusters, cluster_tasks},
    Way{"sub-clusters", &AugmentOptions::sub_clusters, sub_cluster_tasks},
    Way{"local", &AugmentOptions::local, local_tasks},
    Way{"global", &AugmentOptions::global, global_tasks},
    Way{"dependency", &AugmentOptions::dependency, dependency_tasks},
    Way{"shift", &AugmentOptions::shift, shift_tasks},
    Way{"swaps", &AugmentOptions::swaps, swap_tasks},
    Way{"masks", &AugmentOptions::masks, mask_tasks},
    Way{"noise", &AugmentOptions::noise, noise_tasks},
};

std::vector<TaskFamily> families(std::span<const Task> training) {
  std::vector<TaskFamily> found;
  for (const Task& task : training) {
    const auto same = std::find_if(found.begin(), found.end(), [&](const TaskFamily& family) {
      return &family.pool() == task.pool.get() && family.normals() == task.normals;
    });
    if (same != found.end()) {
      same->tasks.push_back(&task);
    } else {
      found.push_back({{&task}});
    }
  }
  return found;
}

void check_space(std::span<const Task> training, const FeatureSpace& space) {
  std::size_t next = 0;
  for (const FeatureGroup& group : space.groups) {
    if (group.first != next || group.count == 0) {
      throw ShapeError(
          fmt::format("a feature group of {} features begins at {}; the one before ends at {}", group.count, group.first, next));
    }
    next += group.count;
  }
  for (const Task& task : training) {
    const std::size_t columns = task.pool->span(kPlain).count;
    if (columns < space.width()) {
      throw ShapeError(
          fmt::format("the plain rows of task \"{}\" have {} columns, fewer than the {} features", task.name, columns, space.width()));
    }
  }
}

float parse_weight(std::string_view text, std::string_view item) {
  float value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) {
    throw ArgumentError(fmt::format("augmentation \"{}\": \"{}\" is not a number; give for example real=0.5,clusters=0.5", item, text));
  }
  return value;
}

std::size_t parse_count(std::string_view text, std::string_view item) {
  std::size_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) {
    throw ArgumentError(fmt::format("augmentation \"{}\": \"{}\" is not a whole number", item, text));
  }
  return value;
}

std::string names_of_sources() {
  std::string names;
  for (const Way& way : kWays) names += fmt::format("{}, ", way.name);
  return names + std::string(kTasks);
}

// One "name=value".
void parse_item(std::string_view item, AugmentOptions& options) {
  const std::size_t sign = item.find('=');
  const std::string_view name = item.substr(0, sign);
  if (sign == std::string_view::npos) {
    throw ArgumentError(fmt::format("augmentation \"{}\" has no =; give source=weight, of {}, or none", item, names_of_sources()));
  }
  const std::string_view value = item.substr(sign + 1);
  if (name == kTasks) {
    options.tasks = parse_count(value, item);
    return;
  }
  const auto way = std::find_if(kWays.begin(), kWays.end(), [&](const Way& one) { return one.name == name; });
  if (way == kWays.end()) {
    throw ArgumentError(fmt::format("augmentation has no source \"{}\"; choose from {}", name, names_of_sources()));
  }
  options.*(way->weight) = parse_weight(value, item);
}

}  // namespace

std::size_t FeatureSpace::width() const { return groups.empty() ? 0 : groups.back().first + groups.back().count; }

FeatureSpace feature_space(const Preprocessor& preprocessor, const Views& views) {
  const auto kinds = preprocessor.feature_kinds();
  const auto& sources = preprocessor.feature_sources();
  FeatureSpace space;
  space.limit = views.options().plain_clip;
  space.rows_of = [&views](MatrixView features) { return views.transform(features); };
  for (std::size_t f = 0; f < kinds.size(); ++f) {
    // An indicator belongs to what stands before it if that is of the same column: to the number that it says is missing, or to the
    // category. A number is always a group of its own; several may come from one column (windows).
    if (kinds[f] == FeatureKind::kIndicator && f > 0 && sources[f] == sources[f - 1]) {
      ++space.groups.back().count;
    } else {
      space.groups.push_back({.first = f, .count = 1, .category = kinds[f] == FeatureKind::kIndicator});
    }
  }
  return space;
}

AugmentOptions AugmentOptions::none() {
  AugmentOptions options;
  for (const Way& way : kWays) options.*(way.weight) = way.make == nullptr ? 1.0F : 0.0F;
  return options;
}

AugmentOptions AugmentOptions::for_few_kinds() {
  AugmentOptions options = none();
  options.real = 0.2F;
  options.mixtures = 0.1F;
  options.clusters = 0.4F;
  options.sub_clusters = options.local = options.dependency = 0.1F;
  return options;
}

void AugmentOptions::validate() const {
  float total = 0;
  for (const Way& way : kWays) {
    const float weight = this->*(way.weight);
    if (!(weight >= 0 && weight <= kLargestWeight)) {
      throw ArgumentError(fmt::format("the weight of source \"{}\" is {}; it must be 0 to {}", way.name, weight, kLargestWeight));
    }
    total += weight;
  }
  if (total == 0) throw ArgumentError("no source of training tasks has a weight above 0");
  if (tasks < 1 || tasks > kMostTasks) {
    throw ArgumentError(fmt::format("the number of pseudo-tasks a source is {}; it must be 1 to {}", tasks, kMostTasks));
  }
}

std::string to_string(const AugmentOptions& options) {
  if (options == AugmentOptions::none()) return "none";
  std::string text;
  for (const Way& way : kWays) {
    if (options.*(way.weight) != 0) text += fmt::format("{}={},", way.name, options.*(way.weight));
  }
  return text + fmt::format("{}={}", kTasks, options.tasks);
}

AugmentOptions parse_augment(std::string_view text) {
  AugmentOptions options = AugmentOptions::none();
  if (text == "none") return options;
  options.real = 0;
  std::set<std::string_view> seen;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find(',', begin), text.size());
    const std::string_view item = text.substr(begin, end - begin);
    parse_item(item, options);
    if (!seen.insert(item.substr(0, item.find('='))).second) {
      throw ArgumentError(fmt::format("augmentation \"{}\" names a source twice", text));
    }
    begin = end + 1;
  }
  options.validate();
  return options;
}

std::vector<TaskSource> augment(std::span<const Task> training, const FeatureSpace& space, const AugmentOptions& options,
                                const EpisodeSpec& episode, std::uint64_t seed, ThreadPool& pool) {
  options.validate();
  check_space(training, space);
  const std::vector<TaskFamily> all = families(training);
  const Stream stream(seed, Purpose::kAugment, 0);
  std::vector<TaskSource> sources;
  for (std::size_t w = 0; w < kWays.size(); ++w) {
    const float weight = options.*(kWays[w].weight);
    if (weight == 0) continue;
    TaskSource source{std::string(kWays[w].name), weight, {}};
    if (kWays[w].make == nullptr) source.tasks.assign(training.begin(), training.end());
    const Stream own = stream.fork(static_cast<std::uint32_t>(w));
    for (std::size_t f = 0; kWays[w].make != nullptr && f < all.size(); ++f) {
      const std::size_t count = (options.tasks * (f + 1)) / all.size() - (options.tasks * f) / all.size();
      if (count == 0) continue;
      auto made = kWays[w].make({all[f], space, episode, count, own.fork(static_cast<std::uint32_t>(f)), pool});
      std::move(made.begin(), made.end(), std::back_inserter(source.tasks));
    }
    if (!source.tasks.empty()) sources.push_back(std::move(source));
  }
  return sources;
}

bool is_large_enough(const Task& task, const EpisodeSpec& episode) {
  const auto holds = [&](std::span<const std::uint32_t> rows, std::size_t wanted) {
    std::unordered_set<std::uint32_t> different;
    for (std::size_t i = 0; i < rows.size() && different.size() < wanted; ++i) different.insert(task.pool->identity[rows[i]]);
    return different.size() >= wanted;
  };
  return holds(task.normals, episode.normals + 1) && holds(task.anomalies, std::max(kLeastAnomalies, episode.shots + 1));
}

Matrix features_of(const RowPool& pool, const FeatureSpace& space, std::span<const std::uint32_t> rows) {
  Matrix features = pool.gather(rows, kPlain);  // which begins with them, and is nothing else in a suite
  return features.cols() == space.width() ? std::move(features) : copied(features.view().columns(0, space.width()));
}

std::vector<std::uint32_t> thinned(std::span<const std::uint32_t> values, std::size_t count, Stream& stream) {
  if (values.size() <= count) return {values.begin(), values.end()};
  auto chosen = stream.sample(static_cast<std::uint32_t>(values.size()), static_cast<std::uint32_t>(count));
  std::sort(chosen.begin(), chosen.end());
  for (auto& place : chosen) place = values[place];
  return chosen;
}

}  // namespace oddshot
