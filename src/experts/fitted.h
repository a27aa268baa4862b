// What all experts share: checks at the door, the same words for the same mistake, and each expert's one instance.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

#include "oddshot/experts/expert.h"

namespace oddshot {

// For every fit(). Throws ArgumentError for an expert that this machine cannot use, fewer than two normals, no columns, a value that is not
// finite (named by row and column) or, if the expert uses labels, no anomalies; ShapeError if anomalies and normals differ in columns.
void check_support(const Expert& expert, MatrixView normals, MatrixView anomalies);

// A fitted expert whose rows and scores are checked here, so that each expert is left with its formula.
class Fitted : public FittedExpert {
 public:
  // name: as Expert::name(), which lives for ever. columns: D of the fitting rows.
  Fitted(std::string_view name, std::size_t columns) : name_(name), columns_(columns) {}

  // Throws ShapeError if columns or sizes disagree, ArgumentError for a value that is not finite (by row and column), NumericError if a
  // score overflows float.
  void score(MatrixView rows, std::span<float> out) const final;

 protected:
  std::size_t columns() const { return columns_; }

 private:
  // rows [M x columns()], finite; out [M].
  virtual void score_rows(MatrixView rows, std::span<float> out) const = 0;

  std::string_view name_;
  std::size_t columns_;
};

const Expert& robust_z_expert();
const Expert& ecod_expert();
const Expert& copod_expert();
const Expert& hbos_expert();
const Expert& mahalanobis_expert();
const Expert& pca_expert();
const Expert& knn_expert();
const Expert& lof_expert();
const Expert& one_class_svm_expert();
const Expert& isolation_forest_expert();
const Expert& extended_isolation_forest_expert();
const Expert& knn_difference_expert();
const Expert& logistic_expert();
const Expert& ridge_classifier_expert();
const Expert& lda_expert();
const Expert& extra_trees_expert();
const Expert& xgboost_expert();

}  // namespace oddshot
