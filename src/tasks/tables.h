// Suites of tables: every file is a table with columns of its own, and one task.
#pragma once

#include "oddshot/tasks/suite.h"

namespace oddshot {

// The preprocessor of one table: fitted on its normals, its anomalies only tell which columns vary. Throws ArgumentError naming the table.
Preprocessor fit_table(const TableRows& table, const PreprocessorOptions& options);
// One pool a table, on as many threads as the machine has.
TaskSuite encode_tables(const SuiteRows& rows);

// What `oddshot suite check` says of the tables.
std::string describe_tables(const SuiteRows& rows);

}  // namespace oddshot
