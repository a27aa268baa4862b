#include <algorithm>
#include <array>
#include <cmath>
#include <fstream>
#include <limits>
#include <map>
#include <optional>
#include <set>
#include <sstream>
#include <utility>

#include <toml++/toml.h>

#include "oddshot/base/error.h"
#include "oddshot/base/text.h"
#include "oddshot/tasks/simulator.h"
#include "oddshot/tasks/suite.h"

namespace oddshot {

namespace {

constexpr std::uintmax_t kLargestManifest = std::uintmax_t{1} << 20U;  // bytes; the ones that ship have 4,000

std::string in_quotes(std::string_view text) { return "\"" + std::string(text) + "\""; }

// Where a message points: the file, and the line of every key that was read, by its path ("tasks.training").
struct Places {
  std::string file;
  std::map<std::string, unsigned, std::less<>> lines;

  [[noreturn]] void fail(unsigned line, const std::string& message) const {
    throw FormatError(file + ":" + std::to_string(line) + ": " + message);
  }
  // At the line of the first of these keys that is there.
  [[noreturn]] void fail_at(std::initializer_list<std::string_view> keys, const std::string& message) const {
    for (const auto key : keys) {
      if (const auto found = lines.find(key); found != lines.end()) fail(found->second, message);
    }
    fail(1, message);
  }
};

unsigned line_of(const toml::node& node) { return node.source().begin.line; }

// Reads the keys of one table by name and type; finish() refuses whatever was not asked for.
class Section {
 public:
  // `path`: "" for the top of the file, "columns", "files[2]"
  Section(const toml::table& table, std::string path, Places& places) : table_(table), path_(std::move(path)), places_(places) {}

  std::string text(std::string_view key) {
    const toml::node* node = get(key);
    if (node == nullptr) return {};
    const auto value = node->value_exact<std::string>();
    if (!value) refuse(key, *node, "a text in quotes");
    return *value;
  }

  // One text or a list of texts.
  std::vector<std::string> texts(std::string_view key) {
    const toml::node* node = get(key);
    if (node == nullptr) return {};
    if (const auto one = node->value_exact<std::string>()) return {*one};
    const toml::array* list = node->as_array();
    if (list == nullptr) refuse(key, *node, "a list of texts in quotes");
    std::vector<std::string> values;
    for (const toml::node& element : *list) {
      const auto value = element.value_exact<std::string>();
      if (!value) refuse(key, element, "a list of texts in quotes");
      values.push_back(*value);
    }
    return values;
  }

  std::optional<bool> flag(std::string_view key) {
    const toml::node* node = get(key);
    if (node == nullptr) return std::nullopt;
    const auto value = node->value_exact<bool>();
    if (!value) refuse(key, *node, "true or false");
    return value;
  }

  std::optional<std::size_t> count(std::string_view key, std::size_t least, std::size_t most) {
    const toml::node* node = get(key);
    if (node == nullptr) return std::nullopt;
    const auto value = node->value_exact<std::int64_t>();
    const std::string range = "a whole number from " + std::to_string(least) + " to " + std::to_string(most);
    if (!value) refuse(key, *node, range);
    if (*value < static_cast<std::int64_t>(least) || *value > static_cast<std::int64_t>(most)) {
      places_.fail(line_of(*node), name(key) + " is " + std::to_string(*value) + "; it must be " + range);
    }
    return static_cast<std::size_t>(*value);
  }

  // One whole number or a list of them.
  std::vector<std::size_t> counts(std::string_view key) {
    const toml::node* node = get(key);
    if (node == nullptr) return {};
    std::vector<std::size_t> values;
    const auto add = [&](const toml::node& element) {
      const auto value = element.value_exact<std::int64_t>();
      if (!value || *value < 0) refuse(key, element, "a list of whole numbers");
      values.push_back(static_cast<std::size_t>(*value));
    };
    if (const toml::array* list = node->as_array()) {
      for (const toml::node& element : *list) add(element);
    } else {
      add(*node);
    }
    return values;
  }

