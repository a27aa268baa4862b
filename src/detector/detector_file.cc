#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include <fmt/format.h>

#include "data/strict_json.h"
#include "detector/encode.h"
#include "model_io/checksums.h"
#include "model_io/metadata_texts.h"
#include "model_io/model_tensors.h"
#include "model_io/printable.h"
#include "oddshot/base/error.h"
#include "oddshot/base/text.h"
#include "oddshot/detector/detector.h"
#include "oddshot/experts/expert.h"

namespace oddshot {
namespace {

using nlohmann::ordered_json;

constexpr const char* kHeader = "oddshot";
constexpr const char* kOwn = "table_preprocessor";
constexpr const char* kRows = "support.rows";
constexpr const char* kLabels = "support.labels";
constexpr const char* kCalibration = "calibration";
constexpr const char* kHeldBack = "calibration.rows";
constexpr const char* kScores = "calibration.scores";
constexpr const char* kWeights = "calibration.weights";
constexpr const char* kVersion = "detector_version";
constexpr const char* kAdapting = "adapting";
constexpr const char* kHistory = "history";
constexpr const char* kTable = "table";
constexpr const char* kTableValues = "table.rows";

[[noreturn]] void refuse(const std::string& name, const std::string& what) {
  throw FormatError(fmt::format("{}: damaged: {}", name, what));
}

// The header, which says what a file is.
nlohmann::json header_of(const TensorFile& content, const std::string& name) {
  const auto found = content.metadata.find(kHeader);
  if (found == content.metadata.end()) return nullptr;
  return data::parse_json(found->second, fmt::format("{}: damaged: metadata \"{}\"", name, kHeader));
}

bool says_detector(const nlohmann::json& header) { return header.is_object() && header.value("content", nlohmann::json()) == "detector"; }

// Files before the second format do not say.
std::uint64_t detector_version(const nlohmann::json& header, const std::string& name) {
  if (!header.contains(kVersion)) return 1;
  if (!header[kVersion].is_number_unsigned() || header[kVersion] == 0) {
    refuse(name,
           fmt::format("metadata \"{}\": {}: {} where a whole number of 1 or more belongs", kHeader, kVersion, header[kVersion].dump()));
  }
  const auto version = header[kVersion].get<std::uint64_t>();
  if (version > kDetectorFormatVersion) {
    throw FormatError(fmt::format("{}: a detector of format {}; this Oddshot reads formats up to {}: use a newer one", name, version,
                                  kDetectorFormatVersion));
  }
  return version;
}

FileTensor take(TensorFile& content, const char* key, const std::string& name) {
  auto node = content.tensors.extract(std::string(key));
  if (node.empty()) refuse(name, fmt::format("tensor \"{}\" is missing", key));
  return std::move(node.mapped());
}

Matrix rows_of(FileTensor tensor, const char* key, std::size_t most, const std::string& name) {
  if (tensor.shape.size() != 2 || tensor.shape[0] > most) {
    refuse(name, fmt::format("tensor \"{}\": it must be a matrix of at most {} rows", key, most));
  }
  const auto bad = std::ranges::find_if_not(tensor.values, [](float value) { return std::isfinite(value); });
  if (bad != tensor.values.end()) refuse(name, fmt::format("tensor \"{}\": element {} is {}", key, bad - tensor.values.begin(), *bad));
  Matrix rows(tensor.shape[0], tensor.shape[1]);
  std::ranges::copy(tensor.values, rows.data());
  return rows;
}

FileTensor tensor_of(const Matrix& rows) { return {{rows.rows(), rows.cols()}, {rows.data(), rows.data() + rows.rows() * rows.cols()}}; }
FileTensor tensor_of(const std::vector<float>& values) { return {{values.size()}, values}; }

std::vector<std::uint8_t> labels_of(const FileTensor& tensor, const std::string& name) {
  if (tensor.shape.size() != 1) refuse(name, fmt::format("tensor \"{}\": it must be a list", kLabels));
  std::vector<std::uint8_t> labels;
  for (const float value : tensor.values) {
    if (value != 0 && value != 1) refuse(name, fmt::format("tensor \"{}\": {} where 0 or 1 belongs", kLabels, value));
    labels.push_back(value == 1 ? 1 : 0);
  }
  return labels;
}

Preprocessor take_own(TensorFile& content, const std::string& name) {
  auto node = content.metadata.extract(std::string(kOwn));
  if (node.empty()) return {};
  try {
    return Preprocessor::from_json(node.mapped());
  } catch (const FormatError& error) {
    refuse(name, fmt::format("metadata \"{}\": {}", kOwn, error.what()));
  }
}

std::string adapting_text(const Detector& detector) {
  // Taken apart as a whole: an option that is added does not compile before it is written (and then read) here.
  const auto& [label, normal, anomaly, unknown, ignored, weight, calibration, max_false_alarms, trim, fall_back, keep_rows, when] =
      detector.options();
  return ordered_json{{"label", label},
                      {"normal", normal},
                      {"anomaly", anomaly},
                      {"unknown", unknown},
                      {"ignored", ignored},
                      {"weight", weight},
                      {"calibration", to_string(calibration)},
                      {"max_false_alarms", max_false_alarms ? ordered_json(*max_false_alarms) : ordered_json()},
                      {"trim", trim},
                      {"fall_back", fall_back},
                      {"keep_rows", keep_rows},
                      {"when", when},
                      {"method", detector.method()}}
      .dump();
}

std::string history_text(const std::vector<DetectorEvent>& history) {
  std::vector<std::string> when, what;
  std::vector<std::size_t> added, removed, normals, anomalies;
  for (const DetectorEvent& event : history) {
    when.push_back(event.when);
    what.push_back(event.what);
    added.push_back(event.added);
    removed.push_back(event.removed);
    normals.push_back(event.normals);
    anomalies.push_back(event.anomalies);
  }
  return ordered_json{{"when", when},       {"what", what},       {"added", added},
                      {"removed", removed}, {"normals", normals}, {"anomalies", anomalies}}
      .dump();
}

// The object of that key, which is then gone: what is left must be a model's.
JsonObject take_object(TensorFile& content, const char* key, const std::string& name) {
  JsonObject object = MetadataTexts(content.metadata, name).object(key);
  content.metadata.erase(key);
  return object;
}

std::string where(const char* key, const std::string& name) { return fmt::format("{}: damaged: metadata \"{}\"", name, key); }

void take_adapting(TensorFile& content, const std::string& name, DetectorParts& parts) {
  JsonObject json = take_object(content, kAdapting, name);
  AdaptOptions& options = parts.options;
  options.label = json.text("label");
  options.normal = json.texts("normal");
  options.anomaly = json.texts("anomaly");
  options.unknown = json.texts("unknown");
  options.ignored = json.texts("ignored");
  options.weight = json.text("weight");
  const std::string calibration = json.text("calibration");
  options.max_false_alarms = json.optional_number("max_false_alarms");
  options.trim = json.number("trim");
  options.fall_back = json.flag("fall_back");
  options.keep_rows = json.flag("keep_rows");
  options.when = json.text("when");
  parts.method = json.text("method");
  json.finish();
  as_format_error(where(kAdapting, name), [&] {
    options.calibration = parse_calibration(calibration);
    options.validate();
    if (!parts.method.empty() && find_expert(parts.method) == nullptr) {
      throw ArgumentError(fmt::format("there is no expert \"{}\"", parts.method));
    }
  });
}

void take_history(TensorFile& content, const std::string& name, DetectorParts& parts) {
  JsonObject json = take_object(content, kHistory, name);
  const auto when = json.texts("when"), what = json.texts("what");
  const auto added = json.wholes("added"), removed = json.wholes("removed"), normals = json.wholes("normals"),
             anomalies = json.wholes("anomalies");
  json.finish();
  for (const std::size_t size : {what.size(), added.size(), removed.size(), normals.size(), anomalies.size()}) {
    if (size != when.size()) json.refuse(fmt::format("lists of {} and of {} entries", when.size(), size));
  }
  for (std::size_t i = 0; i < when.size(); ++i) {
    parts.history.push_back(
        {.when = when[i], .what = what[i], .added = added[i], .removed = removed[i], .normals = normals[i], .anomalies = anomalies[i]});
  }
}

void take_calibration(TensorFile& content, const std::string& name, DetectorParts& parts) {
  JsonObject json = take_object(content, kCalibration, name);
  const std::string scheme_name = json.text("scheme");
  json.finish();
  const CalibrationScheme scheme = as_format_error(where(kCalibration, name), [&] { return parse_calibration(scheme_name); });
  if (scheme == CalibrationScheme::kNone) return;
  std::vector<float> weights;
  if (content.tensors.contains(kWeights)) weights = take(content, kWeights, name).values;
  std::vector<float> scores = take(content, kScores, name).values;
  parts.calibration =
      as_format_error(where(kCalibration, name), [&] { return Calibration(scheme, std::move(scores), std::move(weights)); });
}

// The rows as they were given: a column a name, kind and list of categories, and all values in one tensor, categories by their code.
void put_table(TensorFile& content, const Table& table) {
  ordered_json names = ordered_json::array(), kinds = ordered_json::array(), sizes = ordered_json::array(), words = ordered_json::array();
  FileTensor values{{table.rows(), table.columns.size()}, std::vector<float>(table.rows() * table.columns.size())};
  for (std::size_t c = 0; c < table.columns.size(); ++c) {
    const Column& column = table.columns[c];
    names.push_back(column.name);
    kinds.push_back(column.kind == ColumnKind::kNumeric ? "numeric" : "category");
    sizes.push_back(column.categories.size());
    for (const std::string& word : column.categories) words.push_back(word);
    for (std::size_t r = 0; r < table.rows(); ++r) {
      values.values[r * table.columns.size() + c] =
          column.kind == ColumnKind::kNumeric ? column.numbers[r] : static_cast<float>(column.codes[r]);
    }
  }
  content.metadata[kTable] = ordered_json{{"names", names}, {"kinds", kinds}, {"categories", sizes}, {"words", words}}.dump();
  content.tensors[kTableValues] = std::move(values);
}

void take_table(TensorFile& content, const std::string& name, DetectorParts& parts) {
  if (!content.metadata.contains(kTable)) return;
  JsonObject json = take_object(content, kTable, name);
  const auto names = json.texts("names"), kinds = json.texts("kinds"), words = json.texts("words");
  const auto sizes = json.wholes("categories");
  json.finish();
  const FileTensor values = take(content, kTableValues, name);
  const std::size_t columns = names.size();
  if (kinds.size() != columns || sizes.size() != columns) json.refuse("lists of different lengths");
  if (values.shape.size() != 2 || values.shape[1] != columns || values.shape[0] > 3 * kLargestSupportClass + kMostHeldBack) {
    refuse(name, fmt::format("tensor \"{}\": it must be a matrix of {} columns", kTableValues, columns));
  }
  const std::size_t rows = values.shape[0];
  std::size_t next_word = 0;
  for (std::size_t c = 0; c < columns; ++c) {
    Column column{.name = names[c], .kind = ColumnKind::kNumeric, .numbers = {}, .codes = {}, .categories = {}};
    if (kinds[c] == "category")
      column.kind = ColumnKind::kCategory;
    else if (kinds[c] != "numeric")
      json.refuse(fmt::format("kinds: \"{}\" where numeric or category belongs", kinds[c]));
    if (sizes[c] > words.size() - next_word) json.refuse("categories: more than there are words");
    for (std::size_t i = 0; i < sizes[c]; ++i) column.categories.push_back(words[next_word++]);
    for (std::size_t r = 0; r < rows; ++r) {
      const float value = values.values[r * columns + c];
      if (column.kind == ColumnKind::kNumeric) {
        if (std::isinf(value)) refuse(name, fmt::format("tensor \"{}\": element {} is {}", kTableValues, r * columns + c, value));
        column.numbers.push_back(value);
      } else {
        if (!(value >= -1) || value >= static_cast<float>(column.categories.size()) || value != std::floor(value)) {
          refuse(name, fmt::format("tensor \"{}\": element {} is {}, which is no category", kTableValues, r * columns + c, value));
        }
        column.codes.push_back(static_cast<std::int32_t>(value));
      }
    }
    if (parts.rows.table.find(column.name)) json.refuse(fmt::format("names: \"{}\" occurs twice", column.name));
    parts.rows.table.columns.push_back(std::move(column));
  }
  if (next_word != words.size()) json.refuse("words: more than the categories");
}

}  // namespace

std::vector<std::uint8_t> serialise(const Detector& detector) {
  TensorFile content = to_tensor_file(detector.model());
  ordered_json header = ordered_json::parse(content.metadata.at(kHeader));
  header["content"] = "detector";
  header[kVersion] = kDetectorFormatVersion;
  content.metadata[kHeader] = header.dump();
  content.metadata[kCalibration] = ordered_json{{"scheme", to_string(detector.calibration().scheme())}}.dump();
  content.metadata[kAdapting] = adapting_text(detector);
  content.metadata[kHistory] = history_text(detector.history());
  if (has_own_preprocessor(detector.model())) content.metadata[kOwn] = detector.preprocessor().to_json();
  const DetectorRows& rows = detector.rows();
  content.tensors[kRows] = tensor_of(rows.support);
  content.tensors[kLabels] = tensor_of(std::vector<float>(rows.labels.begin(), rows.labels.end()));
  if (rows.held_back.rows() > 0) content.tensors[kHeldBack] = tensor_of(rows.held_back);
  if (const Calibration& calibration = detector.calibration(); calibration.present()) {
    content.tensors[kScores] = tensor_of(calibration.scores());
    if (calibration.weighted()) content.tensors[kWeights] = tensor_of(calibration.weights());
  }
  if (!rows.table.columns.empty()) put_table(content, rows.table);
  add_checksums(content);
  return serialise(content);
}

void save_detector(const Detector& detector, const std::filesystem::path& file) { write_file_atomically(file, serialise(detector)); }

bool is_detector(std::span<const std::uint8_t> bytes, const std::string& name) {
  return says_detector(header_of(parse_tensor_file(bytes, name), name));
}

Detector parse_detector(std::span<const std::uint8_t> bytes, const std::string& name) {
  TensorFile content = parse_tensor_file(bytes, name);
  nlohmann::json header = header_of(content, name);
  if (header.is_object() && header.value("content", nlohmann::json()) == "model") {
    throw FormatError(fmt::format("{}: a model, not a detector; make one of it and your rows with oddshot adapt", name));
  }
  if (!says_detector(header)) throw FormatError(fmt::format("{}: not a detector of Oddshot", name));
  const std::uint64_t version = detector_version(header, name);
  if (version >= 2) check_checksums(content, name);
  header["content"] = "model";
  header.erase(kVersion);
  content.metadata[kHeader] = header.dump();
  DetectorParts parts;
  DetectorRows& rows = parts.rows;
  rows.support = rows_of(take(content, kRows, name), kRows, 2 * kLargestSupportClass, name);
  rows.labels = labels_of(take(content, kLabels, name), name);
  if (content.tensors.contains(kHeldBack)) rows.held_back = rows_of(take(content, kHeldBack, name), kHeldBack, kMostHeldBack, name);
  rows.own = take_own(content, name);
  if (version >= 2) {
    take_calibration(content, name, parts);
    take_adapting(content, name, parts);
    take_history(content, name, parts);
    take_table(content, name, parts);
  }
  MetaModel model = from_tensor_file(std::move(content), name);
  if (has_own_preprocessor(model) != (rows.own.width() > 0)) {
    refuse(name, fmt::format("metadata \"{}\" {} in space \"{}\"", kOwn, rows.own.width() > 0 ? "has no place" : "is missing",
                             to_string(model.training.space)));
  }
  try {
    return {std::move(model), std::move(parts)};
  } catch (const FormatError&) {
    throw;
  } catch (const Error& error) {
    refuse(name, error.what());
  }
}

Detector load_detector(const std::filesystem::path& file) { return parse_detector(read_file(file), file.string()); }

namespace {

ordered_json history_of(const Detector& detector) {
  ordered_json list = ordered_json::array();
  for (const DetectorEvent& event : detector.history()) {
    list.push_back({{"when", event.when},
                    {"what", event.what},
                    {"added", event.added},
                    {"removed", event.removed},
                    {"normals", event.normals},
                    {"anomalies", event.anomalies}});
  }
  return list;
}

}  // namespace

std::string describe(const Detector& detector, bool json) {
  const std::vector<std::string> columns = detector.preprocessor().schema_columns();
  const Calibration& calibration = detector.calibration();
  const auto& rate = detector.max_false_alarms();
  if (json) {
    ordered_json out = {{"kind", "detector"},
                        {"format_version", kDetectorFormatVersion},
                        {"normals", detector.normals()},
                        {"anomalies", detector.anomalies()},
                        {"columns", columns},
                        {"features", detector.preprocessor().width()},
                        {"calibration", {{"scheme", to_string(calibration.scheme())}, {"rows", calibration.size()}}},
                        {"max_false_alarms", rate ? ordered_json(*rate) : ordered_json()},
                        {"serves", detector.method().empty() ? "model" : detector.method()},
                        {"rows_kept", !detector.rows().table.columns.empty()},
                        {"history", history_of(detector)},
                        {"model", ordered_json::parse(describe(detector.model(), true))}};
    return out.dump(2) + "\n";
  }
  std::string calibrated = "none";
  if (calibration.present()) {
    calibrated = fmt::format("{}, {}{}{}", counted(calibration.size(), "normal row", "normal rows"), to_string(calibration.scheme()),
                             calibration.weighted() ? ", weighted" : "", rate ? fmt::format("; false alarms at most {}", *rate) : "");
  }
  std::string out =
      fmt::format("detector, adapted to {} and {}\n  columns     {}\n  features    {}\n  calibration {}\n",
                  counted(detector.normals(), "normal row", "normal rows"), counted(detector.anomalies(), "anomaly", "anomalies"),
                  printable_list(columns), detector.preprocessor().width(), calibrated);
  if (!detector.method().empty()) out += fmt::format("  serves      {}, instead of the model\n", detector.method());
  for (const DetectorEvent& event : detector.history()) {
    out += fmt::format("  {:<11} {}{} added, {} removed: {} normal, {}\n", printable(event.what, 11),
                       event.when.empty() ? "" : printable(event.when, kNameWidth) + ": ", counted(event.added, "row", "rows"),
                       event.removed, event.normals, counted(event.anomalies, "anomaly", "anomalies"));
  }
  return out + fmt::format("of this model:\n{}", describe(detector.model()));
}

}  // namespace oddshot
