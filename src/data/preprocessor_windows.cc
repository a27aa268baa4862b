// The preprocessor's part in windows: they are made of the table before anything else sees it, and count as the columns they are made of.
#include <algorithm>
#include <utility>

#include "oddshot/data/preprocessor.h"

namespace oddshot {
namespace {

void add_once(std::vector<std::string>& names, std::string_view name) {
  if (std::find(names.begin(), names.end(), name) == names.end()) names.emplace_back(name);
}

}  // namespace

Preprocessor Preprocessor::fit(const Table& table, std::span<const std::string> feature_columns, std::span<const std::uint32_t> normals,
                               std::span<const std::uint32_t> anomalies, const PreprocessorOptions& options) {
  options.windows.validate();
  if (options.windows.empty()) return fit_columns(table, feature_columns, normals, anomalies, options);
  std::vector<std::string> names(feature_columns.begin(), feature_columns.end());
  std::vector<std::string> windowed;
  for (const std::string& name : feature_columns) {
    if (table.column(name).kind == ColumnKind::kNumeric) windowed.push_back(name);
  }
  for (const std::string& name : windowed) {
    for (std::string& window : window_names(name, options.windows)) names.push_back(std::move(window));
  }
  Preprocessor fitted = fit_columns(with_windows(table, windowed, options.windows), names, normals, anomalies, options);
  fitted.set_windowed(std::move(windowed));
  return fitted;
}

void Preprocessor::set_windowed(std::vector<std::string> columns) {
  windowed_ = std::move(columns);
  const std::vector<std::string> inputs = schema_columns();
  for (std::uint32_t& source : feature_sources_) {
    const auto found = std::find(inputs.begin(), inputs.end(), input_of(name_of(schema_[source])));
    source = static_cast<std::uint32_t>(found - inputs.begin());
  }
}

Matrix Preprocessor::transform(const Table& table, std::span<const std::uint32_t> rows, TransformReport* report) const {
  if (options_.windows.empty()) return transform_columns(table, rows, report);
  const Matrix features = transform_columns(with_windows(table, windowed_, options_.windows), rows, report);
  if (report != nullptr) {
    const std::vector<std::string> known = schema_columns();
    std::erase_if(report->extra_columns,
                  [&](const std::string& name) { return std::find(known.begin(), known.end(), input_of(name)) != known.end(); });
  }
  return features;
}

std::string_view Preprocessor::input_of(std::string_view column) const {
  for (const std::string& name : windowed_) {
    if (column == name) return name;
    if (!column.starts_with(name)) continue;
    const std::vector<std::string> windows = window_names(name, options_.windows);
    if (std::find(windows.begin(), windows.end(), column) != windows.end()) return name;
  }
  return column;
}

std::vector<std::string> Preprocessor::schema_columns() const {
  std::vector<std::string> names;
  for (const SchemaColumn& column : schema_) add_once(names, input_of(name_of(column)));
  if (!options_.windows.empty()) {
    add_once(names, options_.windows.group);
    add_once(names, options_.windows.time);
  }
  return names;
}

std::vector<std::string> Preprocessor::numeric_columns() const {
  std::vector<std::string> names;
  for (const NumericColumn& column : numeric_) add_once(names, input_of(column.name));
  return names;
}

std::vector<std::string> Preprocessor::category_columns() const {
  std::vector<std::string> names;
  for (const CategoryColumn& column : category_) names.push_back(column.name);
  if (!options_.windows.empty()) add_once(names, options_.windows.group);
  return names;
}

std::vector<std::string> Preprocessor::window_columns() const {
  if (options_.windows.empty()) return {};
  std::vector<std::string> features = numeric_columns();
  for (std::string& name : category_columns()) features.push_back(std::move(name));
  std::vector<std::string> names;
  for (const std::string& name : {options_.windows.group, options_.windows.time}) {
    if (std::find(features.begin(), features.end(), name) == features.end()) names.push_back(name);
  }
  return names;
}

}  // namespace oddshot
