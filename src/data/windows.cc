#include "oddshot/data/windows.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <iterator>
#include <limits>
#include <numeric>
#include <utility>

#include <fmt/format.h>

#include "data/cell.h"
#include "oddshot/base/error.h"
#include "oddshot/base/text.h"

namespace oddshot {
namespace {

using data::in_quotes;

constexpr std::size_t kLongest = 1000;
constexpr std::size_t kMostNumbers = 16;  // of one kind; each makes a column of every numeric one
constexpr double kLargest = std::numeric_limits<float>::max();
constexpr float kMissing = std::numeric_limits<float>::quiet_NaN();

void check_numbers(const std::vector<std::size_t>& numbers, std::string_view what, std::size_t least) {
  if (numbers.size() > kMostNumbers) {
    throw ArgumentError(fmt::format("windows: {} holds {} numbers, {} are the limit", what, numbers.size(), kMostNumbers));
  }
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    if (numbers[i] < least || numbers[i] > kLongest) {
      throw ArgumentError(fmt::format("windows: {} holds {}, which must be from {} to {}", what, numbers[i], least, kLongest));
    }
    if (std::find(numbers.begin(), numbers.begin() + static_cast<std::ptrdiff_t>(i), numbers[i]) !=
        numbers.begin() + static_cast<std::ptrdiff_t>(i)) {
      throw ArgumentError(fmt::format("windows: {} holds {} twice", what, numbers[i]));
    }
  }
}

const Column& column_of(const Table& table, const std::string& name) {
  if (const auto found = table.find(name)) return table.columns[*found];
  std::vector<std::string_view> names;
  for (const Column& column : table.columns) names.push_back(column.name);
  const auto near = nearest(name, names);
  throw FormatError(fmt::format("{}column {} is missing, which windows need{}",
                                table.sources.empty() ? "" : table.sources.front().path + ": ", in_quotes(name),
                                near ? fmt::format("; did you mean {}?", in_quotes(*near)) : ""));
}

// Each distinct value a number, rows without a value one each; in no order.
std::vector<std::uint64_t> runs_of(const Column& group) {
  std::vector<std::uint64_t> runs(group.rows());
  for (std::size_t r = 0; r < runs.size(); ++r) {
    if (group.kind == ColumnKind::kCategory) {
      const std::int32_t code = group.codes[r];
      runs[r] = code == Column::kMissingCode ? (1ULL << 40) + r : static_cast<std::uint64_t>(code);
    } else {
      const float number = group.numbers[r] + 0.0F;  // -0 counts as 0
      runs[r] = std::isnan(number) ? (1ULL << 40) + r : std::bit_cast<std::uint32_t>(number);
    }
  }
  return runs;
}

// The rank of each row's time; texts are ordered as texts.
std::vector<float> times_of(const Table& table, const Column& time) {
  const auto refuse = [&](std::size_t row) {
    throw FormatError(fmt::format("{}, column {}: the row has no time, which windows need", table.place(row), in_quotes(time.name)));
  };
  if (time.kind == ColumnKind::kNumeric) {
    for (std::size_t r = 0; r < time.numbers.size(); ++r) {
      if (std::isnan(time.numbers[r])) refuse(r);
    }
    return time.numbers;
  }
  std::vector<std::size_t> order(time.categories.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return time.categories[a] < time.categories[b]; });
  std::vector<float> rank(order.size());
  for (std::size_t i = 0; i < order.size(); ++i) rank[order[i]] = static_cast<float>(i);
  std::vector<float> times(time.codes.size());
  for (std::size_t r = 0; r < times.size(); ++r) {
    if (time.codes[r] == Column::kMissingCode) refuse(r);
    times[r] = rank[static_cast<std::size_t>(time.codes[r])];
  }
  return times;
}

// Rows run by run, in the order of time, and where each run begins; the last entry is the number of rows.
struct Runs {
  std::vector<std::uint32_t> rows;
  std::vector<std::size_t> starts;
};

Runs sort_runs(const Table& table, const WindowOptions& options) {
  const std::vector<std::uint64_t> run = runs_of(column_of(table, options.group));
  const std::vector<float> time = times_of(table, column_of(table, options.time));
  Runs runs;
  runs.rows.resize(table.rows());
  std::iota(runs.rows.begin(), runs.rows.end(), 0U);
  std::stable_sort(runs.rows.begin(), runs.rows.end(),
                   [&](std::uint32_t a, std::uint32_t b) { return run[a] != run[b] ? run[a] < run[b] : time[a] < time[b]; });
  for (std::size_t i = 0; i < runs.rows.size(); ++i) {
    if (i == 0 || run[runs.rows[i]] != run[runs.rows[i - 1]]) runs.starts.push_back(i);
  }
  runs.starts.push_back(runs.rows.size());
  return runs;
}

