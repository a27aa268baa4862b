// The universal model that ships.
#include <algorithm>
#include <cmath>
#include <filesystem>

#include <gtest/gtest.h>

#include "oddshot/evaluation/evaluate.h"
#include "oddshot/evaluation/methods.h"
#include "oddshot/model_io/model_file.h"
#include "oddshot/model_io/shipped_models.h"
#include "oddshot/tasks/suite.h"

namespace oddshot {
namespace {

TEST(Universal, IsAFinishedModelOfAnyTableAndSmall) {
  const std::filesystem::path file = find_model("universal");
  EXPECT_LT(std::filesystem::file_size(file), 1'000'000U);
  const MetaModel model = load_model(file);
  EXPECT_EQ(model.training.space, Space::kTable);
  EXPECT_FALSE(model.adam_m);
  EXPECT_GT(model.training_tasks.size(), 100U);
}

TEST(Universal, NamesWhatThereIsWhereAModelIsNot) {
  try {
    find_model("univresal");
    FAIL();
  } catch (const std::exception& error) {
    EXPECT_NE(std::string(error.what()).find("did you mean universal?"), std::string::npos) << error.what();
  }
}

// Payments of a simulator that played no part in its training. Without a known anomaly the nearest neighbours are better there.
TEST(Universal, WithFiveKnownAnomaliesBeatsTheNearestNeighboursOnPaymentsItNeverSaw) {
  const TaskSuite suite = encode(read_suite(load_manifest(find_manifest("payment-fraud")), {}));
  SharedSpaces spaces(suite.views.spans(), suite.reference);
  std::vector<std::unique_ptr<Method>> methods;
  methods.push_back(learner_method(load_model(find_model("universal")), spaces));
  const std::string learner = methods.back()->name();
  methods.push_back(simple_method("knn", spaces));
  EvaluationOptions options;
  options.shots = {5};
  options.normals = 200;
  options.query_normals = 300;
  options.repeats = 2;
  ThreadPool pool(2);
  const EvaluationResult result = evaluate(suite.name, suite.training, suite.held_out, methods, options, pool);
  const auto auprc = [&](const std::string& name) {
    const auto found = std::ranges::find_if(result.methods, [&](const auto& m) { return m.name == name; });
    return found == result.methods.end() || !found->auprc ? std::nan("") : found->auprc->mean;
  };
  EXPECT_GT(auprc(learner), auprc("knn") + 0.1);
}

}  // namespace
}  // namespace oddshot
