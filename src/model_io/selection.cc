#include "oddshot/model_io/selection.h"

#include <algorithm>

namespace oddshot {

const std::string& Selection::method_for(std::size_t anomalies) const {
  const auto above = std::upper_bound(shots.begin(), shots.end(), anomalies);
  return chosen[above == shots.begin() ? 0 : static_cast<std::size_t>(above - shots.begin()) - 1];
}

}  // namespace oddshot
