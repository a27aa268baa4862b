// The lists of scores there have been, in score space and in table space.
#pragma once

#include <cstdint>

namespace oddshot {

// A model keeps to the list it was trained on. Append only; the values are stored in files.
enum class ScoreList : std::uint8_t {
  kDistances = 1,  // score space: nineteen scores a view
  kTrees = 2,      // and extra trees
  kAlike = 3,      // the same; table space: the rarity of support normals is on the scale of other rows'
};
inline constexpr ScoreList kLatestScores = ScoreList::kAlike;

}  // namespace oddshot
