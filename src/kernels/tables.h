// The tables behind kernels.h, one per target. Only table.cc chooses among them.
#pragma once

#include <vector>

#include "kernels/kernels.h"

namespace oddshot::kernels {

// The plain version: no vectors, no fused multiply-add.
template <class T>
const Table<T>& scalar_table();

// Those of the vector targets that this build has and this machine can run, best first.
template <class T>
std::vector<const Table<T>*> simd_tables();

extern template const Table<float>& scalar_table<float>();
extern template const Table<double>& scalar_table<double>();
extern template std::vector<const Table<float>*> simd_tables<float>();
extern template std::vector<const Table<double>*> simd_tables<double>();

}  // namespace oddshot::kernels
