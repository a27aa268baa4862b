// Fitting scores by refitting, for experts of which no formula leaves a row out.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "oddshot/base/matrix.h"
#include "oddshot/experts/expert.h"

namespace oddshot {

// The score of each normal by a scorer fitted without its part of them: row i is in part i mod `parts`. With as many parts as normals that
// is leaving one out.
//   fit(rest)   the scorer of the other parts' rows, at least one
template <class Fit>
std::vector<float> cross_fitted(MatrixView normals, std::size_t parts, const Fit& fit) {
  parts = std::min(parts, normals.rows);
  std::vector<float> scores(normals.rows);
  for (std::size_t part = 0; part < parts; ++part) {
    std::vector<std::uint32_t> own;
    std::vector<std::uint32_t> others;
    for (std::size_t r = 0; r < normals.rows; ++r) (r % parts == part ? own : others).push_back(static_cast<std::uint32_t>(r));
    std::vector<float> found(own.size());
    fit(gathered(normals, std::span<const std::uint32_t>(others)))->score(gathered(normals, std::span<const std::uint32_t>(own)), found);
    for (std::size_t i = 0; i < own.size(); ++i) scores[own[i]] = found[i];
  }
  return scores;
}

}  // namespace oddshot
