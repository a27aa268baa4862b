#include "tasks/leakage.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <unordered_set>
#include <utility>

#include <fmt/format.h>

namespace oddshot {
namespace {

constexpr double kGivesAway = 0.999;      // AUROC of one column
constexpr std::size_t kFewNormals = 100;  // an episode draws 50 for the support alone
constexpr std::size_t kFewAnomalies = 13;
constexpr double kManyAlike = 0.1;         // share of a task's anomalies that equal a normal row
constexpr double kManyEqual = 0.5;         // share of a held-out table's distinct rows that a training table has too
constexpr std::size_t kMostDistinct = 64;  // a numeric column with no more values is compared value by value

using Rows = std::vector<std::uint32_t>;

// A number for the value in a row; equal for equal values.
std::uint64_t code_of(const Column& column, std::uint32_t row) {
  if (column.kind == ColumnKind::kCategory) return static_cast<std::uint32_t>(column.codes[row]);
  const float number = column.numbers[row];
  return std::isnan(number) ? 0xFFFFFFFFU : std::bit_cast<std::uint32_t>(number + 0.0F);  // -0 counts as 0
}

bool missing(const Column& column, std::uint32_t row) {
  return column.kind == ColumnKind::kCategory ? column.codes[row] == Column::kMissingCode : std::isnan(column.numbers[row]);
}

std::string spelt(const Column& column, std::uint32_t row) {
  if (missing(column, row)) return "no value";
  return column.kind == ColumnKind::kCategory ? "\"" + column.categories[static_cast<std::size_t>(column.codes[row])] + "\""
                                              : fmt::format("{}", column.numbers[row]);
}

double share(std::size_t part, std::size_t whole) { return whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole); }

std::size_t count_missing(const Column& column, const Rows& rows) {
  return static_cast<std::size_t>(std::count_if(rows.begin(), rows.end(), [&](std::uint32_t r) { return missing(column, r); }));
}

// How often each value occurs: (code, row that has it, rows with it), by code.
struct ValueCount {
  std::uint64_t code = 0;
  std::uint32_t row = 0;
  std::size_t rows = 0;
};
std::vector<ValueCount> count_values(const Column& column, const Rows& rows) {
  std::vector<ValueCount> counts;
  counts.reserve(rows.size());
  for (const auto r : rows) counts.push_back({code_of(column, r), r, 1});
  std::sort(counts.begin(), counts.end(), [](const auto& a, const auto& b) { return std::pair(a.code, a.row) < std::pair(b.code, b.row); });
  std::size_t kept = 0;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    if (kept > 0 && counts[kept - 1].code == counts[i].code) {
      ++counts[kept - 1].rows;
    } else {
      counts[kept++] = counts[i];
    }
  }
  counts.resize(kept);
  return counts;
}

// What the normals of a column are like; shared by the tasks that share them.
struct Normals {
  const Rows* rows = nullptr;
  std::vector<ValueCount> values;  // by code
  std::vector<float> sorted;       // present numbers
  std::size_t missing = 0;
};

Normals look_at(const Column& column, const Rows& rows) {
  Normals normals{&rows, count_values(column, rows), {}, count_missing(column, rows)};
  if (column.kind == ColumnKind::kNumeric) {
    for (const auto r : rows) {
      if (!std::isnan(column.numbers[r])) normals.sorted.push_back(column.numbers[r]);
    }
    std::sort(normals.sorted.begin(), normals.sorted.end());
  }
  return normals;
}

