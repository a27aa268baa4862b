// kNN difference: how far a row is from the normals less how far it is from the known anomalies:
//   score(x) = mean distance to the nearest 5 normals - distance to the nearest anomaly
// Five normals, as knn; but one anomaly, since the few that are known may be of several shapes, and a row that resembles one of them is
// explained. Left out, a normal is compared with the other normals; the anomalies stay.
#include <algorithm>

#include "experts/fitted.h"
#include "experts/nearest_rows.h"

namespace oddshot {
namespace {

constexpr std::size_t kNormals = 5;
constexpr std::size_t kAnomalies = 1;

class FittedKnnDifference final : public Fitted {
 public:
  FittedKnnDifference(std::string_view name, MatrixView normals, MatrixView anomalies)
      : Fitted(name, normals.cols), normals_(normals), anomalies_(anomalies), own_to_anomalies_(anomalies_.find(normals, kAnomalies)) {}

  // One distance matrix over the fitting rows. O(N^2 D).
  std::vector<float> fitting_scores() const override {
    const Neighbours near = normals_.find_others(std::min(kNormals, normals_.size() - 1));
    std::vector<float> scores(normals_.size());
    difference(near, own_to_anomalies_, scores);
    return scores;
  }

 private:
  void score_rows(MatrixView rows, std::span<float> out) const override {
    difference(normals_.find(rows, std::min(kNormals, normals_.size())), anomalies_.find(rows, kAnomalies), out);
  }

  static void difference(const Neighbours& normals, const Neighbours& anomalies, std::span<float> out) {
    for (std::size_t r = 0; r < out.size(); ++r) {
      out[r] = static_cast<float>(mean_distance(normals, r) - mean_distance(anomalies, r));
    }
  }

  NearestRows normals_;
  NearestRows anomalies_;
  Neighbours own_to_anomalies_;  // of the fitting normals
};

class KnnDifference final : public Expert {
 public:
  std::string_view name() const override { return "knn-difference"; }
  bool uses_labels() const override { return true; }
  std::unique_ptr<FittedExpert> fit(MatrixView normals, MatrixView anomalies, Stream /*stream*/) const override {
    check_support(*this, normals, anomalies);
    return std::make_unique<FittedKnnDifference>(name(), normals, anomalies);
  }
};

}  // namespace

const Expert& knn_difference_expert() {
  static const KnnDifference expert;
  return expert;
}

}  // namespace oddshot