  // Strictly between the limits.
  std::optional<double> number(std::string_view key, double above, double below) {
    const toml::node* node = get(key);
    if (node == nullptr) return std::nullopt;
    const auto value = node->is_number() ? node->value<double>() : std::nullopt;
    std::ostringstream range;
    range << "a number above " << above << " and below " << below;
    if (!value) refuse(key, *node, range.str());
    if (!(*value > above && *value < below)) {
      std::ostringstream message;
      message << name(key) << " is " << *value << "; it must be " << range.str();
      places_.fail(line_of(*node), message.str());
    }
    return value;
  }

  template <class T, std::size_t N>
  T choice(std::string_view key, const std::array<std::pair<std::string_view, T>, N>& choices, T otherwise) {
    const std::string value = text(key);
    if (table_.get(key) == nullptr) return otherwise;
    std::string names;
    for (const auto& [word, meaning] : choices) {
      if (word == value) return meaning;
      names += (names.empty() ? "" : ", ") + in_quotes(word);
    }
    places_.fail(line_of(*table_.get(key)), name(key) + " is " + in_quotes(value) + "; it must be one of " + names);
  }

  // The table of that name, or an empty one.
  Section section(std::string_view key) {
    static const toml::table kEmpty;
    const toml::node* node = get(key);
    if (node != nullptr && node->as_table() == nullptr) refuse(key, *node, "a section, [" + std::string(key) + "]");
    return {node == nullptr ? kEmpty : *node->as_table(), std::string(key), places_};
  }

  std::vector<Section> sections(std::string_view key) {
    const toml::node* node = get(key);
    if (node == nullptr) return {};
    const std::string expected = "written as [[" + std::string(key) + "]]";
    const toml::array* list = node->as_array();
    if (list == nullptr) refuse(key, *node, expected);
    std::vector<Section> result;
    for (const toml::node& element : *list) {
      if (element.as_table() == nullptr) refuse(key, element, expected);
      const std::string path = std::string(key) + "[" + std::to_string(result.size() + 1) + "]";
      places_.lines[path] = line_of(element);
      result.emplace_back(*element.as_table(), path, places_);
    }
    return result;
  }

  bool has(std::string_view key) const { return table_.get(key) != nullptr; }
  const std::string& path() const { return path_; }

  void finish() const {
    for (auto&& [key, node] : table_) {
      if (std::find(known_.begin(), known_.end(), key.str()) != known_.end()) continue;
      std::string message = "unknown key " + in_quotes(key.str()) + (path_.empty() ? "" : " in " + path_);
      if (const auto near = nearest(key.str(), known_)) {
        message += "; did you mean " + in_quotes(*near) + "?";
      } else {
        message += "; known are";
        for (const auto& known : known_) message += (known == known_.front() ? " " : ", ") + known;
      }
      places_.fail(key.source().begin.line, message);
    }
  }

 private:
  std::string name(std::string_view key) const { return path_.empty() ? std::string(key) : path_ + "." + std::string(key); }

  const toml::node* get(std::string_view key) {
    known_.emplace_back(key);
    const toml::node* node = table_.get(key);
    if (node != nullptr) places_.lines[name(key)] = line_of(*node);
    return node;
  }

  [[noreturn]] void refuse(std::string_view key, const toml::node& node, const std::string& expected) const {
    std::ostringstream kind;
    kind << node.type();
    places_.fail(line_of(node), name(key) + " must be " + expected + ", not " + kind.str());
  }

