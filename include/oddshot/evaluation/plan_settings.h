// The settings of a plan by name: "inner-steps" is --inner-steps on the command line and inner_steps in Python. What Python takes, and what
// the command line gives a default of its own, go by this list.
#pragma once

#include <string_view>

#include "oddshot/evaluation/experiment.h"

namespace oddshot {

// Calls visit(name, fields...) for each setting that training or judging has, with the field of each plan. A field is a whole number, a
// float, a bool, a list of whole numbers or of texts, or of a type that read_setting() reads.
template <class Visit, class... Plans>
void for_each_setting(Visit&& visit, Plans&... plans) {
  visit("space", plans.training.space...);
  visit("steps", plans.training.steps...);
  visit("episodes", plans.training.episodes...);
  visit("tasks-per-step", plans.training.tasks_per_step...);
  visit("dropout", plans.training.dropout...);
  visit("rate", plans.training.rate...);
  visit("warmup", plans.training.warmup...);
  visit("weight-decay", plans.training.weight_decay...);
  visit("optimizer", plans.training.optimizer...);
  visit("augment", plans.training.augment...);
  visit("inner-steps", plans.learner.inner_steps...);
  visit("inner-rate", plans.learner.inner_rate...);
  visit("inner-momentum", plans.learner.inner_momentum...);
  visit("multi-step-loss", plans.learner.multi_step_loss...);
  visit("learn-inner-rates", plans.learner.learn_inner_rates...);
  visit("finetune-steps", plans.learner.finetune_steps...);
  visit("hidden", plans.learner.encoder.hidden...);
  visit("embedding", plans.learner.embedding...);
  visit("prototypes", plans.learner.prototypes...);
  visit("metric", plans.learner.metric...);
  visit("margin", plans.learner.margin...);
  visit("contrast", plans.learner.contrast...);
  visit("mining", plans.learner.mining...);
  visit("proximity", plans.learner.proximity...);
  visit("conjugate-steps", plans.learner.conjugate_steps...);
  visit("optimizer-width", plans.learner.optimizer_width...);
  visit("members", plans.learner.members...);
  visit("committee", plans.learner.committee...);
  visit("activation", plans.learner.encoder.activation...);
  visit("layer-norm", plans.learner.encoder.layer_norm...);
  visit("normals", plans.evaluation.normals...);
  visit("shots", plans.evaluation.shots...);
  visit("repeats", plans.evaluation.repeats...);
  visit("query-normals", plans.evaluation.query_normals...);
  visit("query-anomalies", plans.evaluation.query_anomalies...);
  visit("seed", plans.evaluation.seed...);
}

// Settings that are words. Throw ArgumentError naming the choices.
inline void read_setting(std::string_view text, Space& field) { field = parse_space(text); }
inline void read_setting(std::string_view text, Optimizer& field) { field = parse_optimizer(text); }
inline void read_setting(std::string_view text, AugmentOptions& field) { field = parse_augment(text); }
inline void read_setting(std::string_view text, Metric& field) { field = parse_metric(text); }
inline void read_setting(std::string_view text, Contrast& field) { field = parse_contrast(text); }
inline void read_setting(std::string_view text, Mining& field) { field = parse_mining(text); }
inline void read_setting(std::string_view text, Activation& field) { field = parse_activation(text); }

}  // namespace oddshot
