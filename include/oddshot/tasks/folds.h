// Leaving training tasks out: how choices are tried without a look at held-out tasks.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "oddshot/tasks/suite.h"

namespace oddshot {

// Suites made of the training tasks of one: in fold f every folds-th task plays held-out, from the f-th, and the others stay for training.
// New tasks seldom come with the very normals that were learned from, so in each fold the two sides have normals that differ: where tasks
// share normals, those are clustered, and each cluster but for one row in seven serves the held-out side of one fold alone. A side that
// would be left with fewer than `least_normals` takes every folds-th normal instead. The reference is drawn anew from the training side.
// In a suite of tables every task keeps its normals: a table left out is left out with them. Preprocessor and views stay those of the
// suite. Throws ArgumentError unless 2 <= folds <= training tasks.
std::vector<TaskSuite> leave_tasks_out(const TaskSuite& suite, std::size_t folds, std::size_t least_normals, std::uint64_t seed);

}  // namespace oddshot
