#include "detector/rows_of_tables.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <map>

#include <fmt/format.h>

#include "oddshot/base/error.h"

namespace oddshot {
namespace {

// Gives every category of a column its code in another.
class Recoder {
 public:
  explicit Recoder(Column& into) : into_(into) {
    for (std::size_t i = 0; i < into.categories.size(); ++i) codes_[into.categories[i]] = static_cast<std::int32_t>(i);
  }
  void append(const Column& from, std::size_t row) {
    const std::int32_t code = from.codes[row];
    if (code == Column::kMissingCode) {
      into_.codes.push_back(code);
      return;
    }
    const std::string& word = from.categories[static_cast<std::size_t>(code)];
    const auto [place, fresh] = codes_.try_emplace(word, static_cast<std::int32_t>(into_.categories.size()));
    if (fresh) into_.categories.push_back(word);
    into_.codes.push_back(place->second);
  }

 private:
  Column& into_;
  std::map<std::string, std::int32_t> codes_;
};

bool has_values(const Column& column) {
  if (column.kind == ColumnKind::kCategory) {
    return std::ranges::any_of(column.codes, [](std::int32_t code) { return code != Column::kMissingCode; });
  }
  return std::ranges::any_of(column.numbers, [](float value) { return !std::isnan(value); });
}

}  // namespace

Table selected_rows(const Table& table, std::span<const std::string> columns, std::span<const std::uint32_t> rows) {
  Table some;
  for (const std::string& name : columns) {
    const Column& from = table.column(name);
    Column column{.name = from.name, .kind = from.kind, .numbers = {}, .codes = {}, .categories = {}};
    Recoder recoder(column);
    for (const auto r : rows) {
      if (from.kind == ColumnKind::kNumeric) {
        column.numbers.push_back(from.numbers[r]);
      } else {
        recoder.append(from, r);
      }
    }
    some.columns.push_back(std::move(column));
  }
  return some;
}

Table joined_rows(const Table& a, const Table& b) {
  const std::string file = b.sources.empty() ? "" : b.sources.front().path + ": ";
  Table both = a;
  both.sources.clear();
  for (Column& column : both.columns) {
    const auto found = b.find(column.name);
    if (!found) throw FormatError(fmt::format("{}column \"{}\" is missing", file, column.name));
    const Column& more = b.columns[*found];
    if (more.kind == column.kind && column.kind == ColumnKind::kNumeric) {
      column.numbers.insert(column.numbers.end(), more.numbers.begin(), more.numbers.end());
    } else if (more.kind == column.kind) {
      Recoder recoder(column);
      for (std::size_t r = 0; r < more.rows(); ++r) recoder.append(more, r);
    } else if (has_values(more)) {
      throw FormatError(fmt::format("{}column \"{}\" is {}, and was {}", file, column.name,
                                    more.kind == ColumnKind::kNumeric ? "numeric" : "text",
                                    more.kind == ColumnKind::kNumeric ? "text" : "numeric"));
    } else if (column.kind == ColumnKind::kNumeric) {
      column.numbers.resize(column.numbers.size() + more.rows(), std::nanf(""));
    } else {
      column.codes.resize(column.codes.size() + more.rows(), Column::kMissingCode);
    }
  }
  return both;
}

std::vector<std::string> row_keys(const Table& table, std::span<const std::string> columns) {
  std::vector<std::string> keys(table.rows());
  for (const std::string& name : columns) {
    const Column& column = table.column(name);
    for (std::size_t r = 0; r < keys.size(); ++r) {
      if (column.kind == ColumnKind::kNumeric) {
        const float value = column.numbers[r];
        keys[r] += std::isnan(value) ? "-" : fmt::format("{:08x}", std::bit_cast<std::uint32_t>(value == 0 ? 0.0F : value));
      } else if (column.codes[r] == Column::kMissingCode) {
        keys[r] += '-';
      } else {
        const std::string& word = column.categories[static_cast<std::size_t>(column.codes[r])];
        keys[r] += fmt::format("{}:{}", word.size(), word);
      }
      keys[r] += ',';
    }
  }
  return keys;
}

}  // namespace oddshot