// How the column tells the anomalies from the normals by itself, in words; nothing if it does not.
std::optional<std::string> gives_away(const Column& column, const Normals& normals, const Rows& anomalies) {
  const std::size_t absent = count_missing(column, anomalies);
  const double gap = share(absent, anomalies.size()) - share(normals.missing, normals.rows->size());
  if ((1 + std::fabs(gap)) / 2 > kGivesAway)
    return fmt::format("missing in {} of their rows", gap > 0 ? "all or nearly all" : "none or hardly any");

  // AUROC of the best order of the values: what two spreads do not share.
  const std::vector<ValueCount> values = count_values(column, anomalies);
  if (column.kind == ColumnKind::kCategory || values.size() + normals.values.size() <= kMostDistinct) {
    double shared = 0;
    const ValueCount* most = nullptr;
    for (const ValueCount& value : values) {
      const auto there = std::lower_bound(normals.values.begin(), normals.values.end(), value.code,
                                          [](const ValueCount& a, std::uint64_t code) { return a.code < code; });
      const bool found = there != normals.values.end() && there->code == value.code;
      shared += std::min(share(value.rows, anomalies.size()), found ? share(there->rows, normals.rows->size()) : 0.0);
      if (most == nullptr || value.rows > most->rows) most = &value;
    }
    if (most == nullptr || 1 - shared / 2 <= kGivesAway) return std::nullopt;
    return fmt::format("{} in {} of their {} rows, values that normals hardly ever have", spelt(column, most->row), most->rows,
                       anomalies.size());
  }
  if (column.kind == ColumnKind::kCategory || normals.sorted.empty() || absent == anomalies.size()) return std::nullopt;
  double above = 0;
  float least = std::numeric_limits<float>::infinity(), most = -least;
  for (const auto r : anomalies) {
    const float x = column.numbers[r];
    if (std::isnan(x)) continue;
    const auto [low, high] = std::equal_range(normals.sorted.begin(), normals.sorted.end(), x);
    above += static_cast<double>(low - normals.sorted.begin()) + static_cast<double>(high - low) / 2;
    least = std::min(least, x);
    most = std::max(most, x);
  }
  const double auroc = above / (static_cast<double>(anomalies.size() - absent) * static_cast<double>(normals.sorted.size()));
  if (std::max(auroc, 1 - auroc) <= kGivesAway) return std::nullopt;
  return auroc > 0.5 ? fmt::format("from {} up", least) : fmt::format("up to {}", most);
}

void find_columns(const SuiteRows& rows, std::vector<std::string>& findings) {
  const std::size_t tasks = rows.training.size() + rows.held_out.size();
  for (const auto& name : rows.feature_columns) {
    const Column& column = rows.table.column(name);
    std::size_t told = 0;
    std::string first;
    Normals normals;
    for (const auto* side : {&rows.training, &rows.held_out}) {
      for (const auto& task : *side) {
        if (normals.rows == nullptr || *normals.rows != task.normals) normals = look_at(column, task.normals);
        const auto words = gives_away(column, normals, task.anomalies);
        if (!words) continue;
        if (++told == 1) first = fmt::format("those of {}: {}", task.name, *words);
      }
    }
    if (told > 0 && 2 * told >= tasks) {
      findings.push_back(
          fmt::format("column \"{}\" by itself tells the anomalies of {} of {} tasks from normals ({}); ask whether it would be known "
                      "before the answer is, else add it to columns.ignored",
                      name, told, tasks, first));
    }
  }
}

// A number for all features of a row; equal for equal rows, and for others all but surely not.
std::vector<std::uint64_t> contents(const Table& table, const std::vector<std::string>& features) {
  std::vector<std::uint64_t> keys(table.rows(), 0x9E3779B97F4A7C15ULL);
  for (const auto& name : features) {
    const Column& column = table.column(name);
    for (std::uint32_t r = 0; r < keys.size(); ++r) {
      std::uint64_t& key = keys[r];
      key = (key ^ code_of(column, r)) * 0xD6E8FEB86659FD93ULL;
      key ^= key >> 32;
    }
  }
  return keys;
}

using Keys = std::unordered_set<std::uint64_t>;

Keys keys_of(const std::vector<std::uint64_t>& contents, const Rows& rows) {
  Keys keys;
  for (const auto r : rows) keys.insert(contents[r]);
  return keys;
}

std::size_t count_in(const std::vector<std::uint64_t>& contents, const Rows& rows, const Keys& keys) {
  return static_cast<std::size_t>(std::count_if(rows.begin(), rows.end(), [&](std::uint32_t r) { return keys.contains(contents[r]); }));
}

