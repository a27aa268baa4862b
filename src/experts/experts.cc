#include <algorithm>
#include <array>
#include <iterator>
#include <vector>

#include "experts/fitted.h"

namespace oddshot {

std::span<const Expert* const> known_experts() {
  static const std::array<const Expert*, 17> table{&robust_z_expert(),
                                                   &ecod_expert(),
                                                   &copod_expert(),
                                                   &hbos_expert(),
                                                   &mahalanobis_expert(),
                                                   &pca_expert(),
                                                   &knn_expert(),
                                                   &lof_expert(),
                                                   &one_class_svm_expert(),
                                                   &isolation_forest_expert(),
                                                   &extended_isolation_forest_expert(),
                                                   &knn_difference_expert(),
                                                   &logistic_expert(),
                                                   &ridge_classifier_expert(),
                                                   &lda_expert(),
                                                   &extra_trees_expert(),
                                                   &xgboost_expert()};
  return table;
}

std::span<const Expert* const> experts() {
  static const std::vector<const Expert*> usable = [] {
    std::vector<const Expert*> found;
    std::ranges::copy_if(known_experts(), std::back_inserter(found), [](const Expert* expert) { return expert->missing().empty(); });
    return found;
  }();
  return usable;
}

const Expert* find_expert(std::string_view name) {
  const auto all = known_experts();
  const auto found = std::find_if(all.begin(), all.end(), [name](const Expert* expert) { return expert->name() == name; });
  return found == all.end() ? nullptr : *found;
}

}  // namespace oddshot
