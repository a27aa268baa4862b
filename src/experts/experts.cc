#include <algorithm>
#include <array>

#include "experts/fitted.h"

namespace oddshot {

std::span<const Expert* const> experts() {
  static const std::array<const Expert*, 8> table{
      &robust_z_expert(),         &ecod_expert(),           &mahalanobis_expert(), &knn_expert(), &lof_expert(),
      &isolation_forest_expert(), &knn_difference_expert(), &logistic_expert()};
  return table;
}

const Expert* find_expert(std::string_view name) {
  const auto all = experts();
  const auto found = std::find_if(all.begin(), all.end(), [name](const Expert* expert) { return expert->name() == name; });
  return found == all.end() ? nullptr : *found;
}

}  // namespace oddshot
