#include "tasks/tables.h"

#include <algorithm>
#include <memory>
#include <numeric>
#include <set>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "oddshot/base/error.h"
#include "oddshot/base/thread_pool.h"
#include "tasks/column_values.h"
#include "tasks/identity.h"

namespace oddshot {
namespace {

// What one file holds, before its size is judged.
struct CutTable {
  TableRows table;
  std::size_t unlabelled = 0;
  std::set<std::string> ignored;  // columns that it has
};

CutTable cut_table(const SuiteManifest& manifest, NamedTable named) {
  CutTable cut;
  TableRows& rows = cut.table;
  rows.table = std::move(named.table);
  rows.held_out = named.held_out;
  rows.task.name = std::move(named.name);
  const std::string& path = rows.table.sources.empty() ? rows.task.name : rows.table.sources.front().path;
  for (const Column& column : rows.table.columns) {
    if (std::ranges::find(manifest.ignored, column.name) != manifest.ignored.end()) {
      cut.ignored.insert(column.name);
    } else if (column.name != manifest.label) {
      rows.feature_columns.push_back(column.name);
    }
  }
  if (rows.feature_columns.empty()) throw FormatError(path + ": no feature columns: every column has another role");

  const Words label = words_of(rows.table.column(manifest.label));
  for (std::uint32_t r = 0; r < label.codes.size(); ++r) {
    if (label.codes[r] == Words::kNone) {
      ++cut.unlabelled;
      continue;
    }
    const std::string& value = label.words[static_cast<std::size_t>(label.codes[r])];
    const bool normal = std::ranges::find(manifest.normal, value) != manifest.normal.end();
    (normal ? rows.task.normals : rows.task.anomalies).push_back(r);
  }
  if (rows.task.normals.empty()) {
    throw FormatError(fmt::format("{}: no row has the normal value \"{}\" in column \"{}\"", path, fmt::join(manifest.normal, "\" or \""),
                                  manifest.label));
  }
  return cut;
}

// How many of the table's anomalies differ from each other.
std::size_t distinct_anomalies(const TableRows& rows) {
  std::set<std::uint64_t> keys;
  for (const auto r : rows.task.anomalies) {
    ContentKey key;
    for (const std::string& name : rows.feature_columns) key.add(rows.table.column(name), r);
    keys.insert(key.value());
  }
  return keys.size();
}

// Every ignored column is one of some table's.
void check_ignored(const SuiteManifest& manifest, const std::vector<CutTable>& tables) {
  for (const std::string& name : manifest.ignored) {
    if (std::ranges::any_of(tables, [&](const CutTable& table) { return table.ignored.contains(name); })) continue;
    throw FormatError(fmt::format("{}: columns.ignored names \"{}\", but no table has such a column", manifest.file.string(), name));
  }
}

void check_side(const SuiteRows& rows, bool held_out, bool asked) {
  if (!asked || std::ranges::any_of(rows.tables, [&](const TableRows& table) { return table.held_out == held_out; })) return;
  throw FormatError(fmt::format("{}: no {} task is left: no table of that side has tasks.minimum_anomalies = {} distinct anomalies",
                                rows.manifest.file.string(), held_out ? "held-out" : "training", rows.manifest.minimum_anomalies));
}

// What is needed of a table to make a task of it.
struct TableTask {
  const Table& table;
  const std::vector<std::string>& feature_columns;
  const TaskRows& task;
};

Preprocessor fit_task(const TableTask& table, const PreprocessorOptions& options) {
  try {
    return Preprocessor::fit(table.table, table.feature_columns, table.task.normals, table.task.anomalies, options);
  } catch (const ArgumentError& error) {
    throw ArgumentError(fmt::format("table \"{}\": {}", table.task.name, error.what()));
  }
}

// A table as a task with a pool of its own.
Task encode_table(const TableTask& table, const PreprocessorOptions& options, const ViewOptions& views) {
  const Preprocessor preprocessor = fit_task(table, options);
  std::vector<std::uint32_t> rows = table.task.normals;
  rows.insert(rows.end(), table.task.anomalies.begin(), table.task.anomalies.end());
  const auto pool = std::make_shared<RowPool>();
  pool->rows = preprocessor.transform(table.table, rows);
  clip_numeric(pool->rows, preprocessor.feature_kinds(), views.plain_clip);
  std::vector<std::uint8_t> classes(rows.size());
  std::fill(classes.begin() + static_cast<std::ptrdiff_t>(table.task.normals.size()), classes.end(), std::uint8_t{1});
  pool->identity = identities(pool->rows, classes);

  std::vector<std::uint32_t> normals(table.task.normals.size());
  std::vector<std::uint32_t> anomalies(table.task.anomalies.size());
  std::iota(normals.begin(), normals.end(), 0U);
  std::iota(anomalies.begin(), anomalies.end(), static_cast<std::uint32_t>(normals.size()));
  return {table.task.name, pool, std::move(normals), std::move(anomalies)};
}

void describe_side(std::string& text, const SuiteRows& rows, bool held_out) {
  const auto count = std::ranges::count_if(rows.tables, [&](const TableRows& table) { return table.held_out == held_out; });
  if (count == 0) return;
  text += fmt::format("\n{:<34} {:>10} {:>10} {:>10} {:>10}\n", fmt::format("{} tables ({})", held_out ? "held-out" : "training", count),
                      "anomalies", "normals", "columns", "features");
  for (const TableRows& table : rows.tables) {
    if (table.held_out != held_out) continue;
    const Preprocessor preprocessor = fit_table(table, rows.manifest.preprocessor);
    text += fmt::format("  {:<32} {:>10} {:>10} {:>10} {:>10}{}\n", table.task.name, table.task.anomalies.size(), table.task.normals.size(),
                        table.feature_columns.size(), preprocessor.width(),
                        preprocessor.dropped().empty() ? "" : fmt::format("  constant: {}", fmt::join(preprocessor.dropped(), ", ")));
  }
}

}  // namespace

SuiteRows suite_of_tables(const SuiteManifest& manifest, std::vector<NamedTable> tables) {
  if (manifest.cut != Cut::kTable) throw ArgumentError("tables with columns of their own are cut by table, and in no other way");
  std::vector<CutTable> cut(tables.size());
  ThreadPool pool;
  pool.parallel_for(cut.size(), [&](std::size_t i, unsigned) { cut[i] = cut_table(manifest, std::move(tables[i])); });
  check_ignored(manifest, cut);

  SuiteRows rows;
  rows.manifest = manifest;
  for (CutTable& table : cut) {
    const std::string& name = table.table.task.name;
    if (table.unlabelled > 0) rows.notes.push_back(fmt::format("{}: {} rows without a label are left out", name, table.unlabelled));
    const std::size_t distinct = distinct_anomalies(table.table);
    if (distinct < manifest.minimum_anomalies) {
      if (distinct < table.table.task.anomalies.size()) {
        rows.notes.push_back(
            fmt::format("{}: its {} anomalies have only {} distinct rows", name, table.table.task.anomalies.size(), distinct));
      }
      rows.too_small.push_back(std::move(table.table.task));
    } else {
      rows.tables.push_back(std::move(table.table));
    }
  }
  const auto by_name = [](const auto& a, const auto& b) { return a.name < b.name; };
  std::ranges::sort(rows.tables, by_name, &TableRows::task);
  std::ranges::sort(rows.too_small, by_name);
  check_side(rows, false, !manifest.training.empty());
  check_side(rows, true, !manifest.held_out.empty());
  return rows;
}

Preprocessor fit_table(const TableRows& table, const PreprocessorOptions& options) {
  return fit_task({table.table, table.feature_columns, table.task}, options);
}

TaskSuite encode_tables(const SuiteRows& rows) {
  TaskSuite suite{
      .name = rows.manifest.name, .preprocessor = {}, .views = {}, .reference = {}, .training = {}, .held_out = {}, .report = {}};
  ThreadPool pool;
  if (rows.manifest.cut != Cut::kTable) {  // each task's rows in the table that all share
    suite.held_out.resize(rows.held_out.size());
    pool.parallel_for(suite.held_out.size(), [&](std::size_t i, unsigned) {
      suite.held_out[i] =
          encode_table({rows.table, rows.feature_columns, rows.held_out[i]}, rows.manifest.preprocessor, rows.manifest.views);
    });
    return suite;
  }
  std::vector<Task> tasks(rows.tables.size());
  pool.parallel_for(tasks.size(), [&](std::size_t i, unsigned) {
    const TableRows& one = rows.tables[i];
    tasks[i] = encode_table({one.table, one.feature_columns, one.task}, rows.manifest.preprocessor, rows.manifest.views);
  });
  for (std::size_t i = 0; i < tasks.size(); ++i) {
    (rows.tables[i].held_out ? suite.held_out : suite.training).push_back(std::move(tasks[i]));
  }
  return suite;
}

std::string describe_tables(const SuiteRows& rows) {
  std::string text = fmt::format("tables: {}, each with columns of its own and its own normals; label \"{}\" (normal: {})\n",
                                 rows.tables.size(), rows.manifest.label, fmt::join(rows.manifest.normal, ", "));
  if (!rows.tables.empty() && !rows.tables.front().table.sources.empty()) {
    const std::filesystem::path first = rows.tables.front().table.sources.front().path;
    text += fmt::format("files: below {}, not verified (no sha256)\n", first.parent_path().string());
  }
  if (!rows.manifest.ignored.empty()) text += fmt::format("ignored: {}\n", fmt::join(rows.manifest.ignored, ", "));
  describe_side(text, rows, false);
  describe_side(text, rows, true);
  return text;
}

}  // namespace oddshot
