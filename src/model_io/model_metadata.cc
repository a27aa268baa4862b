#include "model_io/model_metadata.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <functional>
#include <string_view>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "data/cell.h"
#include "data/strict_json.h"
#include "model_io/metadata_texts.h"
#include "oddshot/base/error.h"

namespace oddshot {
namespace {

using data::in_quotes;

using nlohmann::ordered_json;

constexpr std::string_view kKeys[] = {"oddshot", "learner",  "encoder",  "preprocessor", "views",
                                      "columns", "training", "progress", "selection",    "profile"};

// The shortest decimal that reads back as this float: 0.1 rather than 0.10000000149011612.
double shortest(float value) {
  const std::string text = fmt::format("{}", value);
  double decimal = 0;
  std::from_chars(text.data(), text.data() + text.size(), decimal);
  return static_cast<float>(decimal) == value ? decimal : double{value};
}

std::string text_of(const ordered_json& json) {
  try {
    return json.dump();
  } catch (const nlohmann::json::type_error&) {
    throw ArgumentError("a name within the model is not UTF-8 text");
  }
}

// The format's version. Refuses all but a model of a format we know, first of all: a later one may look different everywhere else.
std::uint64_t check_kind(const std::map<std::string, std::string>& metadata, const std::string& file, MetaModel& model) {
  if (!metadata.contains("oddshot")) {
    throw FormatError(fmt::format("{}: a safetensors file, but not a model of Oddshot: it has no metadata \"oddshot\"", file));
  }
  JsonObject oddshot = MetadataTexts(metadata, file).object("oddshot");
  const std::uint64_t version = oddshot.whole("format_version");
  if (version > kModelFormatVersion) {
    throw FormatError(fmt::format("{}: a model file of format {}; this Oddshot reads formats up to {}: use a newer one", file, version,
                                  kModelFormatVersion));
  }
  if (version == 0) oddshot.refuse("format_version: 0 where 1 or more belongs");
  const std::string content = oddshot.text("content");
  if (content == "detector") {
    throw FormatError(
        fmt::format("{}: a detector, not a model; rows are scored, explained and updated by it, and models are made by training", file));
  }
  if (content != "model") {
    oddshot.refuse(fmt::format("content: {} where \"model\" belongs", in_quotes(content)));
  }
  model.oddshot_version = oddshot.text("version");
  oddshot.finish();
  return version;
}

// What committees were made of before their files told.
const std::vector<std::string> kFirstCommittee = {"score-net", "in-context"};

void read_learner(const MetadataTexts& texts, std::uint64_t version, MetaModel& model) {
  JsonObject learner = texts.object("learner");
  model.learner = learner.text("name");
  LearnerOptions& options = model.learner_options;
  options.embedding = learner.whole("embedding");
  options.inner_steps = learner.whole("inner_steps");
  options.inner_rate = learner.number32("inner_rate");
  options.learn_inner_rates = learner.flag("learn_inner_rates");
  options.finetune_steps = learner.whole("finetune_steps");
  options.inner_momentum = learner.number32("inner_momentum");
  options.multi_step_loss = learner.flag("multi_step_loss");
  options.prototypes = learner.whole("prototypes");
  options.margin = learner.number32("margin");
  options.proximity = learner.number32("proximity");
  options.conjugate_steps = learner.whole("conjugate_steps");
  options.optimizer_width = learner.whole("optimizer_width");
  options.members = learner.whole("members");
  if (version >= 3) {
    options.committee = learner.texts("committee");
    if (model.learner == "committee" && options.committee.empty()) learner.refuse("committee: it has no learner");
  } else if (model.learner == "committee") {
    options.committee = kFirstCommittee;
  }
  for (const std::string& name : options.committee) {
    if (find_learner(name) == nullptr) learner.refuse(fmt::format("committee: {} is no learner", in_quotes(name)));
  }
  const std::string metric = learner.text("metric");
  const std::string contrast = learner.text("contrast");
  const std::string mining = learner.text("mining");
  learner.finish();
  as_format_error(texts.where("learner"), [&] {
    options.metric = parse_metric(metric);
    options.contrast = parse_contrast(contrast);
    options.mining = parse_mining(mining);
    options.validate();
  });
}

void read_encoder(const MetadataTexts& texts, EncoderSpec& spec) {
  JsonObject encoder = texts.object("encoder");
  spec.inputs = encoder.whole("inputs");
  const std::vector<std::uint64_t> hidden = encoder.wholes("hidden");
  spec.hidden.assign(hidden.begin(), hidden.end());
  spec.outputs = encoder.whole("outputs");
  const std::string activation = encoder.text("activation");
  spec.activation = as_format_error(texts.where("encoder"), [&] { return parse_activation(activation); });
  spec.layer_norm = encoder.flag("layer_norm");
  encoder.finish();
  as_format_error(texts.where("encoder"), [&] { spec.validate(); });
}

void read_preprocessor(const MetadataTexts& texts, MetaModel& model) {
  const std::string& text = texts.text("preprocessor");
  model.preprocessor = as_format_error(texts.where("preprocessor"), [&] { return Preprocessor::from_json(text); });
  const nlohmann::json columns = data::parse_json(texts.text("columns"), texts.where("columns"));
  // For readers without a preprocessor of ours; here it can only agree.
  if (columns != nlohmann::json(model.preprocessor.schema_columns())) {
    throw FormatError(texts.where("columns") + ": other columns than the preprocessor's");
  }
}

// The list of scores a model sees; those of the first format name none.
ScoreList read_scores(JsonObject& training, std::uint64_t version) {
  if (version < 2) return ScoreList::kDistances;
  const std::uint64_t list = training.whole("scores");
  if (list < 1 || list > static_cast<std::uint64_t>(kLatestScores)) {
    training.refuse(fmt::format("scores: {} where 1 to {} belongs", list, static_cast<int>(kLatestScores)));
  }
  return static_cast<ScoreList>(list);
}

void read_training(const MetadataTexts& texts, std::uint64_t version, MetaModel& model) {
  JsonObject training = texts.object("training");
  TrainingOptions& options = model.training;
  model.suite = training.text("suite");
  model.training_tasks = training.texts("tasks");
  const std::string space = training.text("space");
  options.scores = read_scores(training, version);
  options.steps = training.whole("steps");
  options.tasks_per_step = training.whole("tasks_per_step");
  options.episodes = training.whole("episodes");
  options.dropout = training.number32("dropout");
  options.rate = training.number32("rate");
  options.warmup = training.number32("warmup");
  options.clip = training.number32("clip");
  options.weight_decay = training.number32("weight_decay");
  const std::string optimizer = training.text("optimizer");
  const std::vector<std::uint64_t> shots = training.wholes("shots");
  options.shots.assign(shots.begin(), shots.end());
  options.episode.normals = training.whole("normals");
  options.episode.query_normals = training.whole("query_normals");
  options.episode.query_anomalies = training.whole("query_anomalies");
  const std::string augment = training.text("augment");
  options.seed = training.whole("seed");
  training.finish();
  as_format_error(texts.where("training"), [&] {
    options.space = parse_space(space);
    options.augment = parse_augment(augment);
    options.optimizer = parse_optimizer(optimizer);
    options.validate();
  });
}

void read_progress(const MetadataTexts& texts, MetaModel& model) {
  JsonObject progress = texts.object("progress");
  model.steps_done = progress.whole("steps_done");
  model.training_seconds = progress.number("seconds");
  progress.finish();
  if (model.steps_done > model.training.steps) {
    progress.refuse(fmt::format("steps_done: {} of {} steps", model.steps_done, model.training.steps));
  }
  if (model.training_seconds < 0) progress.refuse(fmt::format("seconds: {} where 0 or more belongs", model.training_seconds));
}

// [candidates x shots] as rows of a flat list.
void read_selection(const MetadataTexts& texts, MetaModel& model) {
  JsonObject json = texts.object("selection");
  Selection& selection = model.selection.emplace();
  selection.folds = json.whole("folds");
  selection.tasks = json.whole("tasks");
  const std::vector<std::uint64_t> shots = json.wholes("shots");
  selection.shots.assign(shots.begin(), shots.end());
  selection.chosen = json.texts("chosen");
  const std::vector<std::string> methods = json.texts("methods");
  const auto auprc = json.optional_numbers("auprc");
  const auto error = json.optional_numbers("error");
  json.finish();
  const std::size_t width = shots.size();
  if (width == 0 || !std::is_sorted(shots.begin(), shots.end()) || std::adjacent_find(shots.begin(), shots.end()) != shots.end()) {
    json.refuse(fmt::format("shots: [{}] where rising numbers belong", fmt::join(shots, ", ")));
  }
  const auto check = [&](const char* field, std::size_t count, std::size_t wanted) {
    if (count != wanted) json.refuse(fmt::format("{}: {} values where {} belong", field, count, wanted));
  };
  check("chosen", selection.chosen.size(), width);
  check("auprc", auprc.size(), methods.size() * width);
  check("error", error.size(), methods.size() * width);
  for (const std::string& name : selection.chosen) {
    if (std::find(methods.begin(), methods.end(), name) == methods.end()) {
      json.refuse(fmt::format("chosen: {} is not among the methods", in_quotes(name)));
    }
  }
  for (std::size_t m = 0; m < methods.size(); ++m) {
    const auto row = [&](const auto& values) {
      const auto first = values.begin() + static_cast<std::ptrdiff_t>(m * width);
      return std::vector<std::optional<double>>(first, first + static_cast<std::ptrdiff_t>(width));
    };
    selection.candidates.push_back({methods[m], row(auprc), row(error)});
  }
}

// [shots] as lists, a field each.
void read_profile(const MetadataTexts& texts, MetaModel& model) {
  JsonObject json = texts.object("profile");
  const std::vector<std::uint64_t> shots = json.wholes("shots"), draws = json.wholes("draws");
  const std::vector<double> intercept = json.numbers("intercept"), of_score = json.numbers("of_score"), of_tail = json.numbers("of_tail"),
                            normal_low = json.numbers("normal_low"), normal_high = json.numbers("normal_high"),
                            anomaly_low = json.numbers("anomaly_low");
  json.finish();
  if (shots.empty() || std::ranges::adjacent_find(shots, std::greater_equal()) != shots.end()) {
    json.refuse(fmt::format("shots: [{}] where rising numbers belong", fmt::join(shots, ", ")));
  }
  for (const std::size_t size :
       {draws.size(), intercept.size(), of_score.size(), of_tail.size(), normal_low.size(), normal_high.size(), anomaly_low.size()}) {
    if (size != shots.size()) json.refuse(fmt::format("lists of {} and of {} numbers", shots.size(), size));
  }
  ScoreProfile& profile = model.profile.emplace();
  for (std::size_t i = 0; i < shots.size(); ++i) {
    if (of_score[i] < 0 || of_tail[i] < 0) json.refuse("of_score, of_tail: a slope below 0");
    if (normal_low[i] > normal_high[i]) json.refuse("normal_low: above normal_high");
    profile.shots.push_back({.shots = shots[i],
                             .draws = draws[i],
                             .intercept = intercept[i],
                             .of_score = of_score[i],
                             .of_tail = of_tail[i],
                             .normal_low = normal_low[i],
                             .normal_high = normal_high[i],
                             .anomaly_low = anomaly_low[i]});
  }
}

std::string profile_text(const ScoreProfile& profile) {
  ordered_json json;
  for (const ScoreProfile::AtShots& one : profile.shots) {
    // Taken apart as a whole, as the options are.
    const auto& [shots, draws, intercept, of_score, of_tail, normal_low, normal_high, anomaly_low] = one;
    json["shots"].push_back(shots);
    json["draws"].push_back(draws);
    json["intercept"].push_back(intercept);
    json["of_score"].push_back(of_score);
    json["of_tail"].push_back(of_tail);
    json["normal_low"].push_back(normal_low);
    json["normal_high"].push_back(normal_high);
    json["anomaly_low"].push_back(anomaly_low);
  }
  return text_of(json);
}

std::string selection_text(const Selection& selection) {
  ordered_json json = {{"folds", selection.folds},      {"tasks", selection.tasks},         {"shots", selection.shots},
                       {"chosen", selection.chosen},    {"methods", ordered_json::array()}, {"auprc", ordered_json::array()},
                       {"error", ordered_json::array()}};
  const auto number = [](const std::optional<double>& value) { return value ? ordered_json(*value) : ordered_json(); };
  for (const Selection::Candidate& candidate : selection.candidates) {
    json["methods"].push_back(candidate.method);
    for (const auto& value : candidate.auprc) json["auprc"].push_back(number(value));
    for (const auto& value : candidate.error) json["error"].push_back(number(value));
  }
  return text_of(json);
}

}  // namespace

std::map<std::string, std::string> write_metadata(const MetaModel& model, const LearnerOptions& options) {
  // Taken apart as a whole: an option that is added does not compile before it is written (and then read) here.
  const auto& [encoder, embedding, inner_steps, inner_rate, inner_momentum, learn_inner_rates, multi_step_loss, finetune_steps, prototypes,
               metric, margin, contrast, mining, proximity, conjugate_steps, optimizer_width, members, committee] = options;
  const auto& [inputs, hidden, outputs, activation, layer_norm] = encoder;
  const auto& [space, scores, steps, tasks_per_step, episodes, dropout, rate, warmup, optimizer, clip, weight_decay, shots, episode,
               augment, seed] = model.training;
  std::map<std::string, std::string> metadata = {
      {"oddshot", text_of({{"format_version", kModelFormatVersion}, {"content", "model"}, {"version", model.oddshot_version}})},
      {"learner", text_of({{"name", model.learner},
                           {"embedding", embedding},
                           {"inner_steps", inner_steps},
                           {"inner_rate", shortest(inner_rate)},
                           {"inner_momentum", shortest(inner_momentum)},
                           {"learn_inner_rates", learn_inner_rates},
                           {"multi_step_loss", multi_step_loss},
                           {"finetune_steps", finetune_steps},
                           {"prototypes", prototypes},
                           {"metric", to_string(metric)},
                           {"margin", shortest(margin)},
                           {"contrast", to_string(contrast)},
                           {"mining", to_string(mining)},
                           {"proximity", shortest(proximity)},
                           {"conjugate_steps", conjugate_steps},
                           {"optimizer_width", optimizer_width},
                           {"members", members},
                           {"committee", committee}})},
      {"encoder", text_of({{"inputs", inputs},
                           {"hidden", hidden},
                           {"outputs", outputs},
                           {"activation", to_string(activation)},
                           {"layer_norm", layer_norm}})},
      {"training", text_of({{"suite", model.suite},
                            {"tasks", model.training_tasks},
                            {"space", to_string(space)},
                            {"scores", static_cast<int>(scores)},
                            {"steps", steps},
                            {"tasks_per_step", tasks_per_step},
                            {"episodes", episodes},
                            {"dropout", shortest(dropout)},
                            {"rate", shortest(rate)},
                            {"warmup", shortest(warmup)},
                            {"optimizer", to_string(optimizer)},
                            {"clip", shortest(clip)},
                            {"weight_decay", shortest(weight_decay)},
                            {"shots", shots},
                            {"normals", episode.normals},
                            {"query_normals", episode.query_normals},
                            {"query_anomalies", episode.query_anomalies},
                            {"augment", to_string(augment)},
                            {"seed", seed}})},
      {"progress", text_of({{"steps_done", model.steps_done}, {"seconds", model.training_seconds}})},
  };
  if (model.selection) metadata["selection"] = selection_text(*model.selection);
  if (model.profile) metadata["profile"] = profile_text(*model.profile);
  if (space != Space::kTable) {
    metadata["preprocessor"] = model.preprocessor.to_json();
    metadata["views"] = model.views.to_json();
    metadata["columns"] = text_of(model.preprocessor.schema_columns());
  }
  return metadata;
}

MetaModel read_metadata(const std::map<std::string, std::string>& metadata, const std::string& file) {
  MetaModel model;
  const std::uint64_t version = check_kind(metadata, file, model);
  for (const auto& [key, text] : metadata) {
    if (std::find(std::begin(kKeys), std::end(kKeys), key) == std::end(kKeys)) {
      throw FormatError(fmt::format("{}: damaged: metadata {} is not known", file, in_quotes(key)));
    }
  }
  const MetadataTexts texts(metadata, file);
  read_encoder(texts, model.learner_options.encoder);
  read_learner(texts, version, model);
  read_training(texts, version, model);
  if (model.training.space == Space::kTable) {
    for (const std::string key : {"preprocessor", "views", "columns"}) {
      if (metadata.contains(key)) throw FormatError(texts.where(key) + " has no place in a model of space \"table\"");
    }
  } else {
    read_preprocessor(texts, model);
    texts.text("views");  // there; read_views takes it with its tensors
  }
  read_progress(texts, model);
  if (metadata.contains("selection")) read_selection(texts, model);
  if (metadata.contains("profile")) read_profile(texts, model);
  return model;
}

Views read_views(const std::map<std::string, std::string>& metadata, std::vector<NamedTensor> tensors, const std::string& file) {
  try {
    return Views::from_parts(metadata.at("views"), std::move(tensors));
  } catch (const FormatError& error) {
    throw FormatError(fmt::format("{}: damaged: {}", file, error.what()));
  }
}

std::unique_ptr<Learner> make_learner(const MetaModel& model) {
  const LearnerEntry* entry = find_learner(model.learner);
  if (entry == nullptr) {
    std::vector<std::string_view> names;
    for (const LearnerEntry& known : learner_table()) names.push_back(known.name);
    throw ArgumentError(fmt::format("learner {} is not known; known are {}", in_quotes(model.learner), fmt::join(names, ", ")));
  }
  model.learner_options.validate();
  if (model.views.inputs() != model.preprocessor.width()) {
    throw ArgumentError(
        fmt::format("the views are of {} features, the preprocessor gives {}", model.views.inputs(), model.preprocessor.width()));
  }
  if (model.training.space == Space::kTable && model.preprocessor.width() != 0) {
    throw ArgumentError("a preprocessor for a model of space \"table\", which has none: every table brings its own");
  }
  const std::size_t width =
      InputSpace::width_of(model.training.space, model.views.inputs(), model.views.spans().size(), model.training.scores);
  if (model.learner_options.encoder.inputs != width) {
    throw ArgumentError(fmt::format("the encoder has {} inputs, space \"{}\" gives {}", model.learner_options.encoder.inputs,
                                    to_string(model.training.space), width));
  }
  return entry->make(model.learner_options);
}

}  // namespace oddshot
