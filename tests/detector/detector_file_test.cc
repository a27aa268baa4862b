// Detector files: what is read back is what was written, and what is damaged is refused by name.
#include <functional>
#include <limits>
#include <string>

#include <gtest/gtest.h>

#include "oddshot/base/error.h"
#include "oddshot/detector/detector.h"
#include "oddshot/model_io/tensor_file.h"
#include "sample_table.h"

namespace oddshot {
namespace {

Detector adapted() {
  AdaptOptions options;
  options.label = "label";
  return Detector::adapt(table_model(), sample_table(), options);
}

// What reading complains of once the content is changed.
std::string complaint(const std::function<void(TensorFile&)>& change) {
  TensorFile content = parse_tensor_file(serialise(adapted()), "d");
  change(content);
  try {
    parse_detector(serialise(content), "d");
  } catch (const FormatError& error) {
    return error.what();
  }
  return {};
}

TEST(DetectorFile, ReadsBackToTheSameScores) {
  const Detector detector = adapted();
  const std::vector<std::uint8_t> bytes = serialise(detector);
  const Detector again = parse_detector(bytes, "d");
  ThreadPool pool(1);
  EXPECT_EQ(again.score(sample_table(), pool), detector.score(sample_table(), pool));
  EXPECT_EQ(serialise(again), bytes);
  EXPECT_EQ(again.normals(), 60U);
  EXPECT_EQ(again.anomalies(), 10U);
}

TEST(DetectorFile, IsToldFromAModelFile) {
  const std::vector<std::uint8_t> detector = serialise(adapted());
  const std::vector<std::uint8_t> model = serialise(table_model());
  EXPECT_TRUE(is_detector(detector, "d"));
  EXPECT_FALSE(is_detector(model, "m"));
  EXPECT_THROW(parse_model(detector, "d"), FormatError);
  try {
    parse_detector(model, "m");
    ADD_FAILURE() << "a model was read as a detector";
  } catch (const FormatError& error) {
    EXPECT_STREQ(error.what(), "m: a model, not a detector; make one of it and your rows with oddshot adapt");
  }
}

TEST(DetectorFile, ACutFileIsRefused) {
  const std::vector<std::uint8_t> bytes = serialise(adapted());
  for (const std::size_t size : {std::size_t{0}, std::size_t{7}, std::size_t{100}, bytes.size() - 1}) {
    EXPECT_THROW(parse_detector(std::span(bytes).first(size), "d"), FormatError) << size;
  }
}

TEST(DetectorFile, EveryDamagedFieldIsRefusedByName) {
  EXPECT_EQ(complaint([](TensorFile& c) { c.tensors.erase("support.rows"); }), "d: damaged: tensor \"support.rows\" is missing");
  EXPECT_EQ(complaint([](TensorFile& c) { c.tensors.erase("support.labels"); }), "d: damaged: tensor \"support.labels\" is missing");
  EXPECT_EQ(complaint([](TensorFile& c) { c.tensors["support.labels"].values[3] = 2; }),
            "d: damaged: tensor \"support.labels\": 2 where 0 or 1 belongs");
  EXPECT_EQ(complaint([](TensorFile& c) { c.tensors["support.rows"].values[3] = std::numeric_limits<float>::infinity(); }),
            "d: damaged: tensor \"support.rows\": element 3 is inf");
  EXPECT_EQ(complaint([](TensorFile& c) {
              c.tensors["support.labels"].values.pop_back();
              c.tensors["support.labels"].shape[0] -= 1;
            }),
            "d: damaged: 69 labels for 70 rows");
  EXPECT_EQ(complaint([](TensorFile& c) { c.metadata.erase("table_preprocessor"); }),
            "d: damaged: metadata \"table_preprocessor\" is missing in space \"table\"");
  EXPECT_NE(complaint([](TensorFile& c) { c.metadata["table_preprocessor"] = "{}"; }).find("table_preprocessor"), std::string::npos);
  EXPECT_NE(complaint([](TensorFile& c) { c.metadata["preprocessor"] = "{}"; }).find("has no place in a model of space \"table\""),
            std::string::npos);
  EXPECT_NE(complaint([](TensorFile& c) { c.metadata.erase("oddshot"); }).find("not a detector of Oddshot"), std::string::npos);
  EXPECT_NE(complaint([](TensorFile& c) { c.tensors["more"] = {{1}, {0}}; }).find("\"more\""), std::string::npos);
}

TEST(DetectorFile, IsDescribedForPeopleAndPrograms) {
  const std::string text = describe(adapted());
  EXPECT_NE(text.find("adapted to 60 normal rows and 10 anomalies"), std::string::npos) << text;
  EXPECT_NE(text.find("amount"), std::string::npos) << text;
  EXPECT_NE(text.find("those of any table"), std::string::npos) << text;
  EXPECT_NE(describe(adapted(), true).find("\"kind\": \"detector\""), std::string::npos);
}

TEST(DetectorFile, PassesNoControlCharactersOn) {
  Table table = sample_table();
  for (Column& column : table.columns) {
    if (column.name == "amount") column.name = "am\x1b[2Jount";
  }
  AdaptOptions options;
  options.label = "label";
  const std::string text = describe(Detector::adapt(table_model(), table, options));
  EXPECT_EQ(text.find('\x1b'), std::string::npos);
  EXPECT_NE(text.find("am?[2Jount"), std::string::npos) << text;
}

}  // namespace
}  // namespace oddshot
