// A detector as an ONNX model: preprocessing, views, scores and the adapted learner in one graph, for any runtime of ONNX.
// docs/onnx.md has inputs and outputs, and what cannot be said.
#pragma once

#include <cstdint>
#include <vector>

#include "oddshot/detector/detector.h"

namespace oddshot {

// The bytes of a .onnx file; the same detector gives the same bytes. Scores agree with Detector::score within rounding (docs/onnx.md says
// how far). Throws ArgumentError naming what cannot be exported: windows of a time series, space "table", a simple method chosen by `auto`,
// a column called as an output is.
std::vector<std::uint8_t> to_onnx(const Detector& detector);

}  // namespace oddshot