float to_float(double value) { return static_cast<float>(std::clamp(value, -kLargest, kLargest)); }

struct Moments {
  double mean = 0;
  double deviation = 0;
};

// Of the present values; NaN if there is none. Two passes, in double.
Moments moments(std::span<const float> values) {
  double sum = 0;
  std::size_t present = 0;
  for (const float value : values) {
    if (std::isnan(value)) continue;
    sum += value;
    ++present;
  }
  if (present == 0) return {kMissing, kMissing};
  Moments m{sum / static_cast<double>(present), 0};
  double squares = 0;
  for (const float value : values) {
    if (!std::isnan(value)) squares += (value - m.mean) * (value - m.mean);
  }
  m.deviation = std::sqrt(squares / static_cast<double>(present));
  return m;
}

// The windows of one run at its row t; x [t + 1] the values so far. In the order of window_names.
void windows_at(std::span<const float> x, const WindowOptions& options, std::span<float> out) {
  const std::size_t t = x.size() - 1;
  const auto last = [&](std::size_t w) { return x.last(std::min(w, x.size())); };
  const auto before = [&](std::size_t k) { return x[t - std::min(k, t)]; };
  std::size_t next = 0;
  for (const std::size_t w : options.means) out[next++] = to_float(moments(last(w)).mean);
  for (const std::size_t w : options.deviations) out[next++] = to_float(moments(last(w)).deviation);
  for (const std::size_t k : options.changes) out[next++] = to_float(static_cast<double>(x[t]) - before(k));
  for (const std::size_t k : options.lags) out[next++] = before(k);
}

}  // namespace

void WindowOptions::validate() const {
  check_numbers(means, "means", 2);
  check_numbers(deviations, "deviations", 2);
  check_numbers(changes, "changes", 1);
  check_numbers(lags, "lags", 1);
  if (empty()) return;
  if (group.empty()) throw ArgumentError("windows need a column that tells the runs apart");
  if (time.empty()) throw ArgumentError("windows need a column that orders the rows of a run");
}

std::vector<std::string> window_names(std::string_view column, const WindowOptions& options) {
  std::vector<std::string> names;
  for (const std::size_t w : options.means) names.push_back(fmt::format("{} (mean of {})", column, w));
  for (const std::size_t w : options.deviations) names.push_back(fmt::format("{} (deviation of {})", column, w));
  for (const std::size_t k : options.changes) names.push_back(fmt::format("{} (change over {})", column, k));
  for (const std::size_t k : options.lags) names.push_back(fmt::format("{} ({} before)", column, k));
  return names;
}

Table with_windows(Table table, std::span<const std::string> columns, const WindowOptions& options) {
  const Runs runs = sort_runs(table, options);
  std::vector<float> values(table.rows());
  for (const std::string& name : columns) {
    std::vector<Column> windows;
    for (std::string& window : window_names(name, options)) {
      if (table.find(window))
        throw FormatError(fmt::format("there is a column {} already, as a window would be called", in_quotes(window)));
      windows.push_back({std::move(window), ColumnKind::kNumeric, std::vector<float>(table.rows()), {}, {}});
    }
    const Column& column = column_of(table, name);
    if (column.kind != ColumnKind::kNumeric) {
      const auto present = std::find_if(column.codes.begin(), column.codes.end(), [](std::int32_t code) { return code >= 0; });
      if (present != column.codes.end()) {
        throw FormatError(fmt::format("{}, column {}: {} is not a number, which windows need",
                                      table.place(static_cast<std::size_t>(present - column.codes.begin())), in_quotes(name),
                                      in_quotes(column.categories[static_cast<std::size_t>(*present)])));
      }
    }
    for (std::size_t i = 0; i < values.size(); ++i) {
      values[i] = column.kind == ColumnKind::kNumeric ? column.numbers[runs.rows[i]] : kMissing;
    }
    std::vector<float> row(windows.size());
    for (std::size_t run = 0; run + 1 < runs.starts.size(); ++run) {
      for (std::size_t i = runs.starts[run]; i < runs.starts[run + 1]; ++i) {
        windows_at(std::span(values).subspan(runs.starts[run], i + 1 - runs.starts[run]), options, row);
        for (std::size_t w = 0; w < windows.size(); ++w) windows[w].numbers[runs.rows[i]] = row[w];
      }
    }
    std::move(windows.begin(), windows.end(), std::back_inserter(table.columns));
  }
  return table;
}

}  // namespace oddshot
