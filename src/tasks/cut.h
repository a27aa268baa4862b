// From a table to tasks: which rows are normal, which kind each anomaly is of, and which side every row serves.
#pragma once

#include "oddshot/tasks/suite.h"

namespace oddshot {

// table.sources are the manifest's files in their order; a table without sources (from a simulator, or made in memory) counts as one
// file that serves both sides. Errors as of read_suite.
SuiteRows cut_tasks(const SuiteManifest& manifest, Table table);

}  // namespace oddshot
