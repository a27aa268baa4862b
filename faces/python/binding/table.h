// A table as Python holds it.
#pragma once

#include <string>
#include <vector>

#include <nanobind/nanobind.h>

#include "oddshot/data/table.h"

namespace oddshot::python {

struct PyTable {
  Table table;
};

// The numeric columns of an array [N x D] of float32 or float64, NaN where missing. names [D]; name: what messages call the array.
// Throws as Rows does, ShapeError if the names are not as many as the columns.
PyTable table_of_rows(nanobind::handle array, const std::vector<std::string>& names, const std::string& name);

}  // namespace oddshot::python
