#include "oddshot/tasks/suite.h"

#include <algorithm>
#include <span>
#include <utility>

#include <fmt/format.h>

#include "oddshot/base/error.h"
#include "oddshot/tasks/simulator.h"
#include "tasks/cut.h"
#include "tasks/identity.h"
#include "tasks/leakage.h"
#include "tasks/tables.h"

namespace oddshot {

namespace {

constexpr std::size_t kRowsAtATime = 4096;  // their views, of 40 columns 3 MB, are little beside those of all

// The rows that tasks use, each once, in the order of the table.
std::vector<std::uint32_t> rows_of(const std::vector<TaskRows>& tasks) {
  std::vector<std::uint32_t> rows;
  for (const auto& task : tasks) {
    rows.insert(rows.end(), task.anomalies.begin(), task.anomalies.end());
    if (&task == &tasks.front() || task.normals != tasks.front().normals) rows.insert(rows.end(), task.normals.begin(), task.normals.end());
  }
  std::sort(rows.begin(), rows.end());
  rows.erase(std::unique(rows.begin(), rows.end()), rows.end());
  return rows;
}

std::vector<Task> to_tasks(const std::vector<TaskRows>& from, const std::shared_ptr<const RowPool>& pool,
                           const std::vector<std::uint32_t>& place) {
  std::vector<Task> tasks;
  const auto places = [&](const std::vector<std::uint32_t>& rows) {
    std::vector<std::uint32_t> result(rows.size());
    std::transform(rows.begin(), rows.end(), result.begin(), [&](std::uint32_t r) { return place[r]; });
    return result;
  };
  for (std::size_t t = 0; t < from.size(); ++t) {
    const bool shared = t > 0 && from[t].normals == from[t - 1].normals;
    tasks.push_back({from[t].name, pool, shared ? tasks.back().normals : RowNumbers(places(from[t].normals)), places(from[t].anomalies)});
  }
  return tasks;
}

// Training normals spread evenly over the table.
std::vector<std::uint32_t> reference_rows(const SuiteRows& rows) {
  const auto& normals = rows.training_normals;
  const std::size_t count = std::min(normals.size(), kMostReferences);
  std::vector<std::uint32_t> result;
  for (std::size_t i = 0; i < count; ++i) result.push_back(normals[i * normals.size() / count]);
  return result;
}

// What was found in some rows, to what was found in those before; counts stay in the order of the columns.
void add(const TransformReport& found, const std::vector<std::string>& columns, TransformReport& total) {
  const auto place = [&](const TransformReport::Count& count) { return std::find(columns.begin(), columns.end(), count.column); };
  const auto add_counts = [&](const std::vector<TransformReport::Count>& from, std::vector<TransformReport::Count>& to) {
    for (const auto& count : from) {
      const auto known = std::find_if(to.begin(), to.end(), [&](const auto& one) { return one.column == count.column; });
      if (known == to.end()) {
        to.push_back(count);
      } else {
        known->rows += count.rows;
      }
    }
    std::stable_sort(to.begin(), to.end(), [&](const auto& one, const auto& other) { return place(one) < place(other); });
  };
  add_counts(found.unseen_categories, total.unseen_categories);
  add_counts(found.unexpected_missing, total.unexpected_missing);
  total.extra_columns = found.extra_columns;
}

void refuse_tables(const SuiteRows& rows) {
  if (rows.manifest.cut != Cut::kTable) return;
  throw ArgumentError("the tables of suite " + rows.manifest.name +
                      " have columns of their own: no preprocessor fits them all, and only models of space \"table\" can be used on them");
}

// On the training normals. Without windows their features are made a column at a time, and so never held all at once.
Views fit_views(const SuiteRows& rows, const Preprocessor& preprocessor) {
  const auto& normals = rows.training_normals;
  const std::vector<FeatureKind> kinds = preprocessor.feature_kinds();
  if (!preprocessor.windows().empty()) return Views::fit(preprocessor.transform(rows.table, normals), kinds, rows.manifest.views);
  const auto column = [&](std::size_t feature) { return preprocessor.transform_feature(rows.table, normals, feature); };
  const auto some = [&](std::span<const std::uint32_t> chosen) {
    std::vector<std::uint32_t> table_rows(chosen.size());
    std::ranges::transform(chosen, table_rows.begin(), [&](std::uint32_t i) { return normals[i]; });
    return preprocessor.transform(rows.table, table_rows);
  };
  return Views::fit({normals.size(), column, some}, kinds, rows.manifest.views);
}

// What a pool that does not hold its rows makes them of.
struct RowMaker {
  std::shared_ptr<const SuiteRows> rows;  // shared with whoever read them
  std::vector<std::uint32_t> numbers;     // [N] of the pool's rows in the table
  Matrix features;                        // [N x D] where there are windows; else they are made of the table
  Preprocessor preprocessor;
  Views views;

