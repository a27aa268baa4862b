#include "oddshot/detector/detector.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include <fmt/format.h>

#include "detector/cross_fit.h"
#include "detector/encode.h"
#include "detector/stand_ins.h"
#include "oddshot/base/error.h"
#include "oddshot/base/random.h"
#include "oddshot/evaluation/methods.h"
#include "oddshot/evaluation/metrics.h"

namespace oddshot {
namespace {

constexpr std::size_t kRows = 256;  // scored at a time by one thread: a thousand are work for four

void check_support(const Method& method, MatrixView rows, std::span<const std::uint8_t> labels, std::size_t width) {
  if (rows.rows != labels.size()) throw ShapeError(fmt::format("{} labels for {} rows", labels.size(), rows.rows));
  if (rows.cols != width) throw ShapeError(fmt::format("rows of {} features where {} belong", rows.cols, width));
  const auto shots = static_cast<std::size_t>(std::ranges::count(labels, std::uint8_t{1}));
  if (shots < method.minimum_shots()) {
    throw ArgumentError(fmt::format("learner {} needs at least {} labelled anomal{}, and there {} {}", method.name(),
                                    method.minimum_shots(), method.minimum_shots() == 1 ? "y" : "ies", shots == 1 ? "is" : "are", shots));
  }
  if (const std::size_t normals = labels.size() - shots; normals < kFewestNormals) {
    throw ArgumentError(
        fmt::format("{} row{} known to be normal; adapting needs at least {}", normals, normals == 1 ? " is" : "s are", kFewestNormals));
  }
}

}  // namespace

Detector::Detector(MetaModel model, DetectorParts parts) : Detector(std::move(model), std::move(parts), nullptr) {}

Detector::Detector(MetaModel model, DetectorParts parts, std::unique_ptr<Scorer> scorer)
    : model_(std::move(model)), parts_(std::move(parts)), scorer_(std::move(scorer)) {
  if (model_.adam_m) {
    throw ArgumentError(fmt::format("the model is a checkpoint after step {} of {}; finish it with oddshot train --resume",
                                    model_.steps_done, model_.training.steps));
  }
  const std::unique_ptr<Method> method = method_of(model_, preprocessor(), parts_.method, normals());
  const std::size_t width = encoded_width(model_, preprocessor());
  const DetectorRows& rows = parts_.rows;
  check_support(*method, rows.support, rows.labels, width);
  if (rows.held_back.rows() > 0 && rows.held_back.cols() != width) {
    throw ShapeError(fmt::format("rows of {} features held back where {} belong", rows.held_back.cols(), width));
  }
  if (calibration().present()) {
    const std::size_t own = calibration().scheme() == CalibrationScheme::kHeldBack ? 0 : normals();
    if (calibration().size() != own + rows.held_back.rows()) {
      throw ShapeError(fmt::format("{} scores for {} calibrators", calibration().size(), own + rows.held_back.rows()));
    }
  }
  if (!scorer_) scorer_ = method->adapt(support(), adapting_stream(model_));
}

const Preprocessor& Detector::preprocessor() const { return has_own_preprocessor(model_) ? parts_.rows.own : model_.preprocessor; }

std::size_t Detector::normals() const { return static_cast<std::size_t>(std::ranges::count(parts_.rows.labels, std::uint8_t{0})); }

Matrix Detector::encode(const Table& table) const {
  std::vector<std::uint32_t> all(table.rows());
  std::iota(all.begin(), all.end(), 0U);
  return encode_rows(model_, preprocessor(), table, all);
}

std::vector<float> Detector::score_encoded(MatrixView rows, ThreadPool& pool) const {
  std::vector<float> scores(rows.rows);
  pool.parallel_for((rows.rows + kRows - 1) / kRows, [&](std::size_t i, unsigned) {
    const std::size_t first = i * kRows;
    const std::size_t count = std::min(kRows, scores.size() - first);
    scorer_->score(rows.slice(first, count), std::span(scores).subspan(first, count));
  });
  return scores;
}

std::vector<float> Detector::score(const Table& table, ThreadPool& pool) const { return score_encoded(encode(table), pool); }

std::optional<double> Detector::left_out_auroc(ThreadPool& pool) const {
  if (!fold_aurocs_.empty()) return mean_of(fold_aurocs_);
  const std::unique_ptr<Method> serving = method_of(model_, preprocessor(), method(), normals());
  return mean_of(aurocs_of(left_out_folds(*serving, support(), adapting_stream(model_), pool, fewest_normals(model_, normals()))));
}

}  // namespace oddshot
