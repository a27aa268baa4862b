// From a table with labels to a detector: which rows are known, which columns are of use.
#include <algorithm>
#include <cmath>
#include <set>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "detector/encode.h"
#include "oddshot/base/error.h"
#include "oddshot/detector/detector.h"
#include "tasks/column_values.h"

namespace oddshot {
namespace {

constexpr std::size_t kFewRows = 20;         // of so few rows nothing can be said about what a column is
constexpr double kShareOfIdentifiers = 0.5;  // a category column with more different values a row is an identifier

using Rows = std::vector<std::uint32_t>;

struct KnownRows {
  Rows normals, anomalies;
  std::size_t unlabelled = 0;
};

bool holds(const std::vector<std::string>& list, std::string_view value) { return std::ranges::find(list, value) != list.end(); }

void check_values(const AdaptOptions& options) {
  if (options.normal.empty()) throw ArgumentError("no label value means normal: name at least one");
  for (const std::string& value : options.normal) {
    if (holds(options.anomaly, value)) throw ArgumentError(fmt::format("label value \"{}\" is both normal and anomalous", value));
  }
}

KnownRows known_rows(const Table& table, const AdaptOptions& options) {
  KnownRows rows;
  const Words label = words_of(table.column(options.label));
  for (std::uint32_t r = 0; r < label.codes.size(); ++r) {
    if (label.codes[r] == Words::kNone) {
      ++rows.unlabelled;
      continue;
    }
    const std::string& value = label.words[static_cast<std::size_t>(label.codes[r])];
    if (holds(options.normal, value)) {
      rows.normals.push_back(r);
    } else if (holds(options.anomaly, value)) {
      rows.anomalies.push_back(r);
    } else {
      throw FormatError(
          fmt::format("{}, column \"{}\": \"{}\" is neither a normal value (\"{}\") nor an anomalous one (\"{}\"); name it as one of them, "
                      "or leave it empty where it is not known",
                      table.place(r), options.label, value, fmt::join(options.normal, "\", \""), fmt::join(options.anomaly, "\", \"")));
    }
  }
  return rows;
}

// Why a column is no feature; empty if it may be one.
std::string objection(const Column& column) {
  if (column.rows() < kFewRows) return {};
  if (column.kind == ColumnKind::kCategory) {
    const auto present = column.rows() - static_cast<std::size_t>(std::ranges::count(column.codes, Column::kMissingCode));
    const std::set<std::int32_t> different(column.codes.begin(), column.codes.end());
    if (static_cast<double>(different.size()) <= kShareOfIdentifiers * static_cast<double>(present) || present < kFewRows) return {};
    return fmt::format("\"{}\" is left out: it looks like an identifier, with {} values in {} rows", column.name, column.categories.size(),
                       present);
  }
  for (std::size_t r = 1; r < column.numbers.size(); ++r) {
    if (!(column.numbers[r] == column.numbers[r - 1] + 1)) return {};
  }
  return fmt::format("\"{}\" is left out: it counts the rows", column.name);
}

std::vector<std::string> feature_columns(const Table& table, const AdaptOptions& options, std::vector<std::string>& notes) {
  for (const std::string& name : options.ignored) table.column(name);  // throws if it is not there
  std::vector<std::string> features;
  for (const Column& column : table.columns) {
    if (column.name == options.label || holds(options.ignored, column.name)) continue;
    std::string why = objection(column);
    if (why.empty()) {
      features.push_back(column.name);
    } else {
      notes.push_back(std::move(why));
    }
  }
  return features;
}

Preprocessor fit_own(const Table& table, const AdaptOptions& options, const KnownRows& rows, std::vector<std::string>& notes) {
  const std::vector<std::string> features = feature_columns(table, options, notes);
  const auto refuse = [&](std::string_view why) {
    throw ArgumentError(fmt::format("{}no column is left to tell rows apart by: {}",
                                    table.sources.empty() ? "" : table.sources[0].path + ": ",
                                    why.empty() ? fmt::to_string(fmt::join(notes, "; ")) : std::string(why)));
  };
  if (features.empty()) refuse(notes.empty() ? "every column has another role" : "");
  Preprocessor own = Preprocessor::fit(table, features, rows.normals, rows.anomalies, {.numeric = NumericTransform::kIdentity});
  for (const std::string& name : own.dropped()) notes.push_back(fmt::format("\"{}\" is left out: it is the same in all known rows", name));
  return own;
}

// At most `most` of the rows, evenly spaced.
Rows thinned(const Rows& rows, std::size_t most) {
  if (rows.size() <= most) return rows;
  Rows result;
  for (std::size_t i = 0; i < most; ++i) result.push_back(rows[i * rows.size() / most]);
  return result;
}

}  // namespace

std::size_t encoded_width(const MetaModel& model, const Preprocessor& preprocessor) {
  return has_own_preprocessor(model) ? preprocessor.width() : model.views.width();
}

Matrix encode_rows(const MetaModel& model, const Preprocessor& preprocessor, const Table& table, std::span<const std::uint32_t> rows) {
  Matrix features = preprocessor.transform(table, rows);
  if (!has_own_preprocessor(model)) return model.views.transform(features);
  clip_numeric(features, preprocessor.feature_kinds(), ViewOptions{}.plain_clip);
  return features;
}

Detector Detector::adapt(MetaModel model, const Table& table, const AdaptOptions& options) {
  check_values(options);
  const KnownRows known = known_rows(table, options);
  std::vector<std::string> notes;
  if (known.normals.size() < kFewestNormals) {
    throw ArgumentError(fmt::format("{} of {} rows are known to be normal (column \"{}\": \"{}\"); adapting needs at least {}",
                                    known.normals.size(), table.rows(), options.label, fmt::join(options.normal, "\", \""),
                                    kFewestNormals));
  }
  Preprocessor own;
  if (has_own_preprocessor(model)) own = fit_own(table, options, known, notes);
  if (known.unlabelled > 0) notes.push_back(fmt::format("{} rows without a label are not used", known.unlabelled));
  for (const auto& [rows, what] : {std::pair(&known.normals, "normal rows"), std::pair(&known.anomalies, "anomalies")}) {
    if (rows->size() > kLargestSupportClass) {
      notes.push_back(fmt::format("of {} {} {} are kept, evenly spaced", rows->size(), what, kLargestSupportClass));
    }
  }

  Rows support = thinned(known.normals, kLargestSupportClass);
  const std::size_t normals = support.size();
  const Rows anomalies = thinned(known.anomalies, kLargestSupportClass);
  support.insert(support.end(), anomalies.begin(), anomalies.end());
  std::vector<std::uint8_t> labels(support.size());
  std::fill(labels.begin() + static_cast<std::ptrdiff_t>(normals), labels.end(), std::uint8_t{1});
  Matrix rows = encode_rows(model, has_own_preprocessor(model) ? own : model.preprocessor, table, support);
  Detector detector(std::move(model), std::move(own), std::move(rows), std::move(labels));
  detector.notes_ = std::move(notes);
  return detector;
}

}  // namespace oddshot
