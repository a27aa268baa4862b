// Which rows are duplicates of each other.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "oddshot/base/matrix.h"

namespace oddshot {

// The same number for rows of equal features and class: that of the first of them. `classes` [N], or empty where all are of one class.
std::vector<std::uint32_t> identities(MatrixView rows, std::span<const std::uint8_t> classes = {});

}  // namespace oddshot
