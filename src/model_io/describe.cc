#include <algorithm>
#include <nlohmann/json.hpp>
#include <numeric>
#include <string_view>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "model_io/model_metadata.h"
#include "model_io/printable.h"
#include "oddshot/model_io/model_file.h"

namespace oddshot {
namespace {

using nlohmann::ordered_json;

constexpr std::size_t kSmoothing = 50;  // steps that a shown loss averages over, at most; a tenth of all if fewer

// First and last loss: a single step's is mostly the luck of its episodes, so a few are averaged.
struct LossSpan {
  double first = 0;
  double last = 0;
  std::size_t averaged = 0;
};

LossSpan loss_span(std::span<const float> losses) {
  const std::size_t count = std::clamp<std::size_t>(losses.size() / 10, 1, kSmoothing);
  const auto mean = [count](std::span<const float> part) {
    return std::accumulate(part.begin(), part.end(), 0.0) / static_cast<double>(count);
  };
  return {mean(losses.first(count)), mean(losses.last(count)), count};
}

std::size_t parameter_count(const Layout& layout) {
  return std::accumulate(layout.tensors().begin(), layout.tensors().end(), std::size_t{0},
                         [](std::size_t sum, const Tensor& tensor) { return sum + tensor.size(); });
}

// 1234567 as 1,234,567
std::string grouped(std::uint64_t number) {
  std::string digits = std::to_string(number);
  for (std::size_t at = digits.size(); at > 3; at -= 3) digits.insert(at - 3, 1, ',');
  return digits;
}

// The methods chosen and the best of the others, a line each: AUPRC at every number of shots.
std::string describe_selection(const Selection& selection, std::string_view learner) {
  constexpr std::size_t kShown = 8;
  std::string out = fmt::format("\nchosen by leaving {} training tasks out, in {} folds; mean AUPRC on them:\n  {:<28}", selection.tasks,
                                selection.folds, "shots");
  for (const std::size_t shots : selection.shots) out += fmt::format("{:>8}", shots);
  std::size_t shown = 0;
  for (const Selection::Candidate& candidate : selection.candidates) {
    const bool chosen = std::find(selection.chosen.begin(), selection.chosen.end(), candidate.method) != selection.chosen.end();
    if (!chosen && candidate.method != learner && shown >= kShown) continue;
    ++shown;
    out += fmt::format("\n  {:<28}", printable(candidate.method, kNameWidth));
    for (std::size_t i = 0; i < selection.shots.size(); ++i) {
      const std::string value = candidate.auprc[i] ? fmt::format("{:.3f}", *candidate.auprc[i]) : "-";
      out += fmt::format("{:>8}", selection.chosen[i] == candidate.method ? "*" + value : value);
    }
  }
  const std::size_t hidden = selection.candidates.size() - shown;
  out += fmt::format("\n  *: serves so many shots{}\n", hidden > 0 ? fmt::format("; {} more candidates are not shown", hidden) : "");
  return out;
}

std::string describe_text(const MetaModel& model, const Learner& learner) {
  const LearnerOptions& options = learner.options();
  const TrainingOptions& training = model.training;
  std::string out =
      fmt::format("Oddshot {}, format {}, written by Oddshot {}\n", model.adam_m ? "checkpoint of unfinished training" : "model",
                  kModelFormatVersion, printable(model.oddshot_version));
  const auto line = [&out](std::string_view what, const std::string& text) { out += fmt::format("  {:<12}{}\n", what, text); };
  // Not options.learn_inner_rates: some learners learn rates always, some never.
  const auto& tensors = learner.layout().tensors();
  const bool learned = std::any_of(tensors.begin(), tensors.end(), [](const Tensor& tensor) {
    return tensor.name.starts_with("inner_rate") || tensor.name == "optimizer.rate";
  });
  const std::string members = learner.name() == "committee" ? fmt::format(" of {}", fmt::join(options.committee, ", ")) : "";
  line("learner", fmt::format("{}{}{}", learner.name(), members,
                              learner.inner_steps() == 0 ? ""
                                                         : fmt::format(", {} inner steps, rate {}{}", learner.inner_steps(),
                                                                       options.inner_rate, learned ? " to start with, learned" : "")));
  line("encoder", fmt::format("{} -> {}{}{}, {}{}", options.encoder.inputs, fmt::join(options.encoder.hidden, " -> "),
                              options.encoder.hidden.empty() ? "" : " -> ", options.encoder.outputs, to_string(options.encoder.activation),
                              options.encoder.layer_norm ? ", layer normalisation" : ""));
  line("parameters", fmt::format("{} in {} tensors", grouped(parameter_count(learner.layout())), learner.layout().tensors().size()));
  if (training.space == Space::kTable) {
    line("columns", "those of any table");
  } else {
    line("columns", printable_list(model.preprocessor.schema_columns()));
    line("features", std::to_string(model.preprocessor.width()));
  }
  line("space", fmt::format("{}: {} numbers a row", to_string(training.space), options.encoder.inputs));
  line("suite", printable(model.suite));
  line("tasks", printable_list(model.training_tasks));
  line("episodes",
       fmt::format("shots {}; {} normals; query up to {} normals and {} anomalies; {} a step", fmt::join(training.shots, ", "),
                   training.episode.normals, training.episode.query_normals, training.episode.query_anomalies, training.tasks_per_step));
  line("sources", to_string(training.augment));
  line("training", fmt::format("{} of {} steps in {:.1f} s, rate {}, clip {}, seed {}", grouped(model.steps_done), grouped(training.steps),
                               model.training_seconds, training.rate, training.clip, training.seed));
  if (!model.losses.empty()) {
    const LossSpan loss = loss_span(model.losses);
    line("loss", fmt::format("{:.4f} -> {:.4f}{}", loss.first, loss.last,
                             loss.averaged == 1 ? "" : fmt::format(" (mean of the first and last {} steps)", loss.averaged)));
  }
  if (model.profile) {
    std::vector<std::size_t> shots;
    for (const ScoreProfile::AtShots& at : model.profile->shots) shots.push_back(at.shots);
    line("profile", fmt::format("of scores on training tasks with {} shots: they become probabilities", fmt::join(shots, ", ")));
  }
  if (model.selection) out += describe_selection(*model.selection, model.learner);
  return out;
}

std::string describe_json(const MetaModel& model, const Learner& learner) {
  ordered_json out = {{"kind", model.adam_m ? "checkpoint" : "model"}, {"format_version", kModelFormatVersion}};
  for (const auto& [key, text] : write_metadata(model, learner.options())) {
    if (key != "oddshot") out[key] = ordered_json::parse(text);
  }
  out["oddshot_version"] = model.oddshot_version;
  out["features"] = model.preprocessor.feature_names();
  out["parameters"] = parameter_count(learner.layout());
  for (const Tensor& tensor : learner.layout().tensors()) out["tensors"].push_back({{"name", tensor.name}, {"shape", tensor.shape}});
  if (!model.losses.empty()) {
    const LossSpan loss = loss_span(model.losses);
    out["loss"] = {{"first", loss.first}, {"last", loss.last}, {"averaged_steps", loss.averaged}};
  }
  return out.dump(2) + "\n";
}

}  // namespace

std::string describe(const MetaModel& model, bool json) {
  const std::unique_ptr<Learner> learner = make_learner(model);
  return json ? describe_json(model, *learner) : describe_text(model, *learner);
}

}  // namespace oddshot
