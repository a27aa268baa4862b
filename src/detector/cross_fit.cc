#include "detector/cross_fit.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "detector/encode.h"
#include "detector/stand_ins.h"
#include "oddshot/base/error.h"
#include "oddshot/evaluation/metrics.h"

namespace oddshot {
namespace {

constexpr std::size_t kFolds = 10;
constexpr std::size_t kLeftOutSingly = 20;  // so few normals that a tenth of them would be missed

std::vector<std::uint8_t> labels_of(const Support& all, std::span<const std::uint32_t> rows) {
  std::vector<std::uint8_t> labels;
  for (const auto r : rows) labels.push_back(all.labels[r]);
  return labels;
}

// Scores of `rows` of a support by an adapting to `kept` of it; nothing if these are too few to adapt to.
std::optional<std::vector<float>> scores_without(const Method& method, const Support& all, std::span<const std::uint32_t> kept,
                                                 std::span<const std::uint32_t> rows, Stream stream, std::size_t fewest) {
  const std::vector<std::uint8_t> labels = labels_of(all, kept);
  const auto shots = static_cast<std::size_t>(std::ranges::count(labels, std::uint8_t{1}));
  if (shots < method.minimum_shots() || labels.size() - shots < fewest) return std::nullopt;
  const Matrix support = gathered<float>(all.rows, kept);
  const Matrix query = gathered<float>(all.rows, rows);
  std::vector<float> scores(rows.size());
  method.adapt({support, labels}, stream)->score(query, scores);
  return scores;
}

std::size_t folds_of(const Support& all) {
  const auto anomalies = static_cast<std::size_t>(std::ranges::count(all.labels, std::uint8_t{1}));
  return anomalies == 0 ? 0 : std::clamp<std::size_t>(anomalies, 2, 5);
}

// The rows of each class go to the folds in turn.
LeftOut left_out(const Method& method, const Support& all, std::size_t folds, std::size_t fold, Stream stream, std::size_t fewest) {
  std::vector<std::uint32_t> kept, out;
  std::array<std::size_t, 2> seen{};
  for (std::uint32_t r = 0; r < all.labels.size(); ++r) (seen[all.labels[r]]++ % folds == fold ? out : kept).push_back(r);
  return {labels_of(all, out), scores_without(method, all, kept, out, stream, fewest)};
}

std::unique_ptr<Method> plain_method_of(const MetaModel& model, const std::string& expert) {
  if (expert.empty()) return learner_method(model);
  const Expert* found = find_expert(expert);
  if (found == nullptr) throw ArgumentError(fmt::format("there is no expert \"{}\"", expert));
  auto method = expert_method(*found);
  if (has_own_preprocessor(model)) return method;
  return on_view(std::move(method), model.views.spans().front());
}

}  // namespace

std::unique_ptr<Method> method_of(const MetaModel& model, const Preprocessor& preprocessor, const std::string& expert,
                                  std::size_t normals) {
  auto method = plain_method_of(model, expert);
  return normals >= kEnoughNormals ? std::move(method) : made_up(std::move(method), model, preprocessor);
}

std::vector<float> cross_fitted_scores(const Method& method, const Support& all, Stream stream, ThreadPool& pool, std::size_t fewest) {
  const auto normals = static_cast<std::size_t>(std::ranges::count(all.labels, std::uint8_t{0}));
  const std::size_t folds = normals <= kLeftOutSingly ? normals : kFolds;
  std::vector<float> scores(normals);
  pool.parallel_for(folds, [&](std::size_t fold, unsigned) {
    std::vector<std::uint32_t> kept, left_out;
    std::vector<std::size_t> places;
    std::size_t normal = 0;
    for (std::uint32_t r = 0; r < all.labels.size(); ++r) {
      const bool out = all.labels[r] == 0 && normal % folds == fold;
      (out ? left_out : kept).push_back(r);
      if (out) places.push_back(normal);
      if (all.labels[r] == 0) ++normal;
    }
    const auto found = scores_without(method, all, kept, left_out, stream, fewest);
    if (!found) throw ArgumentError("too few rows to calibrate by");
    for (std::size_t i = 0; i < places.size(); ++i) scores[places[i]] = (*found)[i];
  });
  return scores;
}

std::vector<LeftOut> left_out_folds(const Method& method, const Support& all, Stream stream, ThreadPool& pool, std::size_t fewest) {
  std::vector<LeftOut> by_fold(folds_of(all));
  pool.parallel_for(by_fold.size(),
                    [&](std::size_t fold, unsigned) { by_fold[fold] = left_out(method, all, by_fold.size(), fold, stream, fewest); });
  return by_fold;
}

Folded adapt_with_folds(const Method& method, const Support& all, Stream stream, ThreadPool& pool, std::size_t fewest) {
  Folded out;
  out.folds.resize(folds_of(all));
  pool.parallel_for(out.folds.size() + 1, [&](std::size_t i, unsigned) {
    if (i == 0) {
      out.whole = method.adapt(all, stream);
    } else {
      out.folds[i - 1] = left_out(method, all, out.folds.size(), i - 1, stream, fewest);
    }
  });
  return out;
}

std::vector<std::optional<double>> aurocs_of(std::span<const LeftOut> folds) {
  std::vector<std::optional<double>> out;
  for (const LeftOut& fold : folds) out.push_back(fold.scores ? auroc(*fold.scores, fold.labels) : std::nullopt);
  return out;
}

std::vector<float> anomaly_scores_of(std::span<const LeftOut> folds) {
  std::vector<float> out;
  for (const LeftOut& fold : folds) {
    for (std::size_t i = 0; fold.scores && i < fold.labels.size(); ++i) {
      if (fold.labels[i] == 1) out.push_back((*fold.scores)[i]);
    }
  }
  return out;
}

std::optional<double> mean_of(const std::vector<std::optional<double>>& values) {
  double sum = 0;
  std::size_t count = 0;
  for (const auto& value : values) {
    sum += value.value_or(0);
    count += value ? 1 : 0;
  }
  return count == 0 ? std::nullopt : std::optional(sum / static_cast<double>(count));
}

}  // namespace oddshot
