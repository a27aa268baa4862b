// What can be evaluated: meta-learned models, experts, and the baselines, each as a Method.
#pragma once

#include <map>
#include <memory>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "oddshot/data/view_span.h"
#include "oddshot/evaluation/evaluate.h"
#include "oddshot/experts/expert.h"
#include "oddshot/learners/deep_sad.h"
#include "oddshot/learners/devnet.h"
#include "oddshot/learners/mlp_scratch.h"
#include "oddshot/model_io/model_file.h"

namespace oddshot {

// The learner that is chosen for a suite (select.h), and the name that its models go by.
inline constexpr std::string_view kAutoLearner = "auto";
// The mean of a row's scores in score space: every simple detector has the same say.
inline constexpr std::string_view kMeanScore = "mean-score";
// In lists of baselines: every one on the plain columns; every simple method on every view (experiment.h, expanded_baselines).
inline constexpr std::string_view kAllBaselines = "all";
inline constexpr std::string_view kEverywhere = "everywhere";

// Joined rows as methods see them: the views, and the spaces on them, each made once for all methods that ask for it.
class SharedSpaces {
 public:
  // reference: as for InputSpace; it must live on.
  SharedSpaces(std::span<const ViewSpan> views, const Matrix& reference) : views_(views.begin(), views.end()), reference_(reference) {}

  std::span<const ViewSpan> views() const { return views_; }
  std::shared_ptr<const InputSpace> get(Space space, ScoreList list = kLatestScores);

 private:
  std::vector<ViewSpan> views_;
  const Matrix& reference_;
  std::map<std::pair<Space, ScoreList>, std::shared_ptr<const InputSpace>> made_;
};

// A trained model under the name of its learner (of its selection: kAutoLearner, and each support gets the method chosen for so many
// anomalies), or of another learner whose training it serves ("pooled-finetuned" of a "pooled" model). Throws ArgumentError if that learner
// is trained otherwise.
std::unique_ptr<Method> learner_method(MetaModel model);
std::unique_ptr<Method> learner_method(MetaModel model, std::string_view as);
// Of a model with the views and reference that `spaces` are of.
std::unique_ptr<Method> learner_method(MetaModel model, SharedSpaces& spaces);
// Fitted on the support normals ("expert"), or on both classes ("supervised"). The expert must live on.
std::unique_ptr<Method> expert_method(const Expert& expert);
// kMeanScore, in a space of scores.
std::unique_ptr<Method> mean_score_method(std::shared_ptr<const InputSpace> scores);
// Networks trained on the support alone: "mlp-scratch", "devnet", "deep-sad".
std::unique_ptr<Method> mlp_scratch_method(const MlpScratchOptions& options);
std::unique_ptr<Method> devnet_method(const DevNetOptions& options = {});
std::unique_ptr<Method> deep_sad_method(const DeepSadOptions& options = {});

// `method` on one view of the joined rows it is given, under its own name on the plain view and as "knn@whitened" on others.
std::unique_ptr<Method> on_view(std::unique_ptr<Method> method, const ViewSpan& span);
// A method on the normal quantiles of the columns' ranks among the support's own normals (at least 2): the view "rank" of a table that
// nothing was fitted on beforehand.
std::unique_ptr<Method> on_ranks(std::unique_ptr<Method> method);

// "knn@whitened" taken apart; without "@" the view is the plain one.
struct SimpleName {
  explicit SimpleName(std::string_view name);
  std::string_view method;
  std::string_view view;
};
// An expert, "devnet" or "deep-sad", of rows that are nothing but what it is to see. Throws ArgumentError if there is no such method, or if
// this machine cannot use it.
std::unique_ptr<Method> simple_method(std::string_view name);
// The same on the view it names, or kMeanScore of that list of scores; of joined rows. Throws ArgumentError also if there is no such view.
std::unique_ptr<Method> simple_method(std::string_view name, SharedSpaces& spaces, ScoreList list = kLatestScores);

// Every baseline, in the order of tables: the experts, whether or not this machine can use them; kMeanScore, "mlp-scratch", "devnet",
// "deep-sad", "pooled", "pooled-finetuned".
std::vector<std::string_view> baseline_names();
// Why this machine cannot use that baseline, in words that follow its name; empty if it can.
std::string_view missing_for(std::string_view baseline);
// Whether it is an expert or a network trained on the support alone: what can be run on any view.
bool takes_views(std::string_view baseline);

}  // namespace oddshot