void find_equal_rows(const SuiteRows& rows, std::vector<std::string>& findings) {
  const std::vector<std::uint64_t> content = contents(rows.table, rows.feature_columns);
  Rows trained, held_out_normals, held_out_anomalies;
  for (const auto& task : rows.training) trained.insert(trained.end(), task.anomalies.begin(), task.anomalies.end());
  for (const auto& task : rows.held_out) {
    held_out_normals.insert(held_out_normals.end(), task.normals.begin(), task.normals.end());
    held_out_anomalies.insert(held_out_anomalies.end(), task.anomalies.begin(), task.anomalies.end());
  }
  std::sort(held_out_normals.begin(), held_out_normals.end());
  held_out_normals.erase(std::unique(held_out_normals.begin(), held_out_normals.end()), held_out_normals.end());
  const auto tell = [&](const Rows& held_out, const Rows& training, std::string_view what) {
    const std::size_t equal = count_in(content, held_out, keys_of(content, training));
    if (equal == 0) return;
    findings.push_back(fmt::format("{} of {} held-out {} equal a training one in every feature", equal, held_out.size(), what));
  };
  tell(held_out_normals, rows.training_normals, "normal rows");
  tell(held_out_anomalies, trained, "anomalies");

  Keys normals;
  const Rows* whose = nullptr;
  for (const auto* side : {&rows.training, &rows.held_out}) {
    for (const auto& task : *side) {
      if (whose == nullptr || *whose != task.normals) {
        normals = keys_of(content, task.normals);
        whose = &task.normals;
      }
      const std::size_t alike = count_in(content, task.anomalies, normals);
      if (share(alike, task.anomalies.size()) >= kManyAlike) {
        findings.push_back(fmt::format("{}: {} of {} anomalies equal a normal row in every feature: nothing can tell them apart", task.name,
                                       alike, task.anomalies.size()));
      }
      const std::size_t anomalies = keys_of(content, task.anomalies).size();
      if ((normals.size() < kFewNormals && normals.size() < task.normals.size()) ||
          (anomalies < kFewAnomalies && anomalies < task.anomalies.size())) {
        findings.push_back(
            fmt::format("{}: only {} distinct normals and {} distinct anomalies; episodes keep duplicates of the support out of the "
                        "query, so little may be left to judge by",
                        task.name, normals.size(), anomalies));
      }
    }
  }
}

// Tables of which a column by itself tells the anomalies.
void find_columns_of_tables(const SuiteRows& rows, std::vector<std::string>& findings) {
  for (const TableRows& table : rows.tables) {
    for (const auto& name : table.feature_columns) {
      const Column& column = table.table.column(name);
      const auto words = gives_away(column, look_at(column, table.task.normals), table.task.anomalies);
      if (!words) continue;
      findings.push_back(fmt::format("{}: column \"{}\" by itself tells the anomalies from normals ({})", table.task.name, name, *words));
      break;
    }
  }
}

// Held-out tables that are a training table over again, or a part of one.
void find_equal_tables(const SuiteRows& rows, std::vector<std::string>& findings) {
  std::vector<Keys> content;
  for (const TableRows& table : rows.tables) {
    const std::vector<std::uint64_t> keys = contents(table.table, table.feature_columns);
    content.emplace_back(keys.begin(), keys.end());
  }
  for (std::size_t h = 0; h < rows.tables.size(); ++h) {
    for (std::size_t t = 0; t < rows.tables.size(); ++t) {
      const bool across = rows.tables[h].held_out && !rows.tables[t].held_out;
      if (!across || rows.tables[h].feature_columns.size() != rows.tables[t].feature_columns.size()) continue;
      const auto equal = std::count_if(content[h].begin(), content[h].end(), [&](std::uint64_t key) { return content[t].contains(key); });
      if (share(static_cast<std::size_t>(equal), content[h].size()) < kManyEqual) continue;
      findings.push_back(fmt::format("of the held-out table {} {} of {} distinct rows are in the training table {}",
                                     rows.tables[h].task.name, equal, content[h].size(), rows.tables[t].task.name));
    }
  }
}

}  // namespace

std::vector<std::string> find_leakage(const SuiteRows& rows) {
  std::vector<std::string> findings;
  if (rows.manifest.cut == Cut::kTable) {
    find_columns_of_tables(rows, findings);
    find_equal_tables(rows, findings);
    return findings;
  }
  find_columns(rows, findings);
  find_equal_rows(rows, findings);
  return findings;
}

}  // namespace oddshot
