#include "sample_model.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

namespace oddshot {
namespace {

Preprocessor sample_preprocessor() {
  Table table;
  const float missing = std::numeric_limits<float>::quiet_NaN();
  table.columns = {
      {.name = "duration", .kind = ColumnKind::kNumeric, .numbers = {0, 3, missing, 10}, .codes = {}, .categories = {}},
      {.name = "service \xC3\xBC",
       .kind = ColumnKind::kCategory,
       .numbers = {},
       .codes = {0, 1, 0, 1},
       .categories = {"http", "say \"smtp\""}},
      {.name = "always", .kind = ColumnKind::kNumeric, .numbers = {1, 1, 1, 1}, .codes = {}, .categories = {}},
  };
  const std::vector<std::string> features = {"duration", "service \xC3\xBC", "always"};
  const std::vector<std::uint32_t> rows = {0, 1, 2, 3};
  return Preprocessor::fit(table, features, rows);
}

// Views of those features, each option other than its default, by a fit that has no rounding in it: a file made of it has the same bytes on
// any machine.
Views sample_views(const Preprocessor& preprocessor) {
  Matrix features(4, preprocessor.width());
  for (std::size_t r = 0; r < 4; ++r) features(r, 0) = static_cast<float>(r);
  for (std::size_t r = 0; r < 4; ++r) features(r, 2 + r % 2) = 1;
  const ViewOptions options = {.plain_clip = 7.5F,
                               .rank_clip = 4.5F,
                               .whitened_clip = 6.5F,
                               .whitened_shrinkage = 0.1F,
                               .joined_shrinkage = 0.3F,
                               .order_statistics = 3,
                               .indicators = 2,
                               .widest = 5};
  const Views fitted = Views::fit(features, preprocessor.feature_kinds(), options);
  std::vector<NamedTensor> tensors = fitted.tensors();
  for (NamedTensor& tensor : tensors) {
    float value = 0.125F;
    for (float& x : tensor.values) x = value += 0.375F;
  }
  return Views::from_parts(fitted.to_json(), std::move(tensors));
}

// Fills the layout's elements with distinct numbers that no decimal notation would keep; padding stays zero.
AlignedVector<float> numbers(const Layout& layout, float scale) {
  AlignedVector<float> flat(layout.size());
  for (const Tensor& tensor : layout.tensors()) {
    for (std::size_t i = 0; i < tensor.size(); ++i) flat[tensor.offset + i] = scale * static_cast<float>(tensor.offset + i + 1) / 3.0F;
  }
  return flat;
}

}  // namespace

MetaModel sample_model(bool checkpoint) {
  MetaModel model;
  model.preprocessor = sample_preprocessor();
  model.views = sample_views(model.preprocessor);
  model.reference = Matrix(2, model.views.width());
  for (std::size_t i = 0; i < 2 * model.views.width(); ++i) model.reference.data()[i] = static_cast<float>(i) / 3.0F;
  model.learner = "maml";
  model.learner_options.encoder = {
      .inputs = model.preprocessor.width(), .hidden = {3, 2}, .outputs = 1, .activation = Activation::kTanh, .layer_norm = true};
  model.learner_options.inner_steps = 2;
  model.learner_options.inner_rate = 0.3F;
  model.learner_options.learn_inner_rates = true;
  // Options of other learners: none has its default, so that none can be lost unseen.
  model.learner_options.embedding = 7;
  model.learner_options.inner_momentum = 0.7F;
  model.learner_options.multi_step_loss = true;
  model.learner_options.finetune_steps = 11;
  model.learner_options.prototypes = 3;
  model.learner_options.metric = Metric::kDiagonal;
  model.learner_options.margin = 1.3F;
  model.learner_options.contrast = Contrast::kSquared;
  model.learner_options.mining = Mining::kSemiHard;
  model.learner_options.proximity = 0.9F;
  model.learner_options.conjugate_steps = 4;
  model.learner_options.optimizer_width = 5;
  model.learner_options.members = 2;
  model.suite = "sample";
  model.training_tasks = {"back", "neptune", "tab\tand \xE2\x82\xAC"};
  model.training.steps = checkpoint ? 10 : 3;
  model.training.space = Space::kRaw;
  model.training.tasks_per_step = 4;
  model.training.episodes = 77;
  model.training.dropout = 0.35F;
  model.training.optimizer = Optimizer::kSgd;
  model.training.rate = 0.1F / 3.0F;
  model.training.warmup = 0.15F;
  model.training.clip = 2.5F;
  model.training.weight_decay = 0.04F;
  model.training.augment = parse_augment("real=0.4,clusters=0.35,tasks=99");
  model.training.shots = {1, 5, 10};
  model.training.episode.normals = 20;
  model.training.episode.query_normals = 33;
  model.training.episode.query_anomalies = 7;
  model.training.seed = std::numeric_limits<std::uint64_t>::max();
  model.losses = {0.75F, 0.7F, 1.0F / 3.0F};
  model.steps_done = 3;
  model.training_seconds = 1.0 / 7.0;
  model.oddshot_version = "0.1.0";
  const std::unique_ptr<Learner> learner = find_learner("maml")->make(model.learner_options);
  model.params = numbers(learner->layout(), -1);
  if (checkpoint) {
    model.adam_m = numbers(learner->layout(), 1e-3F);
    model.adam_v = numbers(learner->layout(), 1e-6F);
  }
  return model;
}

std::string difference(const MetaModel& a, const MetaModel& b) {
  std::string out;
  const auto differs = [&out](const char* part, bool differing) {
    if (differing) out += std::string(part) + " differs\n";
  };
  const auto bits_differ = [](const auto& x, const auto& y) {
    return x.size() != y.size() || (!x.empty() && std::memcmp(x.data(), y.data(), x.size() * sizeof(float)) != 0);
  };
  const auto moments_differ = [&](const auto& x, const auto& y) { return x.has_value() != y.has_value() || (x && bits_differ(*x, *y)); };
  const LearnerOptions& p = a.learner_options;
  const LearnerOptions& q = b.learner_options;
  differs("learner", a.learner != b.learner);
  differs("encoder.inputs", p.encoder.inputs != q.encoder.inputs);
  differs("encoder.hidden", p.encoder.hidden != q.encoder.hidden);
  differs("encoder.outputs", p.encoder.outputs != q.encoder.outputs);
  differs("encoder.activation", p.encoder.activation != q.encoder.activation);
  differs("encoder.layer_norm", p.encoder.layer_norm != q.encoder.layer_norm);
  differs("embedding", p.embedding != q.embedding);
  differs("inner_steps", p.inner_steps != q.inner_steps);
  differs("inner_rate", p.inner_rate != q.inner_rate);
  differs("learn_inner_rates", p.learn_inner_rates != q.learn_inner_rates);
  differs("finetune_steps", p.finetune_steps != q.finetune_steps);
  differs("inner_momentum", p.inner_momentum != q.inner_momentum);
  differs("multi_step_loss", p.multi_step_loss != q.multi_step_loss);
  differs("prototypes", p.prototypes != q.prototypes);
  differs("metric", p.metric != q.metric);
  differs("margin", p.margin != q.margin);
  differs("contrast", p.contrast != q.contrast);
  differs("mining", p.mining != q.mining);
  differs("proximity", p.proximity != q.proximity);
  differs("conjugate_steps", p.conjugate_steps != q.conjugate_steps);
  differs("optimizer_width", p.optimizer_width != q.optimizer_width);
  differs("members", p.members != q.members);
  differs("committee", p.committee != q.committee);
  differs("params", bits_differ(a.params, b.params));
  differs("preprocessor", a.preprocessor.to_json() != b.preprocessor.to_json());
  differs("views", a.views.to_json() != b.views.to_json() || a.views.tensors() != b.views.tensors());
  differs("preprocessor, views or reference", !see_alike(a, b));
  differs("suite", a.suite != b.suite);
  differs("training_tasks", a.training_tasks != b.training_tasks);
  differs("steps", a.training.steps != b.training.steps);
  differs("tasks_per_step", a.training.tasks_per_step != b.training.tasks_per_step);
  differs("space", a.training.space != b.training.space);
  differs("episodes", a.training.episodes != b.training.episodes);
  differs("dropout", a.training.dropout != b.training.dropout);
  differs("rate", a.training.rate != b.training.rate);
  differs("warmup", a.training.warmup != b.training.warmup);
  differs("weight_decay", a.training.weight_decay != b.training.weight_decay);
  differs("augment", !(a.training.augment == b.training.augment));
  differs("clip", a.training.clip != b.training.clip);
  differs("optimizer", a.training.optimizer != b.training.optimizer);
  differs("shots", a.training.shots != b.training.shots);
  differs("normals", a.training.episode.normals != b.training.episode.normals);
  differs("query_normals", a.training.episode.query_normals != b.training.episode.query_normals);
  differs("query_anomalies", a.training.episode.query_anomalies != b.training.episode.query_anomalies);
  differs("seed", a.training.seed != b.training.seed);
  differs("losses", bits_differ(a.losses, b.losses));
  differs("selection", a.selection != b.selection);
  differs("profile", a.profile != b.profile);
  differs("steps_done", a.steps_done != b.steps_done);
  differs("training_seconds", a.training_seconds != b.training_seconds);
  differs("oddshot_version", a.oddshot_version != b.oddshot_version);
  differs("adam_m", moments_differ(a.adam_m, b.adam_m));
  differs("adam_v", moments_differ(a.adam_v, b.adam_v));
  return out;
}

}  // namespace oddshot
