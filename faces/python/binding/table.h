// A table as Python holds it.
#pragma once

#include "oddshot/data/table.h"

namespace oddshot::python {

struct PyTable {
  Table table;
};

}  // namespace oddshot::python
