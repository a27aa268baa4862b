// Which rows are duplicates of each other.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "oddshot/base/matrix.h"

namespace oddshot {

// The same number for rows of equal features and class: that of the first of them. `classes` [N], or empty where all are of one class.
std::vector<std::uint32_t> identities(MatrixView rows, std::span<const std::uint8_t> classes = {});

// Equal of rows that are (-0 equals 0), and hardly ever of others.
std::uint64_t row_hash(std::span<const float> row);

// The same of rows of which only the hashes [N] are held: rows_of gives rows by their numbers, [numbers.size() x D], and is asked for those
// that share a hash, some thousands at a time. Takes a word a row besides the hashes and the result.   O(N log N + D * duplicates), as long
// as rows that differ hardly ever share a hash.
std::vector<std::uint32_t> identities(std::span<const std::uint64_t> hashes,
                                      const std::function<Matrix(std::span<const std::uint32_t> numbers)>& rows_of,
                                      std::span<const std::uint8_t> classes = {});

}  // namespace oddshot
