#include "oddshot/data/table.h"

#include <algorithm>
#include <vector>

#include <fmt/format.h>

#include "data/cell.h"
#include "oddshot/base/error.h"
#include "oddshot/base/text.h"

namespace oddshot {

std::optional<std::size_t> Table::find(std::string_view name) const {
  const auto found = std::find_if(columns.begin(), columns.end(), [&](const Column& column) { return column.name == name; });
  if (found == columns.end()) return std::nullopt;
  return static_cast<std::size_t>(found - columns.begin());
}

const Column& Table::column(std::string_view name) const {
  if (const auto index = find(name)) return columns[*index];
  std::vector<std::string_view> names;
  names.reserve(columns.size());
  for (const Column& column : columns) names.push_back(column.name);
  const auto near = nearest(name, names);
  throw ArgumentError(
      fmt::format("there is no column {}{}", data::in_quotes(name), near ? fmt::format("; did you mean {}?", data::in_quotes(*near)) : ""));
}

std::string Table::place(std::size_t row) const {
  for (const SourceFile& source : sources) {
    if (row < source.first_row || row - source.first_row >= source.rows) continue;
    return fmt::format("{}{}{}", source.path, source.lines ? ":" : ", row ", source.counted_from + row - source.first_row);
  }
  return fmt::format("row {}", row);
}

}  // namespace oddshot
