// Tables of rows, as far as a command needs them.
#pragma once

#include <string>
#include <vector>

#include "oddshot/data/preprocessor.h"
#include "oddshot/data/table.h"

namespace oddshot::cli {

// These columns of a file, as read_table gives them; what others hold is never parsed, so they may hold anything. `if_there`: a category
// that the file may lack; empty: none.
Table read_columns(const std::string& file, std::vector<std::string> numeric, std::vector<std::string> category,
                   const std::string& if_there = {});
// Those that a preprocessor needs, with the group and time of its windows, and these besides.
Table read_columns_of(const std::string& file, const Preprocessor& preprocessor, std::vector<std::string> numeric = {},
                      std::vector<std::string> category = {});

}  // namespace oddshot::cli
