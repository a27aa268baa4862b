// The learner "auto": the choice by left-out training tasks.
#include "evaluation/select.h"

#include <algorithm>
#include <atomic>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "oddshot/evaluation/methods.h"
#include "oddshot/tasks/suite.h"

namespace oddshot {
namespace {

// The simulated suite, which needs no data from outside, and a short training.
const TaskSuite& suite() {
  static const TaskSuite simulated = encode(read_suite(load_manifest(find_manifest("payment-fraud")), {}));
  return simulated;
}

TrainingOptions short_training(std::uint64_t steps) {
  TrainingOptions training;
  training.steps = steps;
  training.episodes = 40;
  training.tasks_per_step = 4;
  training.shots = {5, 0};
  training.episode.normals = 20;
  training.augment = AugmentOptions::none();
  return training;
}

LearnerOptions small() {
  LearnerOptions options;
  options.encoder.hidden = {8};
  return options;
}

std::pair<std::string, Selection> selected(const TrainingOptions& training, unsigned threads = 2) {
  ThreadPool pool(threads);
  return select_method(small(), training, suite(), pool, {}).value();
}

TEST(Select, RecordsEveryCandidateAtEveryNumberOfShotsItCanServe) {
  const auto [learner, selection] = selected(short_training(3));
  EXPECT_EQ(selection.folds, 3U);
  EXPECT_EQ(selection.tasks, suite().training.size());
  EXPECT_EQ(selection.shots, (std::vector<std::size_t>{0, 5}));
  std::vector<std::string> names;
  for (const Selection::Candidate& candidate : selection.candidates) {
    names.push_back(candidate.method);
    EXPECT_TRUE(candidate.auprc[1].has_value()) << candidate.method;
    EXPECT_EQ(candidate.auprc[0].has_value(), !candidate.method.starts_with("logistic") && !candidate.method.starts_with("knn-difference"))
        << candidate.method;
    EXPECT_EQ(candidate.error[1].has_value(), candidate.method != learner);
  }
  for (const char* name : {"committee", "score-net", "in-context", "gate", "maml", "mean-score", "knn", "knn@whitened", "logistic@rank"}) {
    EXPECT_EQ(std::count(names.begin(), names.end(), name), 1) << name;
  }
  for (const std::string& chosen : selection.chosen) EXPECT_NE(std::find(names.begin(), names.end(), chosen), names.end());
}

TEST(Select, ASimpleMethodServesWhereLearnersHaveLearnedNothing) {
  const auto [learner, selection] = selected(short_training(0));
  EXPECT_NE(selection.chosen[1], learner);
  EXPECT_EQ(find_learner(selection.chosen[1]), nullptr);
}

TEST(Select, TheChosenIsAheadByMoreThanItsError) {
  const auto [learner, selection] = selected(short_training(0));
  const auto candidate = [&, all = selection](const std::string& name) {
    return *std::find_if(all.candidates.begin(), all.candidates.end(), [&](const auto& c) { return c.method == name; });
  };
  const auto chosen = candidate(selection.chosen[1]);
  EXPECT_GT(chosen.auprc[1].value() - candidate(learner).auprc[1].value(), chosen.error[1].value());
}

TEST(Select, DoesNotDependOnThreads) { EXPECT_EQ(selected(short_training(3), 1), selected(short_training(3), 3)); }

TEST(Select, HeldOutTasksPlayNoPart) {
  TaskSuite other = suite();
  other.held_out.clear();
  ThreadPool pool(2);
  EXPECT_EQ(select_method(small(), short_training(2), other, pool, {}), selected(short_training(2)));
}

TEST(Select, WithOneTrainingTaskThereIsTheDefaultAndNoEvidence) {
  TaskSuite one = suite();
  one.training.resize(1);
  ThreadPool pool(1);
  const auto [learner, selection] = select_method(small(), short_training(2), one, pool, {}).value();
  EXPECT_EQ(learner, default_learner(Space::kScores));
  EXPECT_EQ(selection.folds, 0U);
  EXPECT_EQ(selection.chosen, std::vector<std::string>(2, std::string(default_learner(Space::kScores))));
}

TEST(Select, WithFewKindsPseudoTasksComeFromMoreSourcesUnlessToldOtherwise) {
  TaskSuite one = suite();
  one.training.resize(1);
  ThreadPool pool(2);
  TrainingOptions training = short_training(1);
  training.augment = AugmentOptions{};
  EXPECT_EQ(train_model("auto", small(), training, one, pool).training.augment, AugmentOptions::for_few_kinds());
  EXPECT_EQ(train_model("committee", small(), training, one, pool).training.augment, AugmentOptions{});
  training.augment = AugmentOptions::none();
  EXPECT_EQ(train_model("auto", small(), training, one, pool).training.augment, AugmentOptions::none());
}

TEST(Select, StopsWhenAsked) {
  const std::atomic<bool> stop = true;
  ThreadPool pool(1);
  EXPECT_FALSE(select_method(small(), short_training(2), suite(), pool, {.progress = {}, .stop = &stop, .checkpoint_seconds = 30}));
}

// A trained model whose selection sends supports without anomalies to knn@rank and others to the learner.
TEST(ChosenMethod, GivesEachSupportWhatWasChosenForItsNumberOfAnomalies) {
  ThreadPool pool(2);
  MetaModel model = train_model("score-net", small(), short_training(2), suite(), pool);
  const std::vector<std::optional<double>> nothing(2);
  model.selection = Selection{2, 2, {0, 1}, {{"score-net", nothing, nothing}, {"knn@rank", nothing, nothing}}, {"knn@rank", "score-net"}};
  const auto method = learner_method(model);
  EXPECT_EQ(method->name(), kAutoLearner);
  EXPECT_EQ(method->kind(), "learner");
  EXPECT_EQ(method->minimum_shots(), 0U);
  SharedSpaces spaces(suite().views.spans(), suite().reference);
  const auto simple = simple_method("knn@rank", spaces);
  model.selection.reset();
  const auto learned = learner_method(model);
  for (const std::size_t shots : {0U, 3U}) {
    const Episode episode = sample_episode(suite().held_out[0], {.shots = shots, .normals = 20, .query_normals = 30, .query_anomalies = 5},
                                           Stream(1, Purpose::kTest, shots));
    const auto scores = [&](const Method& one) {
      std::vector<float> out(episode.query_rows.rows());
      one.adapt(episode.support(), Stream(1, Purpose::kTest, 0))->score(episode.query_rows, out);
      return out;
    };
    EXPECT_EQ(scores(*method), scores(shots == 0 ? *simple : *learned)) << shots;
    EXPECT_NE(scores(*simple), scores(*learned)) << shots;
  }
}

TEST(Method, ScoresMappedRowsAsItDoesJoinedOnes) {
  ThreadPool pool(2);
  const MetaModel model = train_model("maml", small(), short_training(2), suite(), pool);
  const auto method = learner_method(model);
  const Episode episode = sample_episode(suite().held_out[0], {.shots = 3, .normals = 20, .query_normals = 30, .query_anomalies = 5},
                                         Stream(1, Purpose::kTest, 0));
  const Stream stream(1, Purpose::kTest, 0);
  const InputSpace* space = method->space(episode.support());
  ASSERT_NE(space, nullptr);
  const Episode mapped = space->map(episode);
  for (const std::size_t steps : {std::size_t{1}, Learner::kAllSteps}) {
    std::vector<float> joined_scores(35);
    std::vector<float> mapped_scores(35);
    method->adapt_partly(episode.support(), stream, steps)->score(episode.query_rows, joined_scores);
    method->adapt_mapped(mapped.support(), stream, steps)->score(mapped.query_rows, mapped_scores);
    EXPECT_EQ(joined_scores, mapped_scores);
  }
}

TEST(MeanScore, IsTheMeanOfARowsScores) {
  const Episode episode = sample_episode(suite().held_out[0], {.shots = 3, .normals = 20, .query_normals = 10, .query_anomalies = 5},
                                         Stream(1, Purpose::kTest, 0));
  const auto space = std::make_shared<InputSpace>(Space::kScores, suite().views.spans(), suite().reference);
  const Matrix scores = space->map(episode).query_rows;
  std::vector<float> out(15);
  mean_score_method(space)->adapt(episode.support(), Stream(1, Purpose::kTest, 0))->score(episode.query_rows, out);
  for (std::size_t r = 0; r < 15; ++r) {
    float sum = 0;
    for (const float score : scores.row(r)) sum += score;
    EXPECT_NEAR(out[r], sum / static_cast<float>(scores.cols()), 1e-5F);
  }
}

}  // namespace
}  // namespace oddshot
