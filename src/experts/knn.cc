// k nearest neighbours: the mean distance to the nearest k = 5 normals (all of them if there are fewer). Left out, a normal is compared
// with the others, at most N - 1. Source: Angiulli, Pizzuti 2002, "Fast outlier detection in high dimensional spaces" (the mean rather than
// the k-th distance).
#include <algorithm>

#include "experts/fitted.h"
#include "experts/nearest_rows.h"

namespace oddshot {
namespace {

constexpr std::size_t kNeighbours = 5;  // the field's usual choice; single neighbours are noisier, more blur small groups of normals

class FittedKnn final : public Fitted {
 public:
  FittedKnn(std::string_view name, MatrixView normals) : Fitted(name, normals.cols), normals_(normals) {}

  // One distance matrix over the fitting rows. O(N^2 D).
  std::vector<float> fitting_scores() const override {
    const Neighbours neighbours = normals_.find_others(std::min(kNeighbours, normals_.size() - 1));
    std::vector<float> scores(normals_.size());
    for (std::size_t r = 0; r < scores.size(); ++r) scores[r] = static_cast<float>(mean_distance(neighbours, r));
    return scores;
  }

 private:
  void score_rows(MatrixView rows, std::span<float> out) const override {
    const Neighbours neighbours = normals_.find(rows, std::min(kNeighbours, normals_.size()));
    for (std::size_t r = 0; r < out.size(); ++r) out[r] = static_cast<float>(mean_distance(neighbours, r));
  }

  NearestRows normals_;
};

class Knn final : public Expert {
 public:
  std::string_view name() const override { return "knn"; }
  bool uses_labels() const override { return false; }
  std::unique_ptr<FittedExpert> fit(MatrixView normals, MatrixView anomalies, Stream /*stream*/) const override {
    check_support(*this, normals, anomalies);
    return std::make_unique<FittedKnn>(name(), normals);
  }
};

}  // namespace

const Expert& knn_expert() {
  static const Knn expert;
  return expert;
}

}  // namespace oddshot
