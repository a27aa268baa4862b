// Scores of a detector's own rows by adaptings that have not seen them.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "oddshot/base/random.h"
#include "oddshot/base/thread_pool.h"
#include "oddshot/detector/detector.h"
#include "oddshot/evaluation/methods.h"

namespace oddshot {

// What a randomised method draws from: the same model and rows give the same detector.
inline Stream adapting_stream(const MetaModel& model) { return {model.training.seed, Purpose::kForest, 0}; }

// The model's own method, or an expert (on the plain view), for a detector of so many normals: where these are fewer than kEnoughNormals,
// it makes supports up to so many (stand_ins.h), and model and preprocessor must live on. Throws ArgumentError if there is no such expert.
std::unique_ptr<Method> method_of(const MetaModel& model, const Preprocessor& preprocessor, const std::string& expert, std::size_t normals);

// Normals that a method needs which makes up none.
inline constexpr std::size_t kLeftToAdaptTo = 2;

// Of the support's normals in their order, [normals]: they are dealt into folds, 10 or as many as there are normals up to 20, and each fold
// is scored by an adapting to the other normals and all anomalies. Throws ArgumentError if fewer than `fewest` normals are left.
std::vector<float> cross_fitted_scores(const Method& method, const Support& all, Stream stream, ThreadPool& pool,
                                       std::size_t fewest = kLeftToAdaptTo);

// One fold's rows and their scores by an adapting to the others; without scores where too few are left.
struct LeftOut {
  std::vector<std::uint8_t> labels;
  std::optional<std::vector<float>> scores;
};
// Folds, as many as there are anomalies, 2 to 5, each scored by an adapting without its share of both classes. Empty without an anomaly.
std::vector<LeftOut> left_out_folds(const Method& method, const Support& all, Stream stream, ThreadPool& pool,
                                    std::size_t fewest = kLeftToAdaptTo);
// The same and the adapting to all rows, side by side.
struct Folded {
  std::vector<LeftOut> folds;
  std::unique_ptr<Scorer> whole;
};
Folded adapt_with_folds(const Method& method, const Support& all, Stream stream, ThreadPool& pool, std::size_t fewest = kLeftToAdaptTo);
// AUROC of each fold; nothing of one without scores.
std::vector<std::optional<double>> aurocs_of(std::span<const LeftOut> folds);
// The scores of the support's anomalies.
std::vector<float> anomaly_scores_of(std::span<const LeftOut> folds);
// Of those there are.
std::optional<double> mean_of(const std::vector<std::optional<double>>& values);

}  // namespace oddshot
