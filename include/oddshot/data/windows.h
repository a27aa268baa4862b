// Windows of a time series: what the last rows of a run were like, joined to each row as further columns.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "oddshot/data/table.h"

namespace oddshot {

// For every numeric feature x and every number below one column. t counts the rows of a run in the order of time; only rows of the same
// run, at t or before, are looked at. Where a run has not yet so many rows, those there are count: a mean of fewer, the first row as the
// earlier one. Missing values are left out of means and deviations; a change from or to one is missing.
struct WindowOptions {
  std::vector<std::size_t> means;       // w: "x (mean of w)", of x at t - w + 1 to t; 2 to 1000
  std::vector<std::size_t> deviations;  // w: "x (deviation of w)", standard deviation over the same rows, divided by their number
  std::vector<std::size_t> changes;     // k: "x (change over k)", x at t less x at t - k; 1 to 1000
  std::vector<std::size_t> lags;        // k: "x (k before)", x at t - k
  std::string group;                    // column: rows with the same value are a run; rows without one are runs of their own
  // Column: the order in a run; rows of equal time stay in the order of the table. Numbers are floats, so seconds since 1970 are equal
  // within two minutes; texts such as 2024-05-01T12:00:00 are ordered as texts.
  std::string time;

  bool empty() const { return means.empty() && deviations.empty() && changes.empty() && lags.empty(); }
  bool operator==(const WindowOptions&) const = default;
  // Throws ArgumentError naming the number that is out of range or there twice, or group or time if it has no name.
  void validate() const;
};

// The names of a column's windows, in the order of the options.
std::vector<std::string> window_names(std::string_view column, const WindowOptions& options);

// The table with the windows of these numeric columns behind its own. Throws FormatError, naming the place, if it lacks one of them, group
// or time, if one is not numeric, if a row has no time, or if a column has the name of a window already. O(rows * columns * sum of the
// windows' lengths).
Table with_windows(Table table, std::span<const std::string> columns, const WindowOptions& options);

}  // namespace oddshot
