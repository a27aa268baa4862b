// Labels that come later, are corrected or withdrawn: the detector is adapted anew to the rows it keeps.
#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "detector/encode.h"
#include "detector/rows_of_tables.h"
#include "oddshot/base/error.h"
#include "oddshot/detector/detector.h"
#include "tasks/column_values.h"

namespace oddshot {
namespace {

const Table& kept_table(const Detector& detector) {
  const Table& kept = detector.rows().table;
  if (kept.columns.empty()) {
    throw ArgumentError(
        "the detector has not kept the rows that it was adapted to (it was told to forget them, is of an older format, or its features are "
        "windows of a time series), so its labels stay as they are; adapt anew");
  }
  return kept;
}

// The columns by which rows are the same: all but label and weight.
std::vector<std::string> compared_columns(const Table& kept, const AdaptOptions& options) {
  std::vector<std::string> names;
  for (const Column& column : kept.columns) {
    if (column.name != options.label && column.name != options.weight) names.push_back(column.name);
  }
  return names;
}

std::vector<std::string> all_columns(const Table& table) {
  std::vector<std::string> names;
  for (const Column& column : table.columns) names.push_back(column.name);
  return names;
}

// The label of each row as it is spelt; empty where there is none.
std::vector<std::string> labels_of(const Table& table, const std::string& name) {
  const Words words = words_of(table.column(name));
  std::vector<std::string> labels(table.rows());
  for (std::size_t r = 0; r < labels.size(); ++r) {
    if (words.codes[r] != Words::kNone) labels[r] = words.words[static_cast<std::size_t>(words.codes[r])];
  }
  return labels;
}

// The other rows in their order.
Table without_rows(const Table& table, const std::set<std::uint32_t>& gone) {
  std::vector<std::uint32_t> rest;
  for (std::uint32_t r = 0; r < table.rows(); ++r) {
    if (!gone.contains(r)) rest.push_back(r);
  }
  return selected_rows(table, all_columns(table), rest);
}

std::multimap<std::string, std::uint32_t> rows_by_key(const std::vector<std::string>& keys) {
  std::multimap<std::string, std::uint32_t> rows;
  for (std::uint32_t r = 0; r < keys.size(); ++r) rows.emplace(keys[r], r);
  return rows;
}

Detector adapted_anew(const Detector& before, const Table& table, DetectorEvent event, std::vector<DetectorEvent>& history,
                      ThreadPool& pool) {
  AdaptOptions options = before.options();
  options.ignored.clear();  // such columns were not kept
  Detector detector = Detector::adapt(before.model(), table, options, pool);
  event.normals = detector.history().front().normals;
  event.anomalies = detector.history().front().anomalies;
  history = before.history();
  history.push_back(std::move(event));
  return detector;
}

}  // namespace

Detector Detector::updated(const Table& table, ThreadPool& pool, const std::string& when) const {
  const Table& kept = kept_table(*this);
  const std::string& label = options().label;
  check_labels(table, options());
  const std::vector<std::string> columns = compared_columns(kept, options());
  const Table both = joined_rows(kept, table);
  const std::vector<std::string> keys = row_keys(both, columns);
  const std::vector<std::string> labels = labels_of(both, label);
  const auto kept_count = static_cast<std::uint32_t>(kept.rows());
  const auto there = rows_by_key({keys.begin(), keys.begin() + kept_count});
  std::set<std::uint32_t> gone;
  std::size_t added = 0;
  for (std::uint32_t r = kept_count; r < keys.size(); ++r) {
    const auto [first, last] = there.equal_range(keys[r]);
    for (auto same = first; same != last; ++same) {
      if (labels[same->second] != labels[r]) gone.insert(same->second);
    }
    const bool known = !labels[r].empty() && std::ranges::find(options().unknown, labels[r]) == options().unknown.end();
    added += known ? 1 : 0;
  }
  std::vector<DetectorEvent> history;
  Detector detector = adapted_anew(*this, without_rows(both, gone),
                                   {.when = when, .what = "updated", .added = added, .removed = gone.size()}, history, pool);
  detector.parts_.history = std::move(history);
  detector.parts_.options.ignored = options().ignored;
  return detector;
}

Detector Detector::without(const Table& table, ThreadPool& pool, const std::string& when) const {
  const Table& kept = kept_table(*this);
  const std::string& label = options().label;
  const std::vector<std::string> columns = compared_columns(kept, options());
  const bool by_label = table.find(label).has_value();
  Table comparable = kept;
  std::erase_if(comparable.columns,
                [&](const Column& column) { return column.name == options().weight || (column.name == label && !by_label); });
  const Table both = joined_rows(comparable, table);
  const std::vector<std::string> keys = row_keys(both, columns);
  std::vector<std::string> labels(keys.size());
  if (by_label) labels = labels_of(both, label);
  const auto kept_count = static_cast<std::uint32_t>(kept.rows());
  const auto there = rows_by_key({keys.begin(), keys.begin() + kept_count});
  std::set<std::uint32_t> gone;
  for (std::uint32_t r = kept_count; r < keys.size(); ++r) {
    const auto [first, last] = there.equal_range(keys[r]);
    bool found = false;
    for (auto same = first; same != last; ++same) {
      if (!labels[r].empty() && labels[same->second] != labels[r]) continue;
      gone.insert(same->second);
      found = true;
    }
    if (!found) {
      throw FormatError(fmt::format("{}: the detector knows no such row{}", table.place(r - kept_count),
                                    labels[r].empty() ? "" : fmt::format(" with the label \"{}\"", labels[r])));
    }
  }
  std::vector<DetectorEvent> history;
  Detector detector =
      adapted_anew(*this, without_rows(kept, gone), {.when = when, .what = "withdrawn", .added = 0, .removed = gone.size()}, history, pool);
  detector.parts_.history = std::move(history);
  detector.parts_.options.ignored = options().ignored;
  return detector;
}

}  // namespace oddshot
