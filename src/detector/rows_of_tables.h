// Rows of tables put together and told apart.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "oddshot/data/table.h"

namespace oddshot {

// These rows and columns alone, without sources; categories that none of the rows has are gone. Throws ArgumentError for a column that is
// not there.
Table selected_rows(const Table& table, std::span<const std::string> columns, std::span<const std::uint32_t> rows);
// The rows of `a`, then those of `b`, with the columns of `a`. Throws FormatError, naming b's file, if it lacks a column or has one of
// another kind; one without any value is of either kind.
Table joined_rows(const Table& a, const Table& b);
// What two rows have alike if they are equal in these columns of their tables.
std::vector<std::string> row_keys(const Table& table, std::span<const std::string> columns);

}  // namespace oddshot
