// Detectors that older programs wrote: they load, and score as they did.
#include <algorithm>
#include <cmath>
#include <filesystem>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "oddshot/data/reader.h"
#include "oddshot/detector/detector.h"
#include "oddshot/model_io/atomic_file.h"

namespace oddshot {
namespace {

const std::filesystem::path kGolden = std::filesystem::path(ODDSHOT_SOURCE_DIR) / "tests/detector/golden";

// The detector of a file scores the rows as the program that wrote it did.
Detector expect_scores(const std::string& file, const std::string& scores_file) {
  Detector detector = load_detector(kGolden / file);
  ReadOptions read;
  read.numeric = detector.preprocessor().numeric_columns();
  read.category = detector.preprocessor().category_columns();
  ThreadPool pool(1);
  const std::vector<float> scores = detector.score(read_table({kGolden / "rows.csv"}, read), pool);
  const std::vector<float> expected = read_table({kGolden / scores_file}).column("score").numbers;
  EXPECT_EQ(scores.size(), expected.size());
  // Kernels of another processor sum in another order.
  for (std::size_t r = 0; r < std::min(scores.size(), expected.size()); ++r) {
    EXPECT_NEAR(scores[r], expected[r], 1e-4F * (1 + std::abs(expected[r]))) << r;
  }
  return detector;
}

class Golden : public ::testing::TestWithParam<int> {};

TEST_P(Golden, LoadsAndScoresAsItDid) {
  const std::string format = std::to_string(GetParam());
  const Detector detector = expect_scores("detector-" + format + ".safetensors", "scores-" + format + ".csv");
  EXPECT_EQ(detector.calibration().present(), GetParam() >= 2);
}

// Every format there ever was, and no file of one without this test.
INSTANTIATE_TEST_SUITE_P(EveryFormat, Golden, ::testing::Range(1, kDetectorFormatVersion + 1));

class GoldenModel : public ::testing::TestWithParam<int> {};

TEST_P(GoldenModel, OfScoreSpaceScoresAsItDid) {
  const std::string format = std::to_string(GetParam());
  const Detector detector = expect_scores("model-" + format + ".safetensors", "model-scores-" + format + ".csv");
  EXPECT_EQ(detector.model().training.scores, GetParam() == 1 ? ScoreList::kDistances : ScoreList::kTrees);
}

INSTANTIATE_TEST_SUITE_P(EveryFormat, GoldenModel, ::testing::Range(1, kModelFormatVersion + 1));

class GoldenCommittee : public ::testing::TestWithParam<int> {};

TEST_P(GoldenCommittee, KeepsToItsLearnersAndScoresAsItDid) {
  const std::string format = std::to_string(GetParam());
  const Detector detector = expect_scores("committee-" + format + ".safetensors", "committee-scores-" + format + ".csv");
  std::vector<std::string> learners = {"score-net", "in-context"};
  if (GetParam() >= 3) learners.emplace_back("gate");
  EXPECT_EQ(detector.model().learner_options.committee, learners);
}

INSTANTIATE_TEST_SUITE_P(SinceThereWereSome, GoldenCommittee, ::testing::Range(2, kModelFormatVersion + 1));

TEST(DetectorFormat, EveryOneHasAGoldenFile) {
  for (int format = 1; format <= kDetectorFormatVersion; ++format) {
    EXPECT_TRUE(std::filesystem::exists(kGolden / ("detector-" + std::to_string(format) + ".safetensors"))) << format;
  }
}

}  // namespace
}  // namespace oddshot
