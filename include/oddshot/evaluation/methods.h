// What can be evaluated: meta-learned models, experts, and the baselines, each as a Method.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "oddshot/data/view_span.h"
#include "oddshot/evaluation/evaluate.h"
#include "oddshot/experts/expert.h"
#include "oddshot/learners/mlp_scratch.h"
#include "oddshot/model_io/model_file.h"

namespace oddshot {

// A trained model under the name of its learner, or of another learner whose training it serves ("pooled-finetuned" of a "pooled" model).
// Throws ArgumentError if that learner is trained otherwise.
std::unique_ptr<Method> learner_method(MetaModel model);
std::unique_ptr<Method> learner_method(MetaModel model, std::string_view as);
// Fitted on the support normals ("expert"), or on both classes ("supervised"). The expert must live on.
std::unique_ptr<Method> expert_method(const Expert& expert);
// "mlp-scratch".
std::unique_ptr<Method> mlp_scratch_method(const MlpScratchOptions& options);

// `method` on one view of the joined rows it is given, under its own name on the plain view and as "knn@whitened" on others.
std::unique_ptr<Method> on_view(std::unique_ptr<Method> method, const ViewSpan& span);

// Every baseline, in the order of tables: the experts, "mlp-scratch", "pooled", "pooled-finetuned".
std::vector<std::string_view> baseline_names();

}  // namespace oddshot
