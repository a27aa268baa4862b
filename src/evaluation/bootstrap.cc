#include "evaluation/bootstrap.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "oddshot/base/random.h"

namespace oddshot {
namespace {

// One resample: the places in a series that are drawn, `repeats` for each of the tasks drawn.
std::vector<std::size_t> draw_places(std::size_t tasks, std::size_t repeats, Stream stream) {
  std::vector<std::size_t> places;
  places.reserve(tasks * repeats);
  for (std::size_t slot = 0; slot < tasks; ++slot) {
    const std::size_t task = stream.below(tasks);
    for (std::size_t i = 0; i < repeats; ++i) places.push_back(task * repeats + stream.below(repeats));
  }
  return places;
}

// NaN if nothing is defined.
template <class ValueAt>
double mean_of_means(std::size_t tasks, std::size_t repeats, const ValueAt& value_at) {
  double sum_of_means = 0;
  std::size_t means = 0;
  for (std::size_t task = 0; task < tasks; ++task) {
    double sum = 0;
    std::size_t defined = 0;
    for (std::size_t i = task * repeats; i < (task + 1) * repeats; ++i) {
      const double value = value_at(i);
      if (std::isnan(value)) continue;
      sum += value;
      ++defined;
    }
    if (defined == 0) continue;
    sum_of_means += sum / static_cast<double>(defined);
    ++means;
  }
  return means == 0 ? std::numeric_limits<double>::quiet_NaN() : sum_of_means / static_cast<double>(means);
}

// Between the nearest two order statistics; values sorted, not empty.
double percentile(const std::vector<double>& sorted, double share) {
  const double place = share * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<std::size_t>(place);
  const std::size_t above = std::min(below + 1, sorted.size() - 1);
  return std::lerp(sorted[below], sorted[above], place - static_cast<double>(below));
}

}  // namespace

std::optional<double> mean_over_tasks(const Series& series, std::size_t repeats) {
  const double mean = mean_of_means(series.size() / repeats, repeats, [&](std::size_t i) { return series[i]; });
  return std::isnan(mean) ? std::nullopt : std::optional(mean);
}

std::vector<std::optional<Interval>> bootstrap(std::span<const Series> series, std::size_t tasks, std::size_t repeats, std::uint64_t seed,
                                               ThreadPool& pool) {
  std::vector<std::vector<double>> resampled(series.size(), std::vector<double>(kResamples));
  pool.parallel_for(kResamples, [&](std::size_t b, unsigned) {
    const std::vector<std::size_t> places = draw_places(tasks, repeats, Stream(seed, Purpose::kBootstrap, b));
    for (std::size_t s = 0; s < series.size(); ++s) {
      resampled[s][b] = mean_of_means(tasks, repeats, [&](std::size_t i) { return series[s][places[i]]; });
    }
  });
  std::vector<std::optional<Interval>> intervals(series.size());
  pool.parallel_for(series.size(), [&](std::size_t s, unsigned) {
    const std::optional<double> mean = mean_over_tasks(series[s], repeats);
    std::vector<double>& values = resampled[s];
    std::erase_if(values, [](double value) { return std::isnan(value); });
    if (!mean || values.empty()) return;
    std::sort(values.begin(), values.end());
    intervals[s] = Interval{*mean, percentile(values, 0.025), percentile(values, 0.975)};
  });
  return intervals;
}

}  // namespace oddshot
