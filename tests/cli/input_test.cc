// What is given and what comes out: standard input everywhere a table is read, formats, words in the wrong place, devices that are full.
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "../data/scratch_folder.h"
#include "oddshot/base/random.h"
#include "program.h"

namespace oddshot::testing {
namespace {

// The same rows spelt in several ways; every twentieth an anomaly.
std::string rows(char separator, bool json = false, std::size_t count = 120) {
  Stream stream(3, Purpose::kTest, 0);
  std::string out = json ? "" : std::string("a") + separator + "b" + separator + "label\n";
  for (std::size_t r = 0; r < count; ++r) {
    const bool anomaly = r % 20 == 19;
    const std::string a = std::to_string(stream.normal() + (anomaly ? 8.0F : 0.0F)), b = std::to_string(stream.normal());
    const std::string label = anomaly ? "anomaly" : "normal";
    out += json ? "{\"a\":" + a + ",\"b\":" + b + ",\"label\":\"" + label + "\"}\n" : a + separator + b + separator + label + "\n";
  }
  return out;
}

class Input : public ::testing::Test {
 protected:
  Input() {
    const Outcome adapted = run_program({"adapt", csv_, "--label-column", "label", "-o", detector_});
    EXPECT_EQ(adapted.status, 0) << adapted.err;
  }
  std::string path(const std::string& name) const { return (folder_ / name).string(); }
  // Standard error, once the status is as it should be.
  static std::string complaint(const std::vector<std::string>& words, int status, const std::string& input = {}) {
    const Outcome outcome = run_program(words, {}, input);
    EXPECT_EQ(outcome.status, status) << outcome.err;
    return outcome.err;
  }
  static void expect_says(const std::string& text, const std::string& part) { EXPECT_NE(text.find(part), std::string::npos) << text; }