  Matrix make(std::span<const std::uint32_t> pool_rows, std::string_view view) const {
    if (!features.empty()) return views_of(gathered(features.view(), pool_rows), view);
    std::vector<std::uint32_t> table_rows(pool_rows.size());
    std::ranges::transform(pool_rows, table_rows.begin(), [&](std::uint32_t row) { return numbers[row]; });
    return views_of(preprocessor.transform(rows->table, table_rows), view);
  }

 private:
  Matrix views_of(const Matrix& some, std::string_view view) const {
    return view.empty() ? views.transform(some) : views.transform(some, view);
  }
};

// Encodes the rows by what is given. Where they are shared, joined rows that take more than `most_held` bytes are not held.
TaskSuite encode_rows(const SuiteRows& rows, std::shared_ptr<const SuiteRows> shared, std::size_t most_held, Preprocessor preprocessor,
                      Views views, Matrix reference) {
  refuse_tables(rows);
  TaskSuite suite{rows.manifest.name, std::move(preprocessor), std::move(views), std::move(reference), {}, {}, {}};
  std::vector<std::uint32_t> numbers = rows_of(rows.training);  // [N]: the training side, then the other
  const std::size_t of_training = numbers.size();
  {
    const std::vector<std::uint32_t> held_out = rows_of(rows.held_out);
    numbers.reserve(of_training + held_out.size());
    numbers.insert(numbers.end(), held_out.begin(), held_out.end());
  }
  const std::size_t count = numbers.size();
  const std::size_t width = suite.views.width();
  const bool windows = !suite.preprocessor.windows().empty();
  const bool held = shared == nullptr || count * width <= most_held / sizeof(float);

  const auto pool = std::make_shared<RowPool>();
  pool->views.assign(suite.views.spans().begin(), suite.views.spans().end());
  if (held) pool->rows = Matrix(count, width);
  Matrix kept;  // features with windows, where they are all that is held
  if (!held && windows) kept = Matrix(count, suite.preprocessor.width());
  std::vector<std::uint64_t> hashes(count);  // of plain rows
  // Some rows at a time, each once: of features, and of views that are several times as wide, no second copy of all is held. Windows are of
  // whole tables, so that features with windows are made at once.
  const std::size_t at_a_time = windows ? std::max<std::size_t>(rows.table.rows(), 1) : kRowsAtATime;
  const auto encode_part = [&](std::size_t begin, std::size_t end, TransformReport* report) {
    for (std::size_t first = begin; first < std::max(end, begin + 1); first += at_a_time) {
      const auto some = std::span(numbers).subspan(first, std::min(at_a_time, end - first));
      TransformReport found;
      const Matrix features = suite.preprocessor.transform(rows.table, some, report != nullptr ? &found : nullptr);
      if (report != nullptr) add(found, rows.feature_columns, *report);
      if (!kept.empty()) std::copy_n(features.data(), features.rows() * features.cols(), kept.row(first).data());
      for (std::size_t at = 0; at < some.size(); at += kRowsAtATime) {
        const MatrixView part = features.view().slice(at, std::min(kRowsAtATime, some.size() - at));
        const Matrix made = held ? suite.views.transform(part) : suite.views.transform(part, kPlain);
        if (held) std::copy_n(made.data(), made.rows() * made.cols(), pool->rows.row(first + at).data());
        const MatrixView plain = view(made, suite.views.span(kPlain));
        for (std::size_t r = 0; r < plain.rows; ++r) hashes[first + at + r] = row_hash(plain.row(r));
      }
    }
  };
  encode_part(0, of_training, nullptr);
  encode_part(of_training, count, &suite.report);

  // Columns that play another part in the suite, or were found constant, are no surprise.
  std::erase_if(suite.report.extra_columns, [&](const std::string& column) {
    const auto holds = [&](const std::vector<std::string>& names) { return std::find(names.begin(), names.end(), column) != names.end(); };
    return !holds(rows.feature_columns) || holds(suite.preprocessor.dropped());
  });

  std::vector<std::uint32_t> place(rows.table.rows());  // table row -> pool row
  for (std::uint32_t r = 0; r < count; ++r) place[numbers[r]] = r;
  std::vector<std::uint8_t> anomalous(count);
  for (const auto* tasks : {&rows.training, &rows.held_out}) {
    for (const auto& task : *tasks) {
      for (const auto r : task.anomalies) anomalous[place[r]] = 1;
    }
  }
  if (!held) {  // a maker is shared by copies of the pool
    RowMaker maker{std::move(shared), std::move(numbers), std::move(kept), suite.preprocessor, suite.views};
    pool->make = [maker = std::make_shared<const RowMaker>(std::move(maker))](std::span<const std::uint32_t> some, std::string_view view) {
      return maker->make(some, view);
    };
  }
  pool->identity = identities(hashes, [&](std::span<const std::uint32_t> some) { return pool->gather(some, kPlain); }, anomalous);
  suite.training = to_tasks(rows.training, pool, place);
  suite.held_out = to_tasks(rows.held_out, pool, place);
  return suite;
}

// The same by what is fitted on the training normals.
TaskSuite encode_rows(const SuiteRows& rows, std::shared_ptr<const SuiteRows> shared, std::size_t most_held) {
  if (rows.manifest.cut == Cut::kTable || rows.training.empty()) return encode_tables(rows);
  Preprocessor preprocessor = fit_preprocessor(rows);
  Views views = fit_views(rows, preprocessor);
  Matrix reference = views.transform(preprocessor.transform(rows.table, reference_rows(rows)));
  return encode_rows(rows, std::move(shared), most_held, std::move(preprocessor), std::move(views), std::move(reference));
}

std::string list(const std::vector<std::string>& values) {
  std::string text;
  for (const auto& value : values) text += (text.empty() ? "" : ", ") + value;
  return text;
}

std::string_view side_name(Side side) {
  switch (side) {
    case Side::kTraining:
      return "training";
    case Side::kHeldOut:
      return "held-out";
    case Side::kBoth:
      break;
  }
  return "both sides";
}

std::string cut_name(const SuiteManifest& manifest) {
  switch (manifest.cut) {
    case Cut::kLabel:
      return fmt::format("by the values of column \"{}\"", manifest.label);
    case Cut::kColumn:
      return fmt::format("by the values of column \"{}\"", manifest.cut_column);
    case Cut::kFile:
      return "by file";
    case Cut::kFileLabel:
      return fmt::format("by file and the values of column \"{}\"", manifest.label);
    case Cut::kCluster:
    case Cut::kTable:
      break;
  }
  return fmt::format("by {} clusters of the anomalies", manifest.clusters);
}

void describe_tasks(std::string& text, std::string_view title, const std::vector<TaskRows>& tasks, bool with_normals) {
  if (tasks.empty()) return;
  text += fmt::format("\n{:<34} {:>10}{}\n", fmt::format("{} ({})", title, tasks.size()), "anomalies", with_normals ? "    normals" : "");
  for (const auto& task : tasks) {
    text += fmt::format("  {:<32} {:>10}", task.name, task.anomalies.size());
    text += with_normals ? fmt::format(" {:>10}\n", task.normals.size()) : "\n";
  }
}

// Files, columns and tasks of a suite whose tasks are cut from one table.
std::string describe_one_table(const SuiteRows& rows) {
  const SuiteManifest& manifest = rows.manifest;
  std::string text;
  for (std::size_t f = 0; f < rows.table.sources.size(); ++f) {
    const SourceFile& source = rows.table.sources[f];
    text += fmt::format("file: {}, {} rows, {}{}\n", source.path, source.rows, side_name(manifest.files.at(f).side),
                        manifest.files.at(f).sha256.empty() ? ", not verified (no sha256)" : ", checksum verified");
  }

  std::size_t categories = 0;
  for (const auto& name : rows.feature_columns) categories += rows.table.column(name).kind == ColumnKind::kCategory ? 1 : 0;
  text += fmt::format("columns: {} features ({} numeric, {} category), label \"{}\" (normal: {})", rows.feature_columns.size(),
                      rows.feature_columns.size() - categories, categories, manifest.label, list(manifest.normal));
  if (!manifest.group.empty()) text += fmt::format(", group \"{}\"", manifest.group);
  if (!manifest.time.empty()) text += fmt::format(", time \"{}\"", manifest.time);
  text += '\n';
  text += "features: " + list(rows.feature_columns) + "\n";
  if (!manifest.ignored.empty()) text += "ignored: " + list(manifest.ignored) + "\n";
  if (!rows.training_normals.empty()) {
    const Preprocessor preprocessor = fit_preprocessor(rows);
    if (!preprocessor.dropped().empty()) text += "dropped, constant in the training rows: " + list(preprocessor.dropped()) + "\n";
    text += fmt::format("encoded: {} features a row\n", preprocessor.width());
  }
  text += fmt::format("tasks: cut {}; normals of a side are {}\n", cut_name(manifest),
                      manifest.own_normals ? "each task's own" : "shared by its tasks");

  describe_tasks(text, "training tasks", rows.training, true);
  describe_tasks(text, "held-out tasks", rows.held_out, true);
  return text;
}

}  // namespace

SuiteRows simulated_suite(const SuiteManifest& manifest) {
  SuiteRows rows = cut_tasks(manifest, simulate(manifest.simulator));
  rows.notes.insert(rows.notes.begin(), "the rows are simulated, not real: they come from the simulator " + manifest.simulator);
  return rows;
}

SuiteRows suite_of(const SuiteManifest& manifest, Table table) {
  if (manifest.cut == Cut::kTable) throw ArgumentError("a suite of tables is made of several tables, not of one");
  return cut_tasks(manifest, std::move(table));
}

Preprocessor fit_preprocessor(const SuiteRows& rows) {
  refuse_tables(rows);
  if (rows.training_normals.empty()) {
    throw ArgumentError("suite " + rows.manifest.name + " has no training normals to fit a preprocessor on: name tasks in tasks.training");
  }
  std::vector<std::uint32_t> anomalies;
  for (const auto& task : rows.training) anomalies.insert(anomalies.end(), task.anomalies.begin(), task.anomalies.end());
  return Preprocessor::fit(rows.table, rows.feature_columns, rows.training_normals, anomalies, rows.manifest.preprocessor);
}

TaskSuite encode(const SuiteRows& rows) { return encode_rows(rows, nullptr, 0); }

TaskSuite encode(const SuiteRows& rows, Preprocessor preprocessor, Views views, Matrix reference) {
  return encode_rows(rows, nullptr, 0, std::move(preprocessor), std::move(views), std::move(reference));
}

TaskSuite encode(SuiteRows&& rows, std::size_t most_held) {
  const auto own = std::make_shared<SuiteRows>(std::move(rows));  // shared with the suite's pool
  TaskSuite suite = encode_rows(*own, own, most_held);
  // The table is what the pool needs; the numbers of its rows, a list for each task, have become those of the pool's.
  for (auto* tasks : {&own->training, &own->held_out, &own->too_small}) tasks->clear();
  own->training_normals = std::vector<std::uint32_t>();
  return suite;
}

TaskSuite encode(std::shared_ptr<const SuiteRows> rows, std::size_t most_held) {
  const SuiteRows& read = *rows;
  return encode_rows(read, std::move(rows), most_held);
}

TaskSuite encode(std::shared_ptr<const SuiteRows> rows, Preprocessor preprocessor, Views views, Matrix reference, std::size_t most_held) {
  const SuiteRows& read = *rows;
  return encode_rows(read, std::move(rows), most_held, std::move(preprocessor), std::move(views), std::move(reference));
}

std::string describe(const SuiteRows& rows) {
  const SuiteManifest& manifest = rows.manifest;
  std::string text = fmt::format("{}: {}\n", manifest.name, manifest.title);
  if (!manifest.simulator.empty())
    text += fmt::format("SIMULATED rows, from the simulator {}: {} rows\n", manifest.simulator, rows.table.rows());
  text += manifest.cut == Cut::kTable ? describe_tables(rows) : describe_one_table(rows);
  describe_tasks(text, fmt::format("no task, fewer than {}", manifest.minimum_anomalies), rows.too_small, false);
  if (!rows.notes.empty()) text += "\nnotes\n";
  for (const auto& note : rows.notes) text += "  " + note + "\n";
  const std::vector<std::string> findings = find_leakage(rows);
  if (!findings.empty()) text += "\nworth a look\n";
  for (const auto& finding : findings) text += "  " + finding + "\n";
  return text;
}

}  // namespace oddshot
