// How fast this core multiplies and adds when nothing else holds it up: what the speed of a product is measured against.
#pragma once

namespace oddshot::kernels {

// GFLOP/s of one core in float, by multiply-adds between registers of the target in use (kernels.h), fused if it is one of vectors: the
// best of `runs` runs of some 50 microseconds each, as longer ones are interrupted. The clock of a core moves, so measure it beside what is
// compared with it.
double fma_peak(int runs = 50);

}  // namespace oddshot::kernels
