// A suite's files: located, verified, read. What they hold is then cut as rows from anywhere are.
#include <algorithm>
#include <utility>
#include <vector>

#include "oddshot/base/thread_pool.h"
#include "oddshot/data/reader.h"
#include "oddshot/tasks/suite.h"
#include "tasks/locate.h"

namespace oddshot {
namespace {

Table read_files(const SuiteManifest& manifest, const DataOptions& data) {
  std::vector<std::filesystem::path> paths;
  for (const auto& file : manifest.files) paths.push_back(locate(file, manifest.file, data));
  ReadOptions read = manifest.read;
  // Their values are names, however they look.
  for (const auto& column : {manifest.label, manifest.group, manifest.cut_column}) {
    if (!column.empty() && std::find(read.category.begin(), read.category.end(), column) == read.category.end()) {
      read.category.push_back(column);
    }
  }
  return read_table(paths, read);
}

NamedTable read_one(const SuiteManifest& manifest, const SuiteFile& file, const DataOptions& data) {
  ReadOptions read = manifest.read;
  read.category.push_back(manifest.label);  // values are names, however they look
  read.ignored.clear();                     // tables need not have such columns
  return {file.task, read_table({locate(file, manifest.file, data)}, read), file.side == Side::kHeldOut};
}

// Files are read at the same time, on as many threads as the machine has.
std::vector<NamedTable> read_tables(const SuiteManifest& manifest, const DataOptions& data) {
  std::vector<NamedTable> tables(manifest.files.size());
  ThreadPool pool;
  pool.parallel_for(tables.size(), [&](std::size_t i, unsigned) { tables[i] = read_one(manifest, manifest.files[i], data); });
  return tables;
}

}  // namespace

SuiteRows read_suite(const SuiteManifest& manifest, const DataOptions& options) {
  if (!manifest.simulator.empty()) return simulated_suite(manifest);
  if (manifest.cut == Cut::kTable) return suite_of_tables(manifest, read_tables(manifest, options));
  return suite_of(manifest, read_files(manifest, options));
}

}  // namespace oddshot
