// A suite: a set of tasks described by a TOML manifest (docs/suites.md documents every key), and the way from manifest to tasks:
//   load_manifest -> read_suite (files located, verified, read, cut) -> encode (features) -> TaskSuite
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "oddshot/data/preprocessor.h"
#include "oddshot/data/reader.h"
#include "oddshot/data/table.h"
#include "oddshot/tasks/task.h"

namespace oddshot {

enum class Side : std::uint8_t { kTraining, kHeldOut, kBoth };
enum class Cut : std::uint8_t {
  kLabel,    // each anomalous label value is a task
  kColumn,   // each value of another column is a task
  kFile,     // each file is a task
  kCluster,  // the anomalies are clustered (k-means, fitted on training anomalies); each cluster is a task
};

struct SuiteFile {
  std::string path;  // below the data folder; found with or without .gz
  Side side = Side::kBoth;
  std::string sha256;  // of the uncompressed content, 64 hex digits; empty: not checked
  std::string url;     // where the content is downloaded from; empty: cannot be
  std::string source;  // for people: where it comes from
  std::string licence;
};

// The manifest as read. Field by field in docs/suites.md.
struct SuiteManifest {
  std::string name;
  std::string title;
  std::string domain;  // finance, network, industry, medicine, other
  std::string description;
  std::string simulator;  // "payment-fraud": rows come from the simulator and there are no files
  std::vector<SuiteFile> files;
  ReadOptions read;

  std::string label;                  // column
  std::vector<std::string> normal;    // label values that mean normal
  std::vector<std::string> ignored;   // columns
  std::string group;                  // column; rows of one group never serve both sides; may be empty
  std::string time;                   // column; order within a group; not a feature; may be empty
  std::vector<std::string> features;  // columns; empty: all that have no other role
  PreprocessorOptions preprocessor;

  Cut cut = Cut::kLabel;
  std::string cut_column;                    // Cut::kColumn
  std::size_t clusters = 0;                  // Cut::kCluster
  std::vector<std::string> training;         // task names; "*": every other
  std::vector<std::string> held_out;         // task names; "unseen": every kind that occurs in held-out files only
  std::vector<std::string> training_groups;  // groups of normals alone that serve training
  std::vector<std::string> held_out_groups;  // groups of normals alone that serve held-out tasks
  double held_out_normals = 0.5;  // share of the normals (by hash of row or group) that held-out tasks get where one file serves both sides
  std::size_t minimum_anomalies = 13;  // a kind with fewer is no task
};

// Throws FormatError naming file, line and key for an unknown key, a wrong type or a contradiction.
SuiteManifest load_manifest(const std::filesystem::path& file);
// `suite` is a path to a manifest, or the name of one that ships with Oddshot (found in $ODDSHOT_SUITES, the build's suites folder, the
// installed share folder).
std::filesystem::path find_manifest(std::string_view suite);
// Names of the suites that ship.
std::vector<std::string> shipped_suites();

// Where data are looked for, in this order; and whether what is not found may be downloaded.
struct DataOptions {
  std::filesystem::path folder;  // --data; empty: $ODDSHOT_DATA, ../shared/data, ~/.cache/oddshot
  bool download = true;          // into ~/.cache/oddshot, checksum verified
};

// A kind of rows before features: indices into the table.
struct TaskRows {
  std::string name;
  std::vector<std::uint32_t> normals;
  std::vector<std::uint32_t> anomalies;
};

// A suite's rows, read and cut.
struct SuiteRows {
  SuiteManifest manifest;
  Table table;
  std::vector<std::string> feature_columns;
  std::vector<std::uint32_t> training_normals;  // what preprocessors are fitted on
  std::vector<TaskRows> training;               // sorted by name
  std::vector<TaskRows> held_out;               // sorted by name
  std::vector<TaskRows> too_small;              // kinds with fewer anomalies than the minimum: no tasks
  std::vector<std::string> notes;               // what a user should know: where files were found, rows left out and why
};

// Locates (or downloads), verifies and reads the files, and cuts the tasks. Throws IoError naming every place looked at if a file is
// nowhere.
SuiteRows read_suite(const SuiteManifest& manifest, const DataOptions& options);

// A suite as learners see it.
struct TaskSuite {
  std::string name;
  Preprocessor preprocessor;
  std::vector<Task> training;
  std::vector<Task> held_out;
  TransformReport report;  // what the held-out rows hold that the training normals did not
};

// Encodes the rows by a preprocessor (fitted by fit_preprocessor, or loaded from a model).
TaskSuite encode(const SuiteRows& rows, const Preprocessor& preprocessor);
Preprocessor fit_preprocessor(const SuiteRows& rows);

// For people: the tasks with their counts, the files, what was dropped; what `oddshot suite check` prints.
std::string describe(const SuiteRows& rows);

}  // namespace oddshot
