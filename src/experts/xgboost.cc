// Gradient-boosted trees of the known anomalies against the normals, by XGBoost's own library, where this machine has it
// (xgboost_library.h): the logistic loss, classes balanced, 50 rounds of trees of depth 3 at its usual rate of 0.3; the score is the log
// odds. Leaves may weigh as little as they like (min_child_weight = 0): else a support of a few rows is never split. One thread, since
// draws run beside each other.
// Fitting scores: cross-fitted, the normals left out in 5 parts.
// Source: Chen, Guestrin 2016, arXiv:1603.02754.
#include <algorithm>
#include <limits>
#include <mutex>
#include <utility>

#include <fmt/format.h>

#include "experts/cross_fit.h"
#include "experts/fitted.h"
#include "experts/xgboost_library.h"
#include "oddshot/base/error.h"

namespace oddshot {
namespace {

constexpr int kRounds = 50;
constexpr std::size_t kParts = 5;

using Handle = XgboostLibrary::Handle;

void check(int status) {
  if (status != 0) throw NumericError(fmt::format("xgboost: {}", xgboost_library().last_error()));
}

// A handle with the function that frees it.
class Owned {
 public:
  Owned(Handle handle, int (*release)(Handle)) : handle_(handle), release_(release) {}
  Owned(Owned&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)), release_(other.release_) {}
  Owned(const Owned&) = delete;
  Owned& operator=(const Owned&) = delete;
  Owned& operator=(Owned&&) = delete;
  ~Owned() {
    if (handle_ != nullptr) release_(handle_);
  }
  Handle get() const { return handle_; }

 private:
  Handle handle_;
  int (*release_)(Handle);
};

Owned matrix_of(const Matrix& rows) {
  const XgboostLibrary& library = xgboost_library();
  Handle handle = nullptr;
  check(library.matrix_create(rows.data(), rows.rows(), rows.cols(), std::numeric_limits<float>::quiet_NaN(), &handle));
  return {handle, library.matrix_free};
}

Owned booster_for(const Owned& matrix) {
  const XgboostLibrary& library = xgboost_library();
  const Handle matrices[] = {matrix.get()};
  Handle handle = nullptr;
  check(library.booster_create(matrices, 1, &handle));
  return {handle, library.booster_free};
}

class FittedXgboost final : public Fitted {
 public:
  FittedXgboost(std::string_view name, MatrixView normals, MatrixView anomalies)
      : Fitted(name, normals.cols), normals_(copied(normals)), anomalies_(copied(anomalies)), booster_(train(normals_, anomalies_)) {}

  std::vector<float> fitting_scores() const override {
    return cross_fitted(normals_, kParts, [&](const Matrix& rest) { return std::make_unique<FittedXgboost>("xgboost", rest, anomalies_); });
  }

 private:
  static Owned train(const Matrix& normals, const Matrix& anomalies) {
    const XgboostLibrary& library = xgboost_library();
    Matrix rows(normals.rows() + anomalies.rows(), normals.cols());
    std::copy_n(normals.data(), normals.rows() * normals.cols(), rows.data());
    std::copy_n(anomalies.data(), anomalies.rows() * anomalies.cols(), rows.row(normals.rows()).data());
    std::vector<float> labels(rows.rows());
    std::fill(labels.begin() + static_cast<std::ptrdiff_t>(normals.rows()), labels.end(), 1.0F);
    const Owned matrix = matrix_of(rows);
    check(library.matrix_set_floats(matrix.get(), "label", labels.data(), labels.size()));
    Owned booster = booster_for(matrix);
    const std::string balance = fmt::format("{}", static_cast<double>(normals.rows()) / static_cast<double>(anomalies.rows()));
    const std::pair<const char*, const char*> settings[] = {{"objective", "binary:logistic"},
                                                            {"scale_pos_weight", balance.c_str()},
                                                            {"max_depth", "3"},
                                                            {"min_child_weight", "0"},
                                                            {"base_score", "0.5"},
                                                            {"tree_method", "exact"},
                                                            {"nthread", "1"},
                                                            {"seed", "0"},
                                                            {"verbosity", "0"}};
    for (const auto& [name, value] : settings) check(library.booster_set(booster.get(), name, value));
    for (int round = 0; round < kRounds; ++round) check(library.booster_update(booster.get(), round, matrix.get()));
    return booster;
  }

  void score_rows(MatrixView rows, std::span<float> out) const override {
    constexpr const char* kConfig = R"({"type": 1, "training": false, "iteration_begin": 0, "iteration_end": 0, "strict_shape": false})";
    const Owned matrix = matrix_of(copied(rows));
    const std::uint64_t* shape = nullptr;
    std::uint64_t dimensions = 0;
    const float* result = nullptr;
    const std::scoped_lock lock(mutex_);  // the result lies in the booster until the next call
    check(xgboost_library().booster_predict(booster_.get(), matrix.get(), kConfig, &shape, &dimensions, &result));
    if (dimensions == 0 || shape[0] != out.size()) throw NumericError("xgboost: another number of scores than rows");
    std::copy_n(result, out.size(), out.data());
  }

  Matrix normals_;
  Matrix anomalies_;
  Owned booster_;
  mutable std::mutex mutex_;
};

class Xgboost final : public Expert {
 public:
  std::string_view name() const override { return "xgboost"; }
  bool uses_labels() const override { return true; }
  std::string_view missing() const override { return xgboost_library().missing; }
  std::unique_ptr<FittedExpert> fit(MatrixView normals, MatrixView anomalies, Stream /*stream*/) const override {
    check_support(*this, normals, anomalies);
    return std::make_unique<FittedXgboost>(name(), normals, anomalies);
  }
};

}  // namespace

const Expert& xgboost_expert() {
  static const Xgboost expert;
  return expert;
}

}  // namespace oddshot