  const toml::table& table_;
  std::string path_;
  Places& places_;
  std::vector<std::string> known_;
};

char one_character(const std::string& text, const std::string& key, const Places& places) {
  if (text.size() != 1) places.fail_at({key}, key + " is " + in_quotes(text) + "; it must be one character");
  return text.front();
}

void read_files(Section& top, SuiteManifest& manifest) {
  constexpr std::array<std::pair<std::string_view, Side>, 3> kSides = {
      {{"training", Side::kTraining}, {"held-out", Side::kHeldOut}, {"both", Side::kBoth}}};
  for (Section& section : top.sections("files")) {
    SuiteFile file;
    file.path = section.text("path");
    file.side = section.choice("side", kSides, Side::kBoth);
    file.sha256 = section.text("sha256");
    file.url = section.text("url");
    file.source = section.text("source");
    file.licence = section.text("licence");
    file.task = section.text("task");
    section.finish();
    manifest.files.push_back(std::move(file));
  }
}

void read_read(Section section, const Places& places, SuiteManifest& manifest) {
  constexpr std::array<std::pair<std::string_view, FileFormat>, 5> kFormats = {{{"auto", FileFormat::kAuto},
                                                                                {"csv", FileFormat::kCsv},
                                                                                {"jsonl", FileFormat::kJsonLines},
                                                                                {"parquet", FileFormat::kParquet},
                                                                                {"arrow", FileFormat::kArrow}}};
  ReadOptions& read = manifest.read;
  read.format = section.choice("format", kFormats, FileFormat::kAuto);
  if (const auto text = section.text("separator"); section.has("separator")) {
    read.separator = one_character(text, "read.separator", places);
  }
  if (const auto text = section.text("quote"); section.has("quote")) read.quote = one_character(text, "read.quote", places);
  read.header = section.flag("header").value_or(true);
  read.names = section.texts("names");
  constexpr std::array<std::pair<std::string_view, bool>, 2> kColumns = {{{"same", false}, {"union", true}}};
  read.columns_may_differ = section.choice("columns", kColumns, false);
  if (auto missing = section.texts("missing"); section.has("missing")) read.missing = std::move(missing);
  section.finish();
}

void read_columns(Section section, SuiteManifest& manifest) {
  manifest.label = section.text("label");
  manifest.normal = section.texts("normal");
  manifest.ignored = section.texts("ignored");
  manifest.read.numeric = section.texts("numeric");
  manifest.read.category = section.texts("category");
  manifest.features = section.texts("features");
  manifest.group = section.text("group");
  manifest.time = section.text("time");
  manifest.read.ignored = manifest.ignored;
  section.finish();
}

void read_preprocess(Section section, SuiteManifest& manifest) {
  constexpr std::array<std::pair<std::string_view, NumericTransform>, 2> kTransforms = {
      {{"signed-log", NumericTransform::kSignedLog}, {"identity", NumericTransform::kIdentity}}};
  manifest.preprocessor.numeric = section.choice("numeric", kTransforms, manifest.preprocessor.numeric);
  if (const auto clip = section.number("clip", 0, 1e6)) manifest.views.plain_clip = static_cast<float>(*clip);
  section.finish();
}

void read_windows(Section section, SuiteManifest& manifest) {
  WindowOptions& windows = manifest.preprocessor.windows;
  windows.means = section.counts("means");
  windows.deviations = section.counts("deviations");
  windows.changes = section.counts("changes");
  windows.lags = section.counts("lags");
  if (!windows.empty()) {
    windows.group = manifest.group;
    windows.time = manifest.time;
  }
  section.finish();
}

void read_tasks(Section section, SuiteManifest& manifest) {
  constexpr std::array<std::pair<std::string_view, Cut>, 6> kCuts = {{{"label", Cut::kLabel},
                                                                      {"column", Cut::kColumn},
                                                                      {"file", Cut::kFile},
                                                                      {"file-label", Cut::kFileLabel},
                                                                      {"cluster", Cut::kCluster},
                                                                      {"table", Cut::kTable}}};
  constexpr std::array<std::pair<std::string_view, bool>, 2> kNormals = {{{"shared", false}, {"own", true}}};
  manifest.cut = section.choice("cut", kCuts, Cut::kLabel);
  manifest.cut_column = section.text("column");
  manifest.clusters = section.count("clusters", 2, 1000).value_or(0);
  manifest.held_out_anomalies = section.number("held_out_anomalies", 0, 1).value_or(0);
  const bool by_file = manifest.cut == Cut::kFile || manifest.cut == Cut::kFileLabel || manifest.cut == Cut::kTable;
  manifest.own_normals = section.choice("normals", kNormals, by_file);
  manifest.training = section.texts("training");
  manifest.held_out = section.texts("held_out");
  manifest.training_groups = section.texts("training_groups");
  manifest.held_out_groups = section.texts("held_out_groups");
  manifest.held_out_normals = section.number("held_out_normals", 0, 1).value_or(manifest.held_out_normals);
  manifest.minimum_anomalies = section.count("minimum_anomalies", 2, 1000000).value_or(manifest.minimum_anomalies);
  section.finish();
}

// What the files of a suite of tables have in common; which there are, the lists of tasks say.
struct TablesSection {
  std::string folder;
  std::string ending;
  std::string source;
  std::string licence;
};

TablesSection read_tables(Section section) {
  TablesSection tables{section.text("folder"), section.text("ending"), section.text("source"), section.text("licence")};
  section.finish();
  if (tables.ending.empty()) tables.ending = ".csv";
  return tables;
}

bool contains(const std::vector<std::string>& list, std::string_view value) {
  return std::find(list.begin(), list.end(), value) != list.end();
}

// A list that names something twice is a slip of the pen.
void check_distinct(const std::vector<std::string>& list, const std::string& key, const Places& places) {
  std::set<std::string_view> seen;
  for (const auto& value : list) {
    if (!seen.insert(value).second) places.fail_at({key}, key + " names " + in_quotes(value) + " twice");
  }
}

// A value that both lists hold.
void check_disjoint(const std::vector<std::string>& a, const std::string& key_a, const std::vector<std::string>& b,
                    const std::string& key_b, const std::string& why, const Places& places) {
  for (const auto& value : a) {
    if (contains(b, value)) places.fail_at({key_b, key_a}, in_quotes(value) + " is in both " + key_a + " and " + key_b + "; " + why);
  }
}

bool serves(const SuiteManifest& manifest, Side side) {
  if (!manifest.simulator.empty()) return true;
  return std::any_of(manifest.files.begin(), manifest.files.end(),
                     [&](const SuiteFile& file) { return file.side == side || file.side == Side::kBoth; });
}

void check_files(const SuiteManifest& manifest, const Places& places) {
  if (!manifest.simulator.empty()) {
    if (!contains(simulators(), manifest.simulator)) {
      std::string known;
      for (const auto& name : simulators()) known += (known.empty() ? "" : ", ") + in_quotes(name);
      places.fail_at({"simulator"}, "simulator is " + in_quotes(manifest.simulator) + "; it must be one of " + known);
    }
    if (!manifest.files.empty()) places.fail_at({"simulator"}, "a suite has either files or a simulator, not both");
    if (places.lines.contains("read")) places.fail_at({"read"}, "[read] has no use where rows come from a simulator");
    return;
  }
  if (manifest.files.empty()) places.fail(1, "no files: name at least one as [[files]] with a path");
  std::set<std::string_view> paths;
  for (std::size_t i = 0; i < manifest.files.size(); ++i) {
    const SuiteFile& file = manifest.files[i];
    const std::string at = "files[" + std::to_string(i + 1) + "]";
    const auto fail = [&](std::string_view key, const std::string& message) { places.fail_at({at + "." + std::string(key), at}, message); };
    if (file.path.empty()) fail("path", at + " needs a path");
    if (!paths.insert(file.path).second) fail("path", at + ".path: " + in_quotes(file.path) + " is listed twice");
    const bool hexadecimal = file.sha256.find_first_not_of("0123456789abcdefABCDEF") == std::string::npos;
    if (!file.sha256.empty() && (file.sha256.size() != 64 || !hexadecimal)) {
      fail("sha256", at + ".sha256 is " + in_quotes(file.sha256) + "; it must be 64 hexadecimal digits");
    }
    if (!file.url.empty()) {
      if (!file.url.starts_with("https://")) fail("url", at + ".url is " + in_quotes(file.url) + "; it must begin with https://");
      if (file.sha256.empty()) fail("url", at + ".url needs a sha256, so that what is downloaded can be verified");
      const std::filesystem::path path(file.path);
      if (path.is_absolute() || std::find(path.begin(), path.end(), "..") != path.end()) {
        fail("path", at + ".path is " + in_quotes(file.path) + "; a file with a url needs a path inside the data folder, without \"..\"");
      }
    }
    if (!file.task.empty() && manifest.cut != Cut::kFile && manifest.cut != Cut::kFileLabel) {
      fail("task", at + ".task has a use only with tasks.cut = \"file\" or \"file-label\"");
    }
  }
}

void check_read(const SuiteManifest& manifest, const Places& places) {
  const ReadOptions& read = manifest.read;
  if (read.header && !read.names.empty()) {
    places.fail_at({"read.names"}, "read.names are for files without a header; add header = false or leave the names out");
  }
  if (!read.header && read.names.empty()) places.fail_at({"read.header"}, "files without a header need read.names, one name a column");
  check_distinct(read.names, "read.names", places);
}

// Every column has one role, and exists where the names are known already.
void check_columns(const SuiteManifest& manifest, const Places& places) {
  if (manifest.label.empty()) places.fail_at({"columns"}, "columns.label is missing: the column that tells normal rows from anomalies");
  if (manifest.normal.empty()) places.fail_at({"columns.label"}, "columns.normal is missing: the label values that mean normal");
  std::map<std::string, std::string, std::less<>> roles;  // column -> key
  const auto role = [&](const std::string& column, const std::string& key) {
    if (column.empty()) return;
    const auto [there, fresh] = roles.emplace(column, key);
    if (!fresh) {
      places.fail_at({key}, "column " + in_quotes(column) + " is both " + there->second + " and " + key + "; a column has one role");
    }
  };
  check_distinct(manifest.normal, "columns.normal", places);
  check_distinct(manifest.ignored, "columns.ignored", places);
  check_distinct(manifest.features, "columns.features", places);
  role(manifest.label, "columns.label");
  role(manifest.group, "columns.group");
  role(manifest.time, "columns.time");
  role(manifest.cut_column, "tasks.column");
  for (const auto& column : manifest.ignored) role(column, "columns.ignored");
  for (const auto& column : manifest.features) role(column, "columns.features");

  const ReadOptions& read = manifest.read;
  check_distinct(read.numeric, "columns.numeric", places);
  check_distinct(read.category, "columns.category", places);
  check_disjoint(read.numeric, "columns.numeric", read.category, "columns.category", "a column is of one kind", places);
  check_disjoint(read.numeric, "columns.numeric", manifest.ignored, "columns.ignored", "an ignored column is not read", places);
  check_disjoint(read.category, "columns.category", manifest.ignored, "columns.ignored", "an ignored column is not read", places);
  for (const auto& column : read.numeric) {
    const auto found = roles.find(column);
    if (found != roles.end() && found->second != "columns.features" && found->second != "columns.time") {
      places.fail_at({"columns.numeric"}, "column " + in_quotes(column) + " is " + found->second + ", whose values are read as text");
    }
    roles.emplace(column, "columns.numeric");
  }
  for (const auto& column : read.category) roles.emplace(column, "columns.category");
  if (read.names.empty()) return;
  for (const auto& [column, key] : roles) {
    if (contains(read.names, column)) continue;
    std::string message = "column " + in_quotes(column) + " (" + key + ") is not one of read.names";
    if (const auto near = nearest(column, read.names)) message += "; did you mean " + in_quotes(*near) + "?";
    places.fail_at({key}, message);
  }
}

void check_windows(const SuiteManifest& manifest, const Places& places) {
  const WindowOptions& windows = manifest.preprocessor.windows;
  if (windows.empty()) {
    if (places.lines.contains("windows")) places.fail_at({"windows"}, "[windows] names no window: give means, deviations, changes or lags");
    return;
  }
  if (manifest.group.empty() || manifest.time.empty()) {
    places.fail_at({"windows"}, "[windows] needs columns.group, which rows are a run, and columns.time, their order");
  }
  try {
    windows.validate();
  } catch (const ArgumentError& error) {
    places.fail_at({"windows"}, error.what());
  }
}

// What has no meaning where every table has columns of its own.
void check_tables(const SuiteManifest& manifest, const Places& places) {
  if (manifest.cut != Cut::kTable) {
    if (places.lines.contains("tables")) places.fail_at({"tables"}, "[tables] has a use only with tasks.cut = \"table\"");
    return;
  }
  if (!places.lines.contains("tables")) places.fail_at({"tasks.cut"}, "tasks.cut = \"table\" needs [tables], where the tables are");
  if (!manifest.files.empty()) {
    places.fail_at({"files[1]"}, "a suite of tables names them in tasks.training and tasks.held_out; leave [[files]] out");
  }
  for (const auto key : {"simulator", "windows", "read.columns", "columns.group", "columns.time", "columns.features", "columns.numeric",
                         "columns.category", "tasks.normals", "tasks.training_groups", "tasks.held_out_groups", "tasks.held_out_normals"}) {
    if (places.lines.contains(key)) {
      places.fail_at({key}, std::string(key) + " has no use with tasks.cut = \"table\": every table has columns and normals of its own");
    }
  }
  for (const auto& [list, key] : {std::pair(&manifest.training, "tasks.training"), std::pair(&manifest.held_out, "tasks.held_out")}) {
    for (const std::string_view word : {"*", "unseen", ""}) {
      if (contains(*list, word)) places.fail_at({key}, std::string(key) + " names " + in_quotes(word) + "; name the tables one by one");
    }
  }
}

// One file for every name in the lists of tasks.
void list_tables(const TablesSection& tables, SuiteManifest& manifest) {
  for (const Side side : {Side::kTraining, Side::kHeldOut}) {
    for (const std::string& name : side == Side::kTraining ? manifest.training : manifest.held_out) {
      manifest.files.push_back({.path = (std::filesystem::path(tables.folder) / (name + tables.ending)).string(),
                                .side = side,
                                .sha256 = {},
                                .url = {},
                                .source = tables.source,
                                .licence = tables.licence,
                                .task = name});
    }
  }
}

void check_tasks(const SuiteManifest& manifest, const Places& places) {
  if (manifest.cut == Cut::kColumn && manifest.cut_column.empty()) {
    places.fail_at({"tasks.cut"}, "tasks.cut = \"column\" needs tasks.column");
  }
  if (manifest.cut != Cut::kColumn && !manifest.cut_column.empty()) {
    places.fail_at({"tasks.column"}, "tasks.column has a use only with tasks.cut = \"column\"");
  }
  if (manifest.cut == Cut::kCluster && manifest.clusters == 0) {
    places.fail_at({"tasks.cut"}, "tasks.cut = \"cluster\" needs tasks.clusters, how many kinds to make of the anomalies");
  }
  if (manifest.cut != Cut::kCluster && manifest.clusters != 0) {
    places.fail_at({"tasks.clusters"}, "tasks.clusters has a use only with tasks.cut = \"cluster\"");
  }
  if (manifest.cut != Cut::kCluster && manifest.held_out_anomalies != 0) {
    places.fail_at({"tasks.held_out_anomalies"}, "tasks.held_out_anomalies has a use only with tasks.cut = \"cluster\"");
  }
  if ((manifest.cut == Cut::kFile || manifest.cut == Cut::kFileLabel) && !manifest.simulator.empty()) {
    places.fail_at({"tasks.cut"}, "tasks.cut by file has no use where rows come from a simulator");
  }
  if (manifest.own_normals && (manifest.cut == Cut::kLabel || manifest.cut == Cut::kCluster)) {
    places.fail_at({"tasks.normals"}, "tasks.normals = \"own\" has a meaning only with tasks.cut = \"column\", \"file\" or \"file-label\"");
  }
  if (manifest.own_normals && manifest.cut != Cut::kFileLabel && !manifest.group.empty()) {
    places.fail_at({"tasks.normals", "tasks.cut"},
                   "tasks.normals = \"own\" already puts a task's normals on its side; leave columns.group out");
  }

  check_distinct(manifest.training, "tasks.training", places);
  check_distinct(manifest.held_out, "tasks.held_out", places);
  check_disjoint(manifest.training, "tasks.training", manifest.held_out, "tasks.held_out", "a task is for training or held out, never both",
                 places);
  if (manifest.training.empty() && manifest.held_out.empty()) {
    places.fail_at({"tasks"}, "no tasks: name some in tasks.training (\"*\" for all) or tasks.held_out");
  }
  if (contains(manifest.training, "unseen")) {
    places.fail_at({"tasks.training"}, "\"unseen\" is for tasks.held_out: the kinds that occur in held-out files only");
  }
  const auto of_side = [](Side side) { return [side](const SuiteFile& file) { return file.side == side; }; };
  if (contains(manifest.held_out, "unseen") && std::none_of(manifest.files.begin(), manifest.files.end(), of_side(Side::kHeldOut))) {
    places.fail_at({"tasks.held_out"}, "\"unseen\" needs a file with side = \"held-out\"");
  }
  if (!manifest.training.empty() && !serves(manifest, Side::kTraining)) {
    places.fail_at({"tasks.training"}, "there are training tasks, but every file has side = \"held-out\"");
  }
  if (!manifest.held_out.empty() && !serves(manifest, Side::kHeldOut)) {
    places.fail_at({"tasks.held_out"}, "there are held-out tasks, but every file has side = \"training\"");
  }
  if (manifest.cut == Cut::kLabel) {
    check_disjoint(manifest.normal, "columns.normal", manifest.training, "tasks.training", "normal rows are no kind of anomaly", places);
    check_disjoint(manifest.normal, "columns.normal", manifest.held_out, "tasks.held_out", "normal rows are no kind of anomaly", places);
  }

  check_distinct(manifest.training_groups, "tasks.training_groups", places);
  check_distinct(manifest.held_out_groups, "tasks.held_out_groups", places);
  check_disjoint(manifest.training_groups, "tasks.training_groups", manifest.held_out_groups, "tasks.held_out_groups",
                 "rows of one group never serve both sides", places);
  if (manifest.group.empty() && !(manifest.training_groups.empty() && manifest.held_out_groups.empty())) {
    places.fail_at({"tasks.training_groups", "tasks.held_out_groups"}, "groups are named, but there is no columns.group");
  }
}

std::string read_text(const std::filesystem::path& file) {
  std::error_code error;
  const auto size = std::filesystem::file_size(file, error);
  if (error) throw IoError("cannot read " + file.string() + ": " + error.message());
  if (size > kLargestManifest) {
    throw FormatError(file.string() + " has " + std::to_string(size) + " bytes; a manifest has at most " +
                      std::to_string(kLargestManifest));
  }
  std::ifstream stream(file, std::ios::binary);
  std::ostringstream text;
  text << stream.rdbuf();
  if (!stream) throw IoError("cannot read " + file.string());
  return std::move(text).str();
}

}  // namespace

SuiteManifest load_manifest(const std::filesystem::path& file) {
  const std::string text = read_text(file);
  Places places;
  places.file = file.string();
  toml::table table;
  try {
    table = toml::parse(text, places.file);
  } catch (const toml::parse_error& error) {
    places.fail(error.source().begin.line, "not valid TOML: " + std::string(error.description()));
  }

  constexpr std::array<std::pair<std::string_view, std::string_view>, 5> kDomains = {
      {{"finance", "finance"}, {"network", "network"}, {"industry", "industry"}, {"medicine", "medicine"}, {"other", "other"}}};
  SuiteManifest manifest;
  manifest.file = file;
  Section top(table, "", places);
  manifest.name = top.text("name");
  manifest.title = top.text("title");
  manifest.domain = top.choice("domain", kDomains, std::string_view("other"));
  manifest.description = top.text("description");
  manifest.simulator = top.text("simulator");
  read_files(top, manifest);
  const TablesSection tables = read_tables(top.section("tables"));
  read_read(top.section("read"), places, manifest);
  read_columns(top.section("columns"), manifest);
  read_preprocess(top.section("preprocess"), manifest);
  read_windows(top.section("windows"), manifest);
  read_tasks(top.section("tasks"), manifest);
  top.finish();

  if (manifest.name.empty()) manifest.name = file.stem().string();
  if (manifest.title.empty()) manifest.title = manifest.name;
  check_tables(manifest, places);
  if (manifest.cut == Cut::kTable) {
    list_tables(tables, manifest);
    if (!places.lines.contains("preprocess.numeric")) manifest.preprocessor.numeric = NumericTransform::kIdentity;
  } else {
    check_files(manifest, places);
  }
  check_tasks(manifest, places);
  check_read(manifest, places);
  check_columns(manifest, places);
  check_windows(manifest, places);
  return manifest;
}

}  // namespace oddshot
