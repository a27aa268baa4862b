// Means over tasks and repeats, and how far they can be trusted.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "oddshot/base/thread_pool.h"
#include "oddshot/evaluation/evaluate.h"

namespace oddshot {

inline constexpr std::size_t kResamples = 2000;

// One value for each repeat of each task: [tasks x repeats] row-major, NaN where undefined.
using Series = std::vector<double>;

// The mean over tasks of the mean over their repeats, of what is defined; nothing if nothing is.
std::optional<double> mean_over_tasks(const Series& series, std::size_t repeats);

// Mean and 95% percentile interval of each series: [series]. A resample draws as many tasks as there are, with replacement, and for each as
// many of its repeats, so that both sources of chance count. Every series sees the same resamples: the interval of a difference of two is
// that of a paired comparison. A resample in which a series is undefined does not count for it.
// Resample b draws from Stream(seed, kBootstrap, b).   O(kResamples * series * tasks * repeats)
// Source: Efron, Tibshirani 1993, "An introduction to the bootstrap", chapters 8 and 13; both levels are resampled.
std::vector<std::optional<Interval>> bootstrap(std::span<const Series> series, std::size_t tasks, std::size_t repeats, std::uint64_t seed,
                                               ThreadPool& pool);

}  // namespace oddshot
