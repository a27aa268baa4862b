#include "rows.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "oddshot/data/reader.h"
#include "oddshot/data/row_stream.h"

namespace oddshot::cli {

namespace {

// inferred: columns whose kind their values tell.
Table read_listed(const std::string& file, std::vector<std::string> numeric, std::vector<std::string> category,
                  const std::vector<std::string>& inferred, const std::string& if_there) {
  ReadOptions read;
  read.numeric = std::move(numeric);
  read.category = std::move(category);
  const auto named = [](const std::vector<std::string>& list, const std::string& name) {
    return std::ranges::find(list, name) != list.end();
  };
  RowReadOptions head;
  head.carried.emplace();
  const auto rows = open_rows(file, head);
  for (const std::string& name : rows->names()) {
    if (name == if_there) read.category.push_back(name);
    if (!named(read.numeric, name) && !named(read.category, name) && !named(inferred, name)) read.ignored.push_back(name);
  }
  return read_table({file}, read);
}

}  // namespace

Table read_columns(const std::string& file, std::vector<std::string> numeric, std::vector<std::string> category,
                   const std::string& if_there) {
  return read_listed(file, std::move(numeric), std::move(category), {}, if_there);
}

Table read_columns_of(const std::string& file, const Preprocessor& preprocessor, std::vector<std::string> numeric,
                      std::vector<std::string> category) {
  std::ranges::copy(preprocessor.numeric_columns(), std::back_inserter(numeric));
  std::ranges::copy(preprocessor.category_columns(), std::back_inserter(category));
  return read_listed(file, std::move(numeric), std::move(category), preprocessor.window_columns(), {});
}

}  // namespace oddshot::cli
