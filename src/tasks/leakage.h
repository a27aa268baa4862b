// What in a suite's data may give the labels away, or cannot be told apart at all: words for a person who makes a suite.
#pragma once

#include <string>
#include <vector>

#include "oddshot/tasks/suite.h"

namespace oddshot {

// One sentence a finding; no finding is an error, and none changes a row:
//   - a column that separates the anomalies of at least half of the tasks from their normals all but perfectly (AUROC above 0.999 by its
//     values, or by where it is missing), with a value that does
//   - held-out rows that equal a training row of the same class in every feature
//   - tasks of whose anomalies at least a tenth equal one of the normal rows in every feature
//   - tasks with fewer than 100 distinct normals or 13 distinct anomalies although they have more rows
// and in a suite of tables:
//   - tables of which a column separates the anomalies all but perfectly, with a value that does
//   - held-out tables of whose distinct rows at least half are in one training table of as many columns
// O(features * (normals log normals + tasks * anomalies)).
std::vector<std::string> find_leakage(const SuiteRows& rows);

}  // namespace oddshot
