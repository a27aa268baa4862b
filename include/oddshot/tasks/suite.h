// A suite: a set of tasks described by a TOML manifest (docs/suites.md documents every key), and the way from manifest to tasks:
//   load_manifest -> read_suite (files located, verified, read, cut) -> encode (features) -> TaskSuite
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "oddshot/data/preprocessor.h"
#include "oddshot/data/reader.h"
#include "oddshot/data/table.h"
#include "oddshot/data/views.h"
#include "oddshot/tasks/task.h"

namespace oddshot {

enum class Side : std::uint8_t { kTraining, kHeldOut, kBoth };
enum class Cut : std::uint8_t {
  kLabel,      // each anomalous label value is a task
  kColumn,     // each value of another column is a task
  kFile,       // each file is a task
  kFileLabel,  // each anomalous label value in each file is a task, "FILE/VALUE": devices or sites, each with its kinds
  kCluster,    // the anomalies are clustered (k-means, fitted on training anomalies); each cluster is a task
  kTable,      // each file is a table with columns of its own, and all of its anomalies are one task: a suite of tables
};

struct SuiteFile {
  std::string path;  // absolute, or below the manifest's or the data folder; found with or without .gz
  Side side = Side::kBoth;
  std::string sha256;  // of the uncompressed content, 64 hex digits; empty: not checked
  std::string url;     // where the content is downloaded from; empty: cannot be
  std::string source;  // for people: where it comes from
  std::string licence;
  // Cut::kFile and kTable: the task that the anomalies of this file belong to, Cut::kFileLabel: the first part of its tasks' names; empty:
  // the file's name without its endings
  std::string task;
};

// The manifest as read. Field by field in docs/suites.md.
struct SuiteManifest {
  std::filesystem::path file;  // where it was read from; its folder is the first place where data files are looked for
  std::string name;
  std::string title;
  std::string domain;  // finance, network, industry, medicine, other
  std::string description;
  std::string simulator;         // "payment-fraud": rows come from the simulator (simulator.h) and there are no files
  std::vector<SuiteFile> files;  // Cut::kTable: those that [tables] and the lists of tasks make together
  ReadOptions read;

  std::string label;                  // column
  std::vector<std::string> normal;    // label values that mean normal
  std::vector<std::string> ignored;   // columns
  std::string group;                  // column; rows of one group never serve both sides; may be empty
  std::string time;                   // column; order within a group; not a feature; may be empty
  std::vector<std::string> features;  // columns; empty: all that have no other role
  PreprocessorOptions preprocessor;
  ViewOptions views;

  Cut cut = Cut::kLabel;
  std::string cut_column;    // Cut::kColumn
  std::size_t clusters = 0;  // Cut::kCluster
  // Cut::kCluster: the share of the anomalies of files that serve both sides that is set aside (by hash of row or group): clusters are
  // fitted without it, and held-out tasks are made of it alone. 0: none is; clusters are fitted on them all.
  double held_out_anomalies = 0;
  // The normals of a task are those of its own file (Cut::kFile, kFileLabel) or its own value of the column (Cut::kColumn), and on the side
  // of the task; otherwise all tasks of a side share its normals.
  bool own_normals = false;
  std::vector<std::string> training;         // task names; "*": every other kind, if it is frequent enough
  std::vector<std::string> held_out;         // likewise; "unseen": every kind that occurs in held-out files only
  std::vector<std::string> training_groups;  // groups of normals alone that serve training
  std::vector<std::string> held_out_groups;  // groups of normals alone that serve held-out tasks
  double held_out_normals = 0.5;  // share of the normals (by hash of row or group) that held-out tasks get where one file serves both sides
  std::size_t minimum_anomalies = 13;  // a kind with fewer (Cut::kTable: distinct ones) is no task

