#include "oddshot/model_io/model_file.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <nlohmann/json.hpp>
#include <string>

#include <gtest/gtest.h>

#include "message.h"
#include "oddshot/base/error.h"
#include "oddshot/model_io/tensor_file.h"
#include "sample_model.h"
#include "temporary_folder.h"

namespace oddshot {
namespace {

using nlohmann::json;

std::string parse_error(const std::vector<std::uint8_t>& bytes) {
  return message_of<FormatError>([&] { parse_model(bytes, "m"); });
}
std::string parse_error(const TensorFile& content) { return parse_error(serialise(content)); }

// The checkpoint's file, taken apart so that a test can damage a piece.
TensorFile sample_file() { return parse_tensor_file(serialise(sample_model(true)), "m"); }

// How messages about this metadata text begin.
std::string place_of(const std::string& key) { return key == "views" ? "m: damaged: views: " : "m: damaged: metadata \"" + key + "\""; }

// The sample with one field of one metadata text replaced.
TensorFile with_field(const std::string& key, const std::string& field, const json& value) {
  TensorFile content = sample_file();
  json object = json::parse(content.metadata.at(key));
  object[field] = value;
  content.metadata[key] = object.dump();
  return content;
}

TEST(ModelFile, AFinishedModelComesBackBitForBit) {
  const MetaModel model = sample_model(false);
  EXPECT_EQ(difference(parse_model(serialise(model), "m"), model), "");
}

TEST(ModelFile, ACheckpointComesBackBitForBit) {
  const TemporaryFolder folder;
  const MetaModel model = sample_model(true);
  save_model(model, folder / "model");
  EXPECT_EQ(difference(load_model(folder / "model"), model), "");
}

TEST(ModelFile, EveryLearnersModelComesBack) {
  for (const LearnerEntry& entry : learner_table()) {
    MetaModel model = sample_model(false);
    model.learner = entry.name;
    const std::unique_ptr<Learner> learner = entry.make(model.learner_options);
    model.learner_options = learner->options();
    model.params.assign(learner->layout().size(), 0.0F);
    learner->initialise(model.params, Stream(1, Purpose::kTest, 0));
    EXPECT_EQ(difference(parse_model(serialise(model), "m"), model), "") << entry.name;
  }
}

Selection sample_selection() {
  return {.folds = 2,
          .tasks = 3,
          .shots = {0, 5},
          .candidates = {{"maml", {0.25, 1.0 / 3.0}, {std::nullopt, std::nullopt}},
                         {"knn-difference@rank", {std::nullopt, 0.5}, {std::nullopt, 0.125}}},
          .chosen = {"maml", "knn-difference@rank"}};
}

TEST(ModelFile, ASelectionComesBackBitForBit) {
  MetaModel model = sample_model(false);
  model.selection = sample_selection();
  EXPECT_EQ(difference(parse_model(serialise(model), "m"), model), "");
}

ScoreProfile sample_profile() {
  return {{{.shots = 0,
            .draws = 7,
            .intercept = -1.0 / 3,
            .of_score = 0.1,
            .of_tail = 0,
            .normal_low = -2.5,
            .normal_high = 1e-9,
            .anomaly_low = 0.7},
           {.shots = 5, .draws = 9, .intercept = 2, .of_score = 3, .of_tail = 4, .normal_low = -1, .normal_high = 1, .anomaly_low = 2}}};
}

TEST(ModelFile, AProfileComesBackBitForBit) {
  MetaModel model = sample_model(false);
  model.profile = sample_profile();
  EXPECT_EQ(difference(parse_model(serialise(model), "m"), model), "");
  EXPECT_NE(describe(model).find("scores on training tasks with 0, 5 shots"), std::string::npos) << describe(model);
}

TEST(ScoreProfile, ServesASupportByTheLargestNumberOfShotsThatIsNoLarger) {
  ScoreProfile profile = sample_profile();
  EXPECT_EQ(profile.at(0).shots, 0U);
  EXPECT_EQ(profile.at(4).shots, 0U);
  EXPECT_EQ(profile.at(5).shots, 5U);
  EXPECT_EQ(profile.at(500).shots, 5U);
  profile.shots.erase(profile.shots.begin());
  EXPECT_EQ(profile.at(0).shots, 5U);
}

TEST(ScoreScale, MeasuresByTheMiddleAndTheSpreadOfNormals) {
  std::vector<float> normals;
  for (int i = 0; i <= 100; ++i) normals.push_back(static_cast<float>(i));
  const ScoreScale scale(normals);
  EXPECT_DOUBLE_EQ(scale.middle(), 50);
  EXPECT_DOUBLE_EQ(scale.spread(), 34);
  EXPECT_DOUBLE_EQ(scale.standardised(50), 0);
  EXPECT_DOUBLE_EQ(scale.standardised(84), std::log(2.0));
  EXPECT_DOUBLE_EQ(scale.standardised(16), -std::log(2.0));
  EXPECT_DOUBLE_EQ(scale.tail(-1), 0);                        // 102 of 102
  EXPECT_DOUBLE_EQ(scale.tail(100), -std::log10(2.0 / 102));  // ties count
  EXPECT_DOUBLE_EQ(scale.tail(101), 2);                       // 1 of 102, at most 2
}

TEST(ScoreScale, OfEqualScoresIsFinite) {
  const std::vector<float> same(20, 3.0F);
  const ScoreScale scale(same);
  EXPECT_GT(scale.spread(), 0);
  EXPECT_TRUE(std::isfinite(scale.standardised(1e30)));
  EXPECT_THROW(ScoreScale(std::vector<float>{}), ArgumentError);
  EXPECT_THROW(ScoreScale(std::vector<float>{1, std::numeric_limits<float>::quiet_NaN()}), ArgumentError);
}

TEST(ScoreProfile, AProbabilityRisesWithTheScoreAndWithTheShareOfAnomalies) {
  std::vector<float> normals;
  for (int i = 0; i < 60; ++i) normals.push_back(static_cast<float>(i % 17));
  const ScoreScale scale(normals);
  const ScoreProfile::AtShots at = sample_profile().at(5);
  double before = 0;
  for (float score = -30; score < 60; score += 0.5F) {
    const double p = at.probability(scale, score, 0.1);
    EXPECT_GE(p, before) << score;
    EXPECT_LE(at.probability(scale, score, 0.01), p);
    before = p;
  }
  // Where the log-odds are 0 at equal classes, the probability is the share.
  const ScoreProfile::AtShots none = {};
  EXPECT_NEAR(none.probability(scale, 3, 0.2), 0.2, 1e-12);
}

TEST(Selection, ServesASupportByTheLargestNumberOfShotsThatIsNoLarger) {
  const Selection selection = {.folds = 0, .tasks = 0, .shots = {1, 5}, .candidates = {}, .chosen = {"one", "five"}};
  EXPECT_EQ(selection.method_for(0), "one");
  EXPECT_EQ(selection.method_for(1), "one");
  EXPECT_EQ(selection.method_for(4), "one");
  EXPECT_EQ(selection.method_for(5), "five");
  EXPECT_EQ(selection.method_for(100), "five");
}

TEST(ModelFile, AModelBeforeItsFirstStepComesBack) {
  MetaModel model = sample_model(true);
  model.steps_done = 0;
  model.losses.clear();
  EXPECT_EQ(difference(parse_model(serialise(model), "m"), model), "");
}

TEST(ModelFile, TheSameModelGivesTheSameBytes) { EXPECT_EQ(serialise(sample_model(true)), serialise(sample_model(true))); }

TEST(ModelFile, HoldsTheLayoutsTensorsWithoutPadding) {
  const MetaModel model = sample_model(true);
  const TensorFile content = sample_file();
  const std::unique_ptr<Learner> learner = find_learner("maml")->make(model.learner_options);
  EXPECT_EQ(content.tensors.size(), 3 * learner->layout().tensors().size() + model.views.tensors().size() + 2);
  for (const Tensor& tensor : learner->layout().tensors()) {
    const FileTensor& params = content.tensors.at(tensor.name);
    EXPECT_EQ(params.shape, tensor.shape) << tensor.name;
    EXPECT_EQ(params.values.front(), model.params[tensor.offset]) << tensor.name;
    EXPECT_EQ(content.tensors.at("adam_m." + tensor.name).values.front(), (*model.adam_m)[tensor.offset]) << tensor.name;
    EXPECT_EQ(content.tensors.at("adam_v." + tensor.name).values.front(), (*model.adam_v)[tensor.offset]) << tensor.name;
  }
}

TEST(ModelFile, WritesDecimalsAsPeopleWrote) {
  const TensorFile content = sample_file();
  EXPECT_TRUE(contains(content.metadata.at("learner"), "\"inner_rate\":0.3,"));
}

// A run that is stopped, saved, loaded and resumed ends in the bits of one that was not.
TEST(ModelFile, TrainingGoesOnFromACheckpointAsIfItHadNotStopped) {
  MetaModel model = sample_model(false);
  const std::unique_ptr<Learner> learner = find_learner("maml")->make(model.learner_options);
  auto pool = std::make_shared<RowPool>();
  pool->rows = Matrix(200, model.preprocessor.width());
  Stream stream(1, Purpose::kTest, 0);
  std::vector<Task> tasks(1);
  tasks[0].name = "shifted";
  std::vector<std::uint32_t> normals;
  for (std::uint32_t r = 0; r < 200; ++r) {
    for (float& value : pool->rows.row(r)) value = stream.normal() + (r < 100 ? 0.0F : 1.0F);
    pool->identity.push_back(r);
    (r < 100 ? normals : tasks[0].anomalies).push_back(r);
  }
  tasks[0].normals = std::move(normals);
  tasks[0].pool = pool;
  ThreadPool threads(1);
  model.training.steps = 6;
  TrainingState whole = start_training(*learner, model.training);
  train(*learner, tasks, model.training, whole, threads);

  std::atomic<bool> stop = false;
  TrainingState half = start_training(*learner, model.training);
  const auto after_three = [&](const TrainingProgress& progress) { stop = progress.step >= 3; };
  train(*learner, tasks, model.training, half, threads, after_three, &stop);
  ASSERT_LT(half.step, 6U);
  model.params = half.params;
  model.adam_m = half.adam_m;
  model.adam_v = half.adam_v;
  model.losses = half.losses;
  model.steps_done = half.step;
  const MetaModel loaded = parse_model(serialise(model), "m");
  TrainingState resumed{.step = loaded.steps_done,
                        .params = loaded.params,
                        .adam_m = loaded.adam_m.value(),
                        .adam_v = loaded.adam_v.value(),
                        .losses = loaded.losses};
  train(*learner, tasks, loaded.training, resumed, threads);
  EXPECT_EQ(resumed.params, whole.params);
  EXPECT_EQ(resumed.losses, whole.losses);
}

// --- Files that are not ours ---

TEST(ModelFile, SaysOfAnotherFileThatItIsNoSafetensorsFile) {
  const std::string text = "duration,service\n1,http\n";
  EXPECT_TRUE(contains(parse_error({text.begin(), text.end()}), "m: not a safetensors file: "));
  EXPECT_TRUE(contains(parse_error(std::vector<std::uint8_t>()), "m: not a safetensors file: "));
}

TEST(ModelFile, SaysOfAnotherSafetensorsFileThatItIsNotOfOddshot) {
  TensorFile content;
  content.tensors["weight"] = {{1}, {1}};
  content.metadata["format"] = "pt";
  EXPECT_EQ(parse_error(content), "m: a safetensors file, but not a model of Oddshot: it has no metadata \"oddshot\"");
}

TEST(ModelFile, SaysOfALaterFormatThatANewerOddshotIsNeeded) {
  TensorFile content = with_field("oddshot", "format_version", 4);
  content.metadata.erase("learner");  // a later format may lack what ours has: the version is told first
  EXPECT_EQ(parse_error(content), "m: a model file of format 4; this Oddshot reads formats up to 3: use a newer one");
}

TEST(ModelFile, NamesAFileThatIsMissing) {
  EXPECT_TRUE(contains(message_of<IoError>([] { load_model("/none/of/these"); }), "/none/of/these: cannot be read: No such file"));
}

// --- Damage, field by field: the message names what is damaged ---

TEST(DamagedModel, EveryMetadataKeyIsNeeded) {
  for (const auto& [key, text] : sample_file().metadata) {
    if (key == "oddshot") continue;  // without it the file is not ours at all
    TensorFile content = sample_file();
    content.metadata.erase(key);
    EXPECT_EQ(parse_error(content), "m: damaged: metadata \"" + key + "\" is missing");
  }
}

TEST(DamagedModel, EveryMetadataTextMustBeJson) {
  for (const auto& [key, text] : sample_file().metadata) {
    for (const std::string& damaged : {std::string(), text.substr(1), text + "x", text + std::string("\0", 1), std::string("null"),
                                       std::string("[[[[[[[[[1]]]]]]]]]")}) {
      TensorFile content = sample_file();
      content.metadata[key] = damaged;
      EXPECT_TRUE(contains(parse_error(content), place_of(key))) << damaged;
    }
  }
}

TEST(DamagedModel, EveryFieldIsNeededOfItsTypeAndOnce) {
  for (const auto& [key, text] : sample_file().metadata) {
    const json object = json::parse(text);
    if (!object.is_object()) continue;
    const std::string place = place_of(key);
    for (const auto& [field, value] : object.items()) {
      TensorFile content = sample_file();
      json without = object;
      without.erase(field);
      content.metadata[key] = without.dump();
      EXPECT_TRUE(contains(parse_error(content), place)) << field << " removed";
      EXPECT_TRUE(contains(parse_error(content), field)) << field << " removed";
      for (const json& wrong : {json(nullptr), json::array({nullptr}), json::object({{"a", 1}}), json(-1.5)}) {
        const std::string error = parse_error(with_field(key, field, wrong));
        EXPECT_TRUE(contains(error, place)) << field << " = " << wrong;
        if (!wrong.is_number() && key != "preprocessor") {  // ranges and the preprocessor are checked, and told, by their own folders
          EXPECT_TRUE(contains(error, field)) << field << " = " << wrong;
        }
      }
      content.metadata[key] = "{" + json(field).dump() + ":" + value.dump() + "," + text.substr(1);
      EXPECT_TRUE(contains(parse_error(content), place)) << field << " twice";
      EXPECT_TRUE(contains(parse_error(content), "\"" + field + "\" occurs twice")) << field;
    }
    EXPECT_TRUE(contains(parse_error(with_field(key, "surplus", 1)), "surplus")) << key;
  }
}

TEST(DamagedModel, EveryTensorIsNeededInItsShapeAndFinite) {
  for (const auto& [name, tensor] : sample_file().tensors) {
    const bool of_views = name.starts_with("views.");
    const std::string place = of_views ? "m: damaged: views: tensor \"" + name.substr(6) + "\": " : "m: damaged: tensor \"" + name + "\": ";
    TensorFile content = sample_file();
    content.tensors.erase(name);
    EXPECT_EQ(parse_error(content), place + "is missing");

    content = sample_file();
    content.tensors[name].shape.push_back(1);
    EXPECT_TRUE(contains(parse_error(content), place + "shape [")) << name;

    for (const float bad :
         {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity(), -std::numeric_limits<float>::infinity()}) {
      content = sample_file();
      content.tensors[name].values.back() = bad;
      EXPECT_TRUE(contains(parse_error(content), place + "element " + std::to_string(tensor.values.size() - 1) + " is ")) << bad;
    }
  }
}

TEST(DamagedModel, ASecondMomentIsNotNegative) {
  TensorFile content = sample_file();
  content.tensors["adam_v.encoder.0.bias"].values[1] = -1e-9F;
  EXPECT_EQ(parse_error(content), "m: damaged: tensor \"adam_v.encoder.0.bias\": element 1 is -1e-09");
}

TEST(DamagedModel, AReferenceIsOfTheViewsColumnsAndNotTooLong) {
  TensorFile content = sample_file();
  FileTensor& reference = content.tensors["reference"];
  const std::size_t columns = reference.shape[1];
  reference = {{257, columns}, std::vector<float>(257 * columns)};
  EXPECT_EQ(parse_error(content), "m: damaged: tensor \"reference\": shape [257, " + std::to_string(columns) + "] where [256, " +
                                      std::to_string(columns) + "] belongs");
  reference = {{0, columns}, {}};
  EXPECT_TRUE(contains(parse_error(content), "m: damaged: tensor \"reference\": shape [0, "));
  reference = {{}, {1}};
  EXPECT_TRUE(contains(parse_error(content), "m: damaged: tensor \"reference\": shape [] where [1, "));
}

TEST(DamagedModel, ASurplusTensorOrKeyIsRefused) {
  TensorFile content = sample_file();
  content.tensors["views.surplus"] = {{1}, {1}};
  EXPECT_EQ(parse_error(content), "m: damaged: views: tensor \"surplus\": is not known");
  content = sample_file();
  content.tensors["surplus"] = {{1}, {1}};
  EXPECT_EQ(parse_error(content), "m: damaged: tensor \"surplus\": is not part of such a model");
  content = sample_file();
  content.metadata["surplus"] = "{}";
  EXPECT_EQ(parse_error(content), "m: damaged: metadata \"surplus\" is not known");
}

TEST(DamagedModel, ValuesOutOfRangeAreNamed) {
  const struct {
    const char* key;
    const char* field;
    json value;
    const char* message;  // a part of it
  } rows[] = {
      {"oddshot", "format_version", 0, "format_version: 0 where 1 or more belongs"},
      {"training", "scores", 0, "scores: 0 where 1 to 3 belongs"},
      {"training", "scores", 4, "scores: 4 where 1 to 3 belongs"},
      {"oddshot", "content", "something", "content: \"something\" where \"model\" belongs"},
      {"learner", "name", "maml\x1b[2J", "learner \"maml\\x1b[2J\" is not known; known are committee, score-net, gate, maml, "},
      {"learner", "committee", json::array({"committee"}), "\"committee\" cannot be in a committee"},
      {"learner", "committee", json::array({"no\x1b[2Jbody"}), "committee: \"no\\x1b[2Jbody\" is no learner"},
      {"learner", "inner_rate", 0, "inner rate"},
      {"learner", "inner_rate", 1e39, "inner_rate: 1e+39 is too large"},
      {"learner", "inner_steps", 1001, "1001"},
      {"learner", "inner_steps", 3, "tensor \"inner_rate\": shape [2, "},
      {"learner", "learn_inner_rates", false, "inner_rate\": is not part of such a model"},
      {"encoder", "inputs", 6, "the encoder has 6 inputs, space \"raw\" gives 5"},
      {"encoder", "hidden", json::array({0}), "0"},
      {"encoder", "hidden", json::array({65536, 65536}), "tensor \"encoder.0.weight\": shape [5, 3] where [5, 65536] belongs"},
      {"encoder", "outputs", 2, "metadata \"encoder\": outputs: 2 where 1 belongs"},
      {"encoder", "activation", "sine", "sine"},
      {"encoder", "layer_norm", false, "tensor \"inner_rate\": shape [2, 10] where [2, 6] belongs"},
      {"training", "steps", 2, "steps_done: 3 of 2 steps"},
      {"training", "tasks_per_step", 0, "metadata \"training\""},
      {"training", "rate", -1, "metadata \"training\""},
      {"training", "clip", 0, "metadata \"training\""},
      {"training", "warmup", 1, "warm-up"},
      {"training", "weight_decay", -1, "weight decay"},
      {"training", "augment", "ghosts=1", "no source \"ghosts\""},
      {"training", "shots", json::array(), "metadata \"training\""},
      {"training", "normals", 0, "metadata \"training\""},
      {"progress", "steps_done", 2, "tensor \"training.losses\": shape [3] where [2] belongs"},
      {"progress", "seconds", -1, "seconds: -1 where 0 or more belongs"},
  };
  for (const auto& row : rows) {
    const std::string error = parse_error(with_field(row.key, row.field, row.value));
    EXPECT_TRUE(contains(error, "m: damaged: ")) << row.key << '.' << row.field;
    EXPECT_TRUE(contains(error, row.message)) << row.key << '.' << row.field;
  }
}

TEST(DamagedModel, ASelectionThatContradictsItselfIsNamed) {
  MetaModel model = sample_model(false);
  model.selection = sample_selection();
  const TensorFile whole = parse_tensor_file(serialise(model), "m");
  const struct {
    const char* field;
    json value;
    const char* message;  // a part of it
  } rows[] = {
      {"shots", json::array(), "shots: [] where rising numbers belong"},
      {"shots", {5, 0}, "shots: [5, 0] where rising numbers belong"},
      {"shots", {5, 5}, "shots: [5, 5] where rising numbers belong"},
      {"chosen", {"maml"}, "chosen: 1 values where 2 belong"},
      {"chosen", {"maml", "lof"}, "chosen: \"lof\" is not among the methods"},
      {"methods", {"maml"}, "auprc: 4 values where 2 belong"},
      {"auprc", {0.5}, "auprc: 1 values where 4 belong"},
      {"auprc", {0.5, 0.5, "x", 0.5}, "auprc: \"x\" where a number or null belongs"},
      {"error", json::array(), "error: 0 values where 4 belong"},
      {"folds", -1, "folds"},
  };
  for (const auto& row : rows) {
    TensorFile content = whole;
    json object = json::parse(content.metadata.at("selection"));
    object[row.field] = row.value;
    content.metadata["selection"] = object.dump();
    const std::string error = parse_error(content);
    EXPECT_TRUE(contains(error, "m: damaged: metadata \"selection\"")) << error;
    EXPECT_TRUE(contains(error, row.message)) << row.field << ": " << error;
  }
}

TEST(DamagedModel, AProfileThatContradictsItselfIsNamed) {
  MetaModel model = sample_model(false);
  model.profile = sample_profile();
  const TensorFile whole = parse_tensor_file(serialise(model), "m");
  const struct {
    const char* field;
    json value;
    const char* message;  // a part of it
  } rows[] = {
      {"shots", json::array(), "shots: [] where rising numbers belong"},
      {"shots", {5, 0}, "shots: [5, 0] where rising numbers belong"},
      {"draws", {5}, "lists of 2 and of 1 numbers"},
      {"of_score", {1, -1}, "a slope below 0"},
      {"of_tail", {-1, 1}, "a slope below 0"},
      {"normal_low", {3, -1}, "normal_low: above normal_high"},
      {"anomaly_low", {"x", 1}, "anomaly_low: \"x\" where a number belongs"},
      {"intercept", 3, "intercept: 3 where a list of numbers belongs"},
  };
  for (const auto& row : rows) {
    TensorFile content = whole;
    json object = json::parse(content.metadata.at("profile"));
    object[row.field] = row.value;
    content.metadata["profile"] = object.dump();
    const std::string error = parse_error(content);
    EXPECT_TRUE(contains(error, "m: damaged: metadata \"profile\"")) << error;
    EXPECT_TRUE(contains(error, row.message)) << row.field << ": " << error;
  }
}

TEST(DamagedModel, ColumnsMustBeThePreprocessors) {
  TensorFile content = sample_file();
  content.metadata["columns"] = R"(["duration"])";
  EXPECT_EQ(parse_error(content), "m: damaged: metadata \"columns\": other columns than the preprocessor's");
}

TEST(DamagedModel, NoChangedByteOfTheHeaderDoesMoreThanBeRefused) {
  const std::vector<std::uint8_t> whole = serialise(sample_model(true));
  std::uint64_t header = 0;
  std::memcpy(&header, whole.data(), sizeof header);
  std::size_t refused = 0;
  for (std::size_t at = 0; at < 8 + header; ++at) {
    for (const unsigned flip : {0x01U, 0x10U, 0x80U}) {
      std::vector<std::uint8_t> damaged = whole;
      damaged[at] = static_cast<std::uint8_t>(damaged[at] ^ flip);
      try {
        parse_model(damaged, "m");
      } catch (const FormatError&) {  // any other error fails the test
        ++refused;
      }
    }
  }
  EXPECT_GT(refused, header * 2);  // what is left are digits and letters within values
}

TEST(DamagedModel, EveryCutIsRefused) {
  const std::vector<std::uint8_t> whole = serialise(sample_model(true));
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const std::vector<std::uint8_t> cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
    EXPECT_TRUE(contains(parse_error(cut), "m: ")) << size << " bytes";
  }
}

// --- What is not saved ---

TEST(SaveModel, RefusesNumbersThatAreNotFiniteAndLeavesTheOldFile) {
  const TemporaryFolder folder;
  save_model(sample_model(false), folder / "model");
  MetaModel model = sample_model(false);
  model.params[1] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_TRUE(
      contains(message_of<NumericError>([&] { save_model(model, folder / "model"); }), "tensor encoder.0.weight: element 1 is nan"));
  EXPECT_EQ(difference(load_model(folder / "model"), sample_model(false)), "");
  model = sample_model(false);
  model.training_seconds = std::numeric_limits<double>::infinity();
  EXPECT_TRUE(contains(message_of<NumericError>([&] { serialise(model); }), "training took inf seconds"));
}

TEST(SaveModel, RefusesSizesThatDoNotFit) {
  MetaModel model = sample_model(true);
  model.params.pop_back();
  EXPECT_TRUE(contains(message_of<ShapeError>([&] { serialise(model); }), "values for a layout of"));
  model = sample_model(true);
  model.adam_v.reset();
  EXPECT_TRUE(contains(message_of<ShapeError>([&] { serialise(model); }), "both of Adam's moments or none"));
  model = sample_model(true);
  model.losses.pop_back();
  EXPECT_TRUE(contains(message_of<ShapeError>([&] { serialise(model); }), "2 losses for 3 of 10 steps done"));
  model = sample_model(true);
  model.learner_options.encoder.inputs = 9;
  EXPECT_TRUE(contains(message_of<ArgumentError>([&] { serialise(model); }), "9 inputs"));
  model = sample_model(true);
  model.reference = Matrix(2, 3);
  EXPECT_TRUE(contains(message_of<ShapeError>([&] { serialise(model); }), "a reference of 2 x 3; it must have 1 to 256 rows of "));
  model = sample_model(true);
  model.views = Views();
  EXPECT_EQ(message_of<ArgumentError>([&] { serialise(model); }), "the views are of 0 features, the preprocessor gives 5");
  model = sample_model(true);
  model.learner = "unknown";
  EXPECT_TRUE(contains(message_of<ArgumentError>([&] { serialise(model); }), "learner \"unknown\" is not known"));
  model = sample_model(true);
  model.suite = "\xFF";
  EXPECT_TRUE(contains(message_of<ArgumentError>([&] { serialise(model); }), "not UTF-8"));
}

// --- describe ---

TEST(DescribeModel, FitsAScreenAndTellsTheEssentials) {
  MetaModel model = sample_model(false);
  model.training_tasks.assign(500, std::string(60, 't'));
  const std::string text = describe(model);
  EXPECT_LE(std::count(text.begin(), text.end(), '\n'), 20);
  std::size_t longest = 0;
  for (std::size_t begin = 0, end = 0; (end = text.find('\n', begin)) != std::string::npos; begin = end + 1)
    longest = std::max(longest, end - begin);
  EXPECT_LE(longest, 160U);
  for (const char* part : {"maml", "2 inner steps", "5 -> 3 -> 2 -> 1, tanh, layer normalisation", "2: duration, service", "500: ttt",
                           "(498 more)", "3 of 3 steps", "loss        0.7500 -> 0.3333", "seed 18446744073709551615"}) {
    EXPECT_TRUE(contains(text, part));
  }
}

TEST(DescribeModel, CallsACheckpointOne) {
  EXPECT_TRUE(contains(describe(sample_model(true)), "checkpoint of unfinished training"));
  EXPECT_TRUE(contains(describe(sample_model(false)), "Oddshot model, format 3, written by Oddshot 0.1.0"));
}

TEST(DescribeModel, TellsWhatServesWhichNumberOfShots) {
  MetaModel model = sample_model(false);
  model.selection = sample_selection();
  const std::string text = describe(model);
  EXPECT_TRUE(contains(text, "leaving 3 training tasks out, in 2 folds"));
  EXPECT_TRUE(contains(text, "*0.250   0.333")) << text;
  EXPECT_TRUE(contains(text, "-  *0.500")) << text;
  EXPECT_EQ(json::parse(describe(model, true)).at("selection").at("chosen"), json({"maml", "knn-difference@rank"}));
}

TEST(DescribeModel, DoesNotPassControlCharactersOn) {
  MetaModel model = sample_model(false);
  model.suite = "a\x1b[31m\xC2\x9B";
  model.training_tasks = {"b\nc"};
  const std::string text = describe(model);
  EXPECT_EQ(text.find('\x1b'), std::string::npos);
  EXPECT_EQ(text.find("\xC2\x9B"), std::string::npos);
  EXPECT_TRUE(contains(text, "b?c"));
}

TEST(DescribeModel, AsJsonHoldsTheSameForPrograms) {
  const json out = json::parse(describe(sample_model(true), true));
  EXPECT_EQ(out.at("kind"), "checkpoint");
  EXPECT_EQ(out.at("format_version"), 3);
  EXPECT_EQ(out.at("learner").at("name"), "maml");
  EXPECT_EQ(out.at("encoder").at("hidden"), json::array({3, 2}));
  EXPECT_EQ(out.at("columns"), json::array({"duration", "service \xC3\xBC"}));
  EXPECT_EQ(out.at("training").at("seed"), std::numeric_limits<std::uint64_t>::max());
  EXPECT_EQ(out.at("progress").at("steps_done"), 3);
  EXPECT_EQ(out.at("features").size(), 5U);
  EXPECT_EQ(out.at("loss").at("first"), 0.75);
  std::size_t elements = 0;
  for (const json& tensor : out.at("tensors")) {
    std::size_t product = 1;
    for (const json& size : tensor.at("shape")) product *= size.get<std::size_t>();
    elements += product;
  }
  EXPECT_EQ(out.at("parameters"), elements);
}

// --- Format 1, kept ---

// The file was made by this test with $ODDSHOT_WRITE_GOLDEN set. Once 0.1.0 is released it is not to be made again: users have such files.
TEST(GoldenModel, OfFormat1StillLoads) {
  const std::filesystem::path file = ODDSHOT_SOURCE_DIR "/tests/model_io/golden/checkpoint-1.oddshot";
  if (std::getenv("ODDSHOT_WRITE_GOLDEN") != nullptr) save_model(sample_model(true), file);
  EXPECT_EQ(difference(load_model(file), sample_model(true)), "");
}

}  // namespace
}  // namespace oddshot
