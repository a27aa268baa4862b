// Detectors that older programs wrote: they load, and score as they did.
#include <cmath>
#include <filesystem>
#include <string>

#include <gtest/gtest.h>

#include "oddshot/data/reader.h"
#include "oddshot/detector/detector.h"
#include "oddshot/model_io/atomic_file.h"

namespace oddshot {
namespace {

const std::filesystem::path kGolden = std::filesystem::path(ODDSHOT_SOURCE_DIR) / "tests/detector/golden";

class Golden : public ::testing::TestWithParam<int> {
 protected:
  std::filesystem::path file(const char* what, const char* ending) const { return kGolden / (what + std::to_string(GetParam()) + ending); }
};

TEST_P(Golden, LoadsAndScoresAsItDid) {
  const Detector detector = load_detector(file("detector-", ".safetensors"));
  ReadOptions read;
  read.numeric = detector.preprocessor().numeric_columns();
  read.category = detector.preprocessor().category_columns();
  ThreadPool pool(1);
  const std::vector<float> scores = detector.score(read_table({kGolden / "rows.csv"}, read), pool);
  const std::vector<float> expected = read_table({file("scores-", ".csv")}).column("score").numbers;
  ASSERT_EQ(scores.size(), expected.size());
  // Kernels of another processor sum in another order.
  for (std::size_t r = 0; r < scores.size(); ++r) EXPECT_NEAR(scores[r], expected[r], 1e-4F * (1 + std::abs(expected[r]))) << r;
  EXPECT_EQ(detector.calibration().present(), GetParam() >= 2);
}

// Every format there ever was, and no file of one without this test.
INSTANTIATE_TEST_SUITE_P(EveryFormat, Golden, ::testing::Range(1, kDetectorFormatVersion + 1));

TEST(DetectorFormat, EveryOneHasAGoldenFile) {
  for (int format = 1; format <= kDetectorFormatVersion; ++format) {
    EXPECT_TRUE(std::filesystem::exists(kGolden / ("detector-" + std::to_string(format) + ".safetensors"))) << format;
  }
}

}  // namespace
}  // namespace oddshot