  Folder folder_;
  std::string csv_ = folder_.write("rows.csv", rows(','));
  std::string json_ = folder_.write("rows.jsonl", rows(',', true));
  std::string detector_ = (folder_ / "detector.safetensors").string();
};

TEST_F(Input, AdaptTakesStandardInputInAnyFormat) {
  const std::string expected = run_program({"score", detector_, csv_, "--columns", "none"}).out;
  const std::string tabs = folder_.write("rows.tsv", rows('\t'));
  const std::string other = path("other.safetensors");
  for (const auto& [input, format] :
       {std::pair(csv_, ""), std::pair(json_, ""), std::pair(tabs, ""), std::pair(tabs, "tsv"), std::pair(json_, "jsonl")}) {
    std::vector<std::string> words{"adapt", "-", "--label-column", "label", "-o", other};
    if (*format != 0) words.insert(words.end(), {"--format", format});
    const Outcome adapted = run_program(words, {}, input);
    ASSERT_EQ(adapted.status, 0) << input << ": " << adapted.err;
    EXPECT_EQ(run_program({"score", other, csv_, "--columns", "none"}).out, expected) << input;
  }
  ASSERT_EQ(run_program({"adapt", json_, "--label-column", "label", "-o", other}).status, 0);
  EXPECT_EQ(run_program({"score", other, csv_, "--columns", "none"}).out, expected) << "of a file too";
}

TEST_F(Input, ExplainTakesStandardInputAndJsonLines) {
  const std::string expected = run_program({"explain", detector_, csv_}).out;
  ASSERT_FALSE(expected.empty());
  EXPECT_EQ(run_program({"explain", detector_, "-"}, {}, csv_).out, expected);
  EXPECT_EQ(run_program({"explain", detector_, "-"}, {}, json_).out, expected);
  EXPECT_EQ(run_program({"explain", detector_, json_}).out, expected);
  EXPECT_EQ(run_program({"explain", detector_, "-", "--format", "jsonl"}, {}, json_).out, expected);
  expect_says(complaint({"explain", detector_, "-", "--row", "121"}, 2, csv_), "--row 121: standard input has rows 1 to 120");
  expect_says(complaint({"explain", detector_, csv_, "--format", "josnl"}, 2), "csv, tsv, jsonl, parquet, arrow");
}

TEST_F(Input, UpdateTakesLabelsFromStandardInput) {
  const std::string json = folder_.write("new.jsonl", "{\"a\":7,\"b\":0,\"label\":\"anomaly\",\"request\":{\"id\":[1]}}\n");
  const Outcome added = run_program({"update", detector_, "--labels", "-"}, {}, json);
  ASSERT_EQ(added.status, 0) << added.err;
  expect_says(added.out, "1 row added, 0 removed\nrows       114 normal, 7 anomalies\n");
  const Outcome withdrawn = run_program({"update", detector_, "--withdraw", "-"}, {}, json);
  ASSERT_EQ(withdrawn.status, 0) << withdrawn.err;
  expect_says(withdrawn.out, "114 normal, 6 anomalies");
}

TEST_F(Input, OneAnomalyIsCalledSo) {
  const Outcome adapted =
      run_program({"adapt", folder_.write("few.csv", rows(',', false, 39)), "--label-column", "label", "-o", detector_});
  expect_says(adapted.out, "rows       38 normal, 1 anomaly\n");
  expect_says(run_program({"inspect", detector_}).out, "38 normal rows and 1 anomaly\n");
}

TEST_F(Input, GzipThatCannotBeUnpackedIsSaidToBe) {
  const std::string packed = folder_.write("rows", "\x1f\x8b\x08");
  expect_says(complaint({"score", detector_, "-"}, 1, packed), "standard input: gzip data");
  expect_says(complaint({"score", detector_, "-", "--format", "csv"}, 1, packed), "standard input: gzip data");
}

TEST_F(Input, GzipIsUnpackedOfStandardInputWhereRowsAreTakenAsAWhole) {
  const std::string packed = folder_.write("packed", gzip_stored(rows(',')));
  const std::string other = path("other.safetensors");
  const Outcome adapted = run_program({"adapt", "-", "--label-column", "label", "-o", other}, {}, packed);
  ASSERT_EQ(adapted.status, 0) << adapted.err;
  EXPECT_EQ(run_program({"score", other, csv_}).out, run_program({"score", detector_, csv_}).out);
  EXPECT_EQ(run_program({"explain", detector_, "-"}, {}, packed).out, run_program({"explain", detector_, csv_}).out);
  const Outcome updated =
      run_program({"update", other, "--labels", "-"}, {}, folder_.write("more", gzip_stored("a,b,label\n7,0,anomaly\n")));
  EXPECT_EQ(updated.status, 0) << updated.err;
}

TEST_F(Input, ATableWithTabsOrSemicolonsIsWrittenAsItCame) {
  const std::string semicolons = folder_.write("semicolons.csv", rows(';'));
  const Outcome scored = run_program({"score", detector_, semicolons});
  ASSERT_EQ(scored.status, 0) << scored.err;
  EXPECT_TRUE(scored.out.starts_with("a;b;label;score;p_value\n")) << scored.out.substr(0, 60);
  const Outcome tabs = run_program({"score", detector_, "-"}, {}, folder_.write("tabs", rows('\t')));
  EXPECT_TRUE(tabs.out.starts_with("a\tb\tlabel\tscore\tp_value\n")) << tabs.err;
}

TEST_F(Input, AColumnThatIsMissingIsNamedWithTheNearest) {
  const std::string upper = folder_.write("upper.csv", "A,b\n1,2\n");
  for (const char* command : {"score", "explain"}) {
    const std::string words = complaint({command, detector_, upper}, 1);
    expect_says(words, "column \"a\"");
    expect_says(words, "did you mean \"A\"?");
  }
  const std::string header = folder_.write("header.csv", "x,b\n");
  const std::string words = complaint({"score", detector_, header}, 1);
  expect_says(words, "header.csv: column \"a\" is missing, which the detector needs");
  EXPECT_EQ(words.find("did you mean"), std::string::npos) << words;
  expect_says(complaint({"score", detector_, folder_.write("none.csv", "a,b\n")}, 0), "a table without rows");
  expect_says(complaint({"explain", detector_, path("none.csv")}, 1), "only a header, no data rows");
}

TEST_F(Input, WordsInTheWrongPlaceAreSaidToBe) {
  for (const char* command : {"score", "explain"}) {
    expect_says(complaint({command, csv_, detector_}, 2), "are the wrong way round: oddshot " + std::string(command) + " DETECTOR ROWS");
  }
  expect_says(complaint({"adapt", csv_, detector_, "--label-column", "label", "-o", path("d.safetensors")}, 2),
              "are the wrong way round: oddshot adapt MODEL ROWS");
  expect_says(complaint({"score", detector_, detector_}, 2), "by its name, where the rows belong");
  expect_says(complaint({"export", csv_, "-o", path("d.onnx")}, 2), "a table, by its name, where a .safetensors file belongs");
  expect_says(complaint({"adapt", detector_, csv_, "--label-column", "label", "-o", path("d.safetensors")}, 1), "a detector, not a model");
  expect_says(complaint({"score", "universal", csv_}, 2),
              "universal: a model that ships, not a detector; make one: oddshot adapt --model universal ROWS");
  expect_says(complaint({"adapt", csv_, "--label-column", "label", "-o", csv_}, 2), "rows.csv is the name of a table");
  expect_says(complaint({"adapt", csv_, "--label-column", "label", "--ignored", "label", "-o", path("d.safetensors")}, 2),
              "column \"label\" is named for the labels and to be ignored");
}

TEST_F(Input, ANameThatSaysAnotherFormatIsRefused) {
  expect_says(complaint({"score", detector_, csv_, "-o", path("a.xlsx")}, 2), "rows are not written as .xlsx");
  expect_says(complaint({"score", detector_, csv_, "-o", path("a.csv.gz")}, 2), "what is written is not packed");
  EXPECT_EQ(run_program({"score", detector_, csv_, "-o", path("a.log"), "--output-format", "csv"}).status, 0);
  EXPECT_EQ(run_program({"score", detector_, csv_, "-o", path("plain")}).status, 0);
}

TEST_F(Input, AShareThatIsLeftOutDoesNotTakeTheFile) {
  const Outcome adapted = run_program({"adapt", "--contamination-robust", csv_, "--label-column", "label", "-o", detector_});
  ASSERT_EQ(adapted.status, 0) << adapted.err;
  expect_says(adapted.err, "12 of 114 normal rows look least normal");
  const Outcome given = run_program({"adapt", "--contamination-robust", "0.2", csv_, "--label-column", "label", "-o", detector_});
  expect_says(given.err, "23 of 114 normal rows look least normal");
}

TEST_F(Input, OutputThatDoesNotArriveIsAnError) {
  const std::vector<std::vector<std::string>> all = {{"score", detector_, csv_},
                                                     {"score", detector_, csv_, "-o", "-"},
                                                     {"score", detector_, csv_, "--output-format", "jsonl"},
                                                     {"explain", detector_, csv_, "--top", "1"},
                                                     {"adapt", csv_, "--label-column", "label", "-o", path("other.safetensors")},
                                                     {"adapt", csv_, "--label-column", "label", "--json", "-o", path("other.safetensors")},
                                                     {"inspect", detector_},
                                                     {"learners"},
                                                     {"suite", "list"},
                                                     {"completion", "man"},
                                                     {"adapt", "--help"}};
  for (const auto& words : all) {
    const Outcome outcome = run_program(words, {}, {}, "/dev/full");
    EXPECT_EQ(outcome.status, 1) << words[0];
    expect_says(outcome.err, "standard output: No space left on device");
  }
}

TEST_F(Input, ForgottenRowsAreSaidToBeComputable) {
  const Outcome adapted = run_program({"adapt", csv_, "--label-column", "label", "--forget-rows", "-o", detector_});
  ASSERT_EQ(adapted.status, 0) << adapted.err;
  expect_says(adapted.out, "encoded alone (2 numbers each), of which values can be computed back");
}

}  // namespace
}  // namespace oddshot::testing
