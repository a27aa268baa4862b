// Experts: classical detectors that need no meta-training. Baselines, cold start and features in one.
#pragma once

#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "oddshot/base/matrix.h"
#include "oddshot/base/random.h"

namespace oddshot {

// A fitted detector. Scores rise with abnormality. Const methods may be called concurrently. Owns all it needs.
class Scorer {
 public:
  virtual ~Scorer() = default;
  // out[i] = score of rows.row(i); rows [N x D], out [N], D as in fitting. A row's score does not depend on the rows beside it.
  // Throws ShapeError if sizes differ, ArgumentError (naming row and column) for a value that is not finite, NumericError if a score is
  // beyond the range of float.
  virtual void score(MatrixView rows, std::span<float> out) const = 0;
};

// A fitted expert also knows how its own fitting rows would have scored had each been left out.
class FittedExpert : public Scorer {
 public:
  // Leave-one-out (or out-of-bag) scores of the fitting normals: [normals.rows]. Where the rows that are left say nothing (lof and
  // isolation-forest on two normals), they are NaN. knn, lof, knn-difference, both isolation forests, pca and one-class-svm compute them on
  // each call, the last two by refitting.
  virtual std::vector<float> fitting_scores() const = 0;
};

class Expert {
 public:
  virtual ~Expert() = default;
  // As on the command line and in results: "knn", "isolation-forest".
  virtual std::string_view name() const = 0;
  // Whether the support's anomalies are used; such an expert refuses (ArgumentError) to be fitted without any.
  virtual bool uses_labels() const = 0;
  // Why it cannot be used on this machine, in words that follow its name; empty if it can. fit() then throws ArgumentError.
  virtual std::string_view missing() const { return {}; }
  // Fits on normals [N x D], N >= 2, and anomalies [A x D] (unused unless uses_labels()). `stream` is for randomised experts; the same
  // stream gives the same scorer. Throws ShapeError, ArgumentError (too few rows; a value that is not finite, by row and column).
  virtual std::unique_ptr<FittedExpert> fit(MatrixView normals, MatrixView anomalies, Stream stream) const = 0;
};

// Every expert, in the order of tables: robust-z, ecod, copod, hbos, mahalanobis, pca, knn, lof, one-class-svm, isolation-forest,
// extended-isolation-forest, then those that use labels: knn-difference, logistic, ridge-classifier, lda, extra-trees, xgboost.
std::span<const Expert* const> known_experts();
// Those of them that this machine can use: all but xgboost, which needs a library of that name.
std::span<const Expert* const> experts();
// The expert of that name, usable here or not, or null.
const Expert* find_expert(std::string_view name);

}  // namespace oddshot