  // Whether its tasks are encoded as tables of their own, with nothing learned beforehand: they are, or there is nothing to learn from.
  bool encoded_as_tables() const { return cut == Cut::kTable || training.empty(); }
};

// Throws FormatError naming file, line and key for an unknown key, a wrong type or a contradiction; IoError if it cannot be read.
SuiteManifest load_manifest(const std::filesystem::path& file);
// `suite` is a path to a manifest, or the name of one that ships with Oddshot (found in $ODDSHOT_SUITES, the build's suites folder, the
// installed share folder). Throws ArgumentError naming the suites there are.
std::filesystem::path find_manifest(std::string_view suite);
// Names of the suites that ship, sorted.
std::vector<std::string> shipped_suites();

// Where data are looked for; and whether what is not found may be downloaded.
struct DataOptions {
  // --data: then only there. Empty: in this order the manifest's folder, $ODDSHOT_DATA, ../shared/data beside the current directory and
  // beside the project's source, ~/.cache/oddshot.
  std::filesystem::path folder;
  bool download = true;  // into ~/.cache/oddshot, checksum verified
};

// A kind of rows before features: indices into the table.
struct TaskRows {
  std::string name;
  std::vector<std::uint32_t> normals;
  std::vector<std::uint32_t> anomalies;
};

// One table of a suite of tables.
struct TableRows {
  Table table;
  std::vector<std::string> feature_columns;
  TaskRows task;  // normals: all of the table's; which of them a support holds, and which a query, each episode draws
  bool held_out = false;
};

// A suite's rows, read and cut.
struct SuiteRows {
  SuiteManifest manifest;
  std::vector<TableRows> tables;  // Cut::kTable: sorted by name; table to held_out below are then empty
  Table table;
  std::vector<std::string> feature_columns;
  std::vector<std::uint32_t> training_normals;  // what preprocessors and views are fitted on
  std::vector<TaskRows> training;               // sorted by name
  std::vector<TaskRows> held_out;               // sorted by name
  std::vector<TaskRows> too_small;              // kinds with fewer anomalies than the minimum, no tasks; sorted by name
  std::vector<std::string> notes;               // what a user should know: where files were found, rows left out and why
};

// Locates (or downloads), verifies and reads the files, and cuts the tasks. A row of a kind that is held out is never among the training
// rows; rows of one group, and normals that are equal in their features where one file serves both sides, are on one side only.
// Throws IoError naming every place looked at if a file is nowhere or its checksum differs; FormatError if the tables do not hold what
// the manifest says (naming the manifest, the value and what is there).
SuiteRows read_suite(const SuiteManifest& manifest, const DataOptions& options);

// The same of tables that are at hand, cut as the manifest says; its files and lists of tables play no part, and where the table has no
// sources it counts as one file that serves both sides. Label, group and the column to cut by may be of either kind.
// Throws FormatError as read_suite does, and ArgumentError if the manifest cuts the other way.
SuiteRows suite_of(const SuiteManifest& manifest, Table table);
struct NamedTable {
  std::string name;
  Table table;
  bool held_out = false;
};
SuiteRows suite_of_tables(const SuiteManifest& manifest, std::vector<NamedTable> tables);
// Rows of the manifest's simulator.
SuiteRows simulated_suite(const SuiteManifest& manifest);

// A suite as learners see it. In a suite of tables every task has a pool of its own, as wide as its table, of plain rows; there is then no
// preprocessor, no view and no reference that would hold for all.
struct TaskSuite {
  std::string name;
  Preprocessor preprocessor;
  Views views;
  Matrix reference;  // [at most kMostReferences x views.width()] training normals, joined rows
  std::vector<Task> training;
  std::vector<Task> held_out;
  TransformReport report;  // what the held-out rows hold that the training normals did not

  bool of_tables() const { return views.spans().empty(); }
};

// Fitted on the training normals; the anomalies of training tasks only tell which columns vary. Throws ArgumentError if there are no
// training normals, or for a suite of tables.
Preprocessor fit_preprocessor(const SuiteRows& rows);
// Fits preprocessor and views, and encodes the rows by them. All tasks share one pool of joined rows. Of tables each has a preprocessor of
// its own, fitted on all of its normals: it settles units, which columns vary and which categories there are. A suite without training
// tasks is encoded so too, each held-out task with its normals as a table.
// Throws what the preprocessor does, of any row, here and not when an episode is drawn.
TaskSuite encode(const SuiteRows& rows);
// Encodes them as those were encoded that a model was trained on, by its preprocessor, views and reference. Throws ArgumentError for a
// suite of tables.
TaskSuite encode(const SuiteRows& rows, Preprocessor preprocessor, Views views, Matrix reference);

// Joined rows are several times as wide as the columns they are made of. What these take at most before encode does without them, where
// it is given the table to keep: an episode then takes the time of encoding its rows besides.
inline constexpr std::size_t kMostHeldBytes = std::size_t{256} << 20U;
// The same, with tasks, episodes and errors to the same bits, but a pool whose joined rows would take more than `most_held` bytes does not
// hold them: it makes the rows of an episode of the table when they are drawn. It then shares `rows` with the caller, or takes their table,
// and holds two words a row besides. With windows, which are of whole tables, it holds the features too. Suites of tables are held always.
TaskSuite encode(SuiteRows&& rows, std::size_t most_held = kMostHeldBytes);
TaskSuite encode(std::shared_ptr<const SuiteRows> rows, std::size_t most_held = kMostHeldBytes);
TaskSuite encode(std::shared_ptr<const SuiteRows> rows, Preprocessor preprocessor, Views views, Matrix reference,
                 std::size_t most_held = kMostHeldBytes);

// For people: the tasks with their counts, the files, what was dropped; what `oddshot suite check` prints.
std::string describe(const SuiteRows& rows);

}  // namespace oddshot
