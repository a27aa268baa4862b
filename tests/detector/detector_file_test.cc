// Detector files: what is read back is what was written, and what is damaged is refused by name.
#include <functional>
#include <limits>
#include <string>

#include <gtest/gtest.h>

#include "model_io/checksums.h"
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

// What reading complains of once the content is changed; with checksums that fit the change unless told otherwise.
std::string complaint(const std::function<void(TensorFile&)>& change, bool fitting = true) {
  static const std::vector<std::uint8_t> bytes = serialise(adapted());
  TensorFile content = parse_tensor_file(bytes, "d");
  change(content);
  if (fitting) add_checksums(content);
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

TEST(DetectorFile, EveryDamagedFieldOfTheCalibrationIsRefusedByName) {
  const auto text = [](const char* json) { return [json](TensorFile& c) { c.metadata["calibration"] = json; }; };
  EXPECT_EQ(complaint([](TensorFile& c) { c.metadata.erase("calibration"); }), "d: damaged: metadata \"calibration\" is missing");
  EXPECT_EQ(
      complaint(text(R"({"scheme": "magic"})")),
      "d: damaged: metadata \"calibration\": calibration \"magic\" does not exist; choose one of auto, held-back, cross-fitted, none");
  EXPECT_NE(complaint(text(R"({})")).find("scheme is missing"), std::string::npos);
  EXPECT_NE(complaint(text(R"({"scheme": "auto"})")).find("held back or cross-fitted"), std::string::npos);
  EXPECT_NE(complaint(text(R"({"scheme": "none"})")).find("\"calibration.scores\""), std::string::npos);
  EXPECT_EQ(complaint(text(R"({"scheme": "held-back"})")), "d: damaged: 60 scores for 0 calibrators");
  EXPECT_EQ(complaint([](TensorFile& c) { c.tensors.erase("calibration.scores"); }),
            "d: damaged: tensor \"calibration.scores\" is missing");
  EXPECT_NE(complaint([](TensorFile& c) {
              c.tensors["calibration.scores"].values[2] = std::numeric_limits<float>::quiet_NaN();
            }).find("the score of calibrator 2 is nan"),
            std::string::npos);
  EXPECT_NE(complaint([](TensorFile& c) { c.tensors["calibration.weights"] = {{1}, {1}}; }).find("1 weights for 60 calibrators"),
            std::string::npos);
  EXPECT_EQ(complaint([](TensorFile& c) { c.tensors["calibration.rows"] = {{1, 2}, {1, 1}}; }),
            "d: damaged: rows of 2 features held back where 7 belong");
}

TEST(DetectorFile, EveryDamagedFieldOfTheAdaptingIsRefusedByName) {
  const auto edited = [](const char* key, const std::string& from, const std::string& to) {
    return [=](TensorFile& c) {
      std::string& text = c.metadata.at(key);
      ASSERT_NE(text.find(from), std::string::npos) << text;
      text.replace(text.find(from), from.size(), to);
    };
  };
  EXPECT_EQ(complaint([](TensorFile& c) { c.metadata.erase("adapting"); }), "d: damaged: metadata \"adapting\" is missing");
  EXPECT_EQ(complaint([](TensorFile& c) { c.metadata.erase("history"); }), "d: damaged: metadata \"history\" is missing");
  EXPECT_EQ(complaint(edited("adapting", "\"max_false_alarms\":null", "\"max_false_alarms\":7")),
            "d: damaged: metadata \"adapting\": the false-alarm rate is 7; it must be above 0 and below 1");
  EXPECT_EQ(complaint(edited("adapting", "\"method\":\"\"", "\"method\":\"magic\"")),
            "d: damaged: metadata \"adapting\": there is no expert \"magic\"");
  EXPECT_NE(complaint(edited("adapting", "\"trim\":0.0", "\"trim\":0.7")).find("must be 0 to below 0.5"), std::string::npos);
  EXPECT_NE(complaint(edited("adapting", "\"trim\":0.0", "\"trimm\":0.0")).find("trim is missing"), std::string::npos);
  EXPECT_EQ(complaint(edited("history", "\"added\":[70]", "\"added\":[70,1]")),
            "d: damaged: metadata \"history\": lists of 1 and of 2 entries");
  EXPECT_EQ(complaint([](TensorFile& c) { c.tensors.erase("table.rows"); }), "d: damaged: tensor \"table.rows\" is missing");
  EXPECT_NE(complaint([](TensorFile& c) { c.metadata.erase("table"); }).find("\"table.rows\""), std::string::npos);
  EXPECT_EQ(complaint([](TensorFile& c) { c.tensors["table.rows"].values[2] = 3; }),
            "d: damaged: tensor \"table.rows\": element 2 is 3, which is no category");
  EXPECT_EQ(complaint([](TensorFile& c) { c.tensors["table.rows"].values[2] = 0.5F; }),
            "d: damaged: tensor \"table.rows\": element 2 is 0.5, which is no category");
  EXPECT_EQ(complaint([](TensorFile& c) { c.tensors["table.rows"].values[0] = std::numeric_limits<float>::infinity(); }),
            "d: damaged: tensor \"table.rows\": element 0 is inf");
  EXPECT_EQ(complaint(edited("table", "\"amount\"", "\"speed\"")), "d: damaged: metadata \"table\": names: \"speed\" occurs twice");
  EXPECT_NE(complaint(edited("table", "\"numeric\"", "\"number\"")).find("where numeric or category belongs"), std::string::npos);
  EXPECT_NE(complaint(edited("table", "\"boat\"", "\"boat\",\"raft\"")).find("words: more than the categories"), std::string::npos);
}

TEST(DetectorFile, AFlippedBitDoesNotPass) {
  const TensorFile whole = parse_tensor_file(serialise(adapted()), "d");
  for (const auto& [name, tensor] : whole.tensors) {
    if (tensor.values.empty()) continue;
    EXPECT_EQ(complaint([&](TensorFile& c) { c.tensors.at(name).values.back() += 0.5F; }, false),
              "d: damaged: tensor \"" + name + "\" does not fit its checksum");
  }
  EXPECT_EQ(complaint([](TensorFile& c) { c.metadata.at("training") += ' '; }, false),
            "d: damaged: the metadata do not fit their checksum");
  EXPECT_EQ(complaint([](TensorFile& c) { c.metadata.erase("checksums"); }, false), "d: damaged: metadata \"checksums\" is missing");
  EXPECT_EQ(complaint([](TensorFile& c) { c.metadata["checksums"] = "[]"; }, false),
            "d: damaged: metadata \"checksums\": not a list of checksums");
  EXPECT_EQ(complaint([](TensorFile& c) { c.tensors["more"] = {{1}, {0}}; }, false), "d: damaged: tensor \"more\" has no checksum");
  EXPECT_EQ(complaint([](TensorFile& c) { c.tensors.erase("support.rows"); }, false), "d: damaged: tensor \"support.rows\" is missing");
}

TEST(Crc32, IsTheOneOfGzip) {
  const std::string text = "123456789";
  EXPECT_EQ(crc32({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()}), 0xCBF43926U);
  EXPECT_EQ(crc32({}), 0U);
}

TEST(DetectorFile, OfALaterFormatIsRefusedInASentence) {
  const auto version = [](const char* number) {
    return [number](TensorFile& c) {
      std::string& header = c.metadata["oddshot"];
      header.replace(header.find("\"detector_version\":2"), 20, std::string("\"detector_version\":") + number);
    };
  };
  EXPECT_EQ(complaint(version("3"), false), "d: a detector of format 3; this Oddshot reads formats up to 2: use a newer one");
  EXPECT_NE(complaint(version("0"), false).find("detector_version: 0 where"), std::string::npos);
  EXPECT_NE(complaint(version("-1"), false).find("detector_version: -1 where"), std::string::npos);
}

TEST(DetectorFile, KeepsCalibratorsWeightsAndTheRateThatWasAskedFor) {
  AdaptOptions options;
  options.label = "label";
  options.weight = "amount";
  options.max_false_alarms = 0.1;
  const Detector detector = Detector::adapt(table_model(), sample_table(), options);
  const Detector again = parse_detector(serialise(detector), "d");
  EXPECT_EQ(again.max_false_alarms(), 0.1);
  EXPECT_EQ(again.calibration().scheme(), CalibrationScheme::kHeldBack);
  EXPECT_EQ(again.calibration().scores(), detector.calibration().scores());
  EXPECT_EQ(again.calibration().weights(), detector.calibration().weights());
  EXPECT_EQ(again.rows().held_back.rows(), 20U);
  EXPECT_EQ(again.calibration().p_value(0.5F), detector.calibration().p_value(0.5F));
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
