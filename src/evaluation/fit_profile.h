// A model's score profile, fitted to fresh draws of its training tasks.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "oddshot/base/thread_pool.h"
#include "oddshot/model_io/model_file.h"
#include "oddshot/model_io/score_profile.h"
#include "oddshot/tasks/task.h"

namespace oddshot {

// The query of one draw: which of its normals are calibrators (every other one, at most 200), which rows are judged by them.
struct JudgedDraw {
  ScoreScale scale;
  std::vector<float> scores;         // [J] of the rows that are judged
  std::vector<std::uint8_t> labels;  // [J]; 1 anomaly
};
// scores and labels [Q] of a query. Nothing if it has fewer than ten normals, or no anomaly.
std::optional<JudgedDraw> judged(std::span<const float> scores, std::span<const std::uint8_t> labels);

// The log-odds of an anomaly by logistic regression, in which every draw and, in it, each class counts alike; a slope below 0 is 0.
// Newton's method, a slight pull to 0 keeps it finite where the classes are apart. No draw: all 0.
void fit_log_odds(std::span<const JudgedDraw> draws, ScoreProfile::AtShots& fit);

// At every number of shots that the model was trained at, over at most 60 draws spread over the tasks. Nothing if no task has rows enough.
// Depends on model and tasks alone.
std::optional<ScoreProfile> fit_profile(const MetaModel& model, std::span<const Task> training, ThreadPool& pool);

}  // namespace oddshot
