#include <cstdlib>
#include <string>

#include "kernels/tables.h"
#include "oddshot/base/error.h"

namespace oddshot::kernels {

namespace {

// Best first.
template <class T>
const std::vector<const Table<T>*>& tables() {
  static const std::vector<const Table<T>*> kTables = [] {
    std::vector<const Table<T>*> all = simd_tables<T>();
    all.push_back(&scalar_table<T>());
    return all;
  }();
  return kTables;
}

}  // namespace

std::vector<std::string_view> target_names() {
  std::vector<std::string_view> names;
  for (const Table<float>* table : tables<float>()) names.push_back(table->target);
  return names;
}

template <class T>
const Table<T>& table(std::string_view target) {
  for (const Table<T>* table : tables<T>()) {
    if (table->target == target) return *table;
  }
  std::string names;
  for (const std::string_view name : target_names()) names.append(names.empty() ? "" : ", ").append(name);
  throw ArgumentError("no vector target \"" + std::string(target) + "\" on this machine: there are " + names);
}

template <class T>
const Table<T>& table() {
  const char* forced = std::getenv("ODDSHOT_TARGET");
  return forced && *forced ? table<T>(forced) : *tables<T>().front();
}

template const Table<float>& table<float>();
template const Table<double>& table<double>();
template const Table<float>& table<float>(std::string_view);
template const Table<double>& table<double>(std::string_view);

}  // namespace oddshot::kernels
