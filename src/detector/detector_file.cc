#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include <fmt/format.h>

#include "data/strict_json.h"
#include "detector/encode.h"
#include "model_io/model_tensors.h"
#include "model_io/printable.h"
#include "oddshot/base/error.h"
#include "oddshot/detector/detector.h"

namespace oddshot {
namespace {

using nlohmann::ordered_json;

constexpr const char* kHeader = "oddshot";
constexpr const char* kOwn = "table_preprocessor";
constexpr const char* kRows = "support.rows";
constexpr const char* kLabels = "support.labels";

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

FileTensor take(TensorFile& content, const char* key, const std::string& name) {
  auto node = content.tensors.extract(std::string(key));
  if (node.empty()) refuse(name, fmt::format("tensor \"{}\" is missing", key));
  return std::move(node.mapped());
}

Matrix rows_of(FileTensor tensor, const std::string& name) {
  if (tensor.shape.size() != 2 || tensor.shape[0] > 2 * kLargestSupportClass) {
    refuse(name, fmt::format("tensor \"{}\": it must be a matrix of at most {} rows", kRows, 2 * kLargestSupportClass));
  }
  const auto bad = std::ranges::find_if_not(tensor.values, [](float value) { return std::isfinite(value); });
  if (bad != tensor.values.end()) refuse(name, fmt::format("tensor \"{}\": element {} is {}", kRows, bad - tensor.values.begin(), *bad));
  Matrix rows(tensor.shape[0], tensor.shape[1]);
  std::ranges::copy(tensor.values, rows.data());
  return rows;
}

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

}  // namespace

std::vector<std::uint8_t> serialise(const Detector& detector) {
  TensorFile content = to_tensor_file(detector.model());
  ordered_json header = ordered_json::parse(content.metadata.at(kHeader));
  header["content"] = "detector";
  content.metadata[kHeader] = header.dump();
  if (has_own_preprocessor(detector.model())) content.metadata[kOwn] = detector.preprocessor().to_json();
  const Support support = detector.support();
  const Matrix rows = copied(support.rows);
  content.tensors[kRows] = {{rows.rows(), rows.cols()}, {rows.data(), rows.data() + rows.rows() * rows.cols()}};
  content.tensors[kLabels] = {{support.labels.size()}, {support.labels.begin(), support.labels.end()}};
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
  header["content"] = "model";
  content.metadata[kHeader] = header.dump();
  Matrix rows = rows_of(take(content, kRows, name), name);
  std::vector<std::uint8_t> labels = labels_of(take(content, kLabels, name), name);
  Preprocessor own = take_own(content, name);
  MetaModel model = from_tensor_file(std::move(content), name);
  if (has_own_preprocessor(model) != (own.width() > 0)) {
    refuse(name, fmt::format("metadata \"{}\" {} in space \"{}\"", kOwn, own.width() > 0 ? "has no place" : "is missing",
                             to_string(model.training.space)));
  }
  try {
    return {std::move(model), std::move(own), std::move(rows), std::move(labels)};
  } catch (const FormatError&) {
    throw;
  } catch (const Error& error) {
    refuse(name, error.what());
  }
}

Detector load_detector(const std::filesystem::path& file) { return parse_detector(read_file(file), file.string()); }

std::string describe(const Detector& detector, bool json) {
  const std::vector<std::string> columns = detector.preprocessor().schema_columns();
  if (json) {
    ordered_json out = {{"kind", "detector"},
                        {"normals", detector.normals()},
                        {"anomalies", detector.anomalies()},
                        {"columns", columns},
                        {"features", detector.preprocessor().width()},
                        {"model", ordered_json::parse(describe(detector.model(), true))}};
    return out.dump(2) + "\n";
  }
  return fmt::format("detector, adapted to {} normal rows and {} anomalies\n  columns     {}\n  features    {}\nof this model:\n{}",
                     detector.normals(), detector.anomalies(), printable_list(columns), detector.preprocessor().width(),
                     describe(detector.model()));
}

}  // namespace oddshot
