// The tables behind kernels.h, one per target. Only table.cc chooses among them.
#pragma once

#include <vector>

#include "kernels/kernels.h"

namespace oddshot::kernels {

// The plain version: no vectors, no fused multiply-add.
template <class T>
const Table<T>& scalar_table();

extern template const Table<float>& scalar_table<float>();
extern template const Table<double>& scalar_table<double>();

}  // namespace oddshot::kernels
