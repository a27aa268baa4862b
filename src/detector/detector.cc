#include "oddshot/detector/detector.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include <fmt/format.h>

#include "detector/encode.h"
#include "oddshot/base/error.h"
#include "oddshot/base/random.h"
#include "oddshot/evaluation/methods.h"
#include "oddshot/evaluation/metrics.h"

namespace oddshot {
namespace {

constexpr std::size_t kRows = 1024;  // scored at a time by one thread

// What a randomised method draws from: the same model and rows give the same detector.
Stream stream_of(const MetaModel& model) { return {model.training.seed, Purpose::kForest, 0}; }

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

Detector::Detector(MetaModel model, Preprocessor own, Matrix rows, std::vector<std::uint8_t> labels)
    : model_(std::move(model)), own_(std::move(own)), rows_(std::move(rows)), labels_(std::move(labels)) {
  if (model_.adam_m) {
    throw ArgumentError(fmt::format("the model is a checkpoint after step {} of {}; finish it with oddshot train --resume",
                                    model_.steps_done, model_.training.steps));
  }
  const std::unique_ptr<Method> method = learner_method(model_);
  check_support(*method, rows_, labels_, encoded_width(model_, preprocessor()));
  scorer_ = method->adapt(support(), stream_of(model_));
}

const Preprocessor& Detector::preprocessor() const { return has_own_preprocessor(model_) ? own_ : model_.preprocessor; }

std::size_t Detector::normals() const { return static_cast<std::size_t>(std::ranges::count(labels_, std::uint8_t{0})); }

std::vector<float> Detector::score(const Table& table, ThreadPool& pool) const {
  std::vector<std::uint32_t> all(table.rows());
  std::iota(all.begin(), all.end(), 0U);
  const Matrix rows = encode_rows(model_, preprocessor(), table, all);
  std::vector<float> scores(all.size());
  pool.parallel_for((all.size() + kRows - 1) / kRows, [&](std::size_t i, unsigned) {
    const std::size_t first = i * kRows;
    const std::size_t count = std::min(kRows, scores.size() - first);
    scorer_->score(rows.view().slice(first, count), std::span(scores).subspan(first, count));
  });
  return scores;
}

std::optional<double> left_out_auroc(const Detector& detector, ThreadPool& pool) {
  if (detector.anomalies() == 0) return std::nullopt;
  const std::unique_ptr<Method> method = learner_method(detector.model());
  const Support all = detector.support();
  const std::size_t folds = std::clamp<std::size_t>(detector.anomalies(), 2, 5);
  std::vector<std::optional<double>> by_fold(folds);
  pool.parallel_for(folds, [&](std::size_t fold, unsigned) {
    // The rows of each class go to the folds in turn.
    std::vector<std::uint32_t> kept, left_out;
    std::size_t seen[2] = {0, 0};
    for (std::uint32_t r = 0; r < all.labels.size(); ++r) {
      (seen[all.labels[r]]++ % folds == fold ? left_out : kept).push_back(r);
    }
    const auto labels_of = [&](const std::vector<std::uint32_t>& rows) {
      std::vector<std::uint8_t> labels;
      for (const auto r : rows) labels.push_back(all.labels[r]);
      return labels;
    };
    const std::vector<std::uint8_t> labels = labels_of(kept);
    const auto shots = static_cast<std::size_t>(std::ranges::count(labels, std::uint8_t{1}));
    if (shots < method->minimum_shots() || labels.size() - shots < 2) return;
    const Matrix support = gathered<float>(all.rows, kept);
    const Matrix query = gathered<float>(all.rows, left_out);
    std::vector<float> scores(left_out.size());
    method->adapt({support, labels}, stream_of(detector.model()))->score(query, scores);
    by_fold[fold] = auroc(scores, labels_of(left_out));
  });
  double sum = 0;
  std::size_t count = 0;
  for (const auto& value : by_fold) {
    sum += value.value_or(0);
    count += value ? 1 : 0;
  }
  return count == 0 ? std::nullopt : std::optional(sum / static_cast<double>(count));
}

}  // namespace oddshot
