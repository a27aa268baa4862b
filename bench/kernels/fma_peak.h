// How fast this core multiplies and adds when nothing else holds it up: what the speed of a product is measured against.
#pragma once

namespace oddshot::bench {

// GFLOP/s of one core in float, by fused multiply-adds between registers of the best vector target; takes some 10 ms.
double fma_peak();

}  // namespace oddshot::bench
