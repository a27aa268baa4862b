// Rows of one's own as a user gives them: columns to ignore, slips in numbers, windows of a time series, streams.
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <string>

#include <gtest/gtest.h>

#include "oddshot/base/random.h"
#include "program.h"

namespace oddshot::testing {
namespace {

// Columns a, b, code, label; every twentieth row an anomaly, far off in a. `slip`: of row 40's code.
std::string table(std::size_t rows, const std::string& slip = "3") {
  Stream stream(3, Purpose::kTest, 0);
  std::string csv = "a,b,code,label\n";
  for (std::size_t r = 0; r < rows; ++r) {
    const bool anomaly = r % 20 == 19;
    csv += std::to_string(stream.normal() + (anomaly ? 8.0F : 0.0F)) + "," + std::to_string(stream.normal()) + ",";
    csv += (r == 40 ? slip : std::to_string(r % 17)) + (anomaly ? ",anomaly\n" : ",normal\n");
  }
  return csv;
}

class OwnRows : public ::testing::Test {
 protected:
  Outcome adapt(const std::string& rows, const std::vector<std::string>& more = {}) const {
    std::vector<std::string> all{"adapt", rows, "--label-column", "label", "-o", detector_};
    all.insert(all.end(), more.begin(), more.end());
    return run_program(all);
  }

  Folder folder_;
  std::string detector_ = (folder_ / "detector.safetensors").string();
};

TEST_F(OwnRows, ColumnsThatAreIgnoredAreNotLookedAt) {
  const std::string rows = folder_.write("rows.csv", table(200, "inf"));
  const Outcome adapted = adapt(rows, {"--ignored", "code,b"});
  ASSERT_EQ(adapted.status, 0) << adapted.err;
  EXPECT_NE(adapted.out.find("columns    1,"), std::string::npos) << adapted.out;
  const std::string other = folder_.write("other.csv", "a\n0.1\n9\n");
  EXPECT_EQ(run_program({"score", detector_, other}).status, 0) << "neither column is needed";
  EXPECT_NE(adapt(rows, {"--ignored", "kode"}).err.find("did you mean \"code\"?"), std::string::npos);
  // Labels that come later still fit.
  const std::string more = folder_.write("more.csv", "a,label\n7.5,anomaly\n");
  const Outcome updated = run_program({"update", detector_, "--labels", more});
  EXPECT_EQ(updated.status, 0) << updated.err;
}

TEST_F(OwnRows, AWordAmongNumbersIsPointedOut) {
  const Outcome adapted = adapt(folder_.write("rows.csv", table(200, "3x")));
  ASSERT_EQ(adapted.status, 0) << adapted.err;
  EXPECT_NE(adapted.err.find("\"code\" is taken for words: 199 of its 200 values are numbers, \"3x\" ("), std::string::npos) << adapted.err;
  EXPECT_EQ(adapt(folder_.write("clean.csv", table(200))).err.find("taken for words"), std::string::npos);
}

TEST_F(OwnRows, SoManyNormalsAsAreSaidToBeNeededAreEnough) {
  const auto normals = [&](std::size_t count) {
    std::string csv = "a,b,label\n";
    Stream stream(4, Purpose::kTest, count);
    for (std::size_t r = 0; r < count + 2; ++r) {
      csv += std::to_string(stream.normal()) + "," + std::to_string(stream.normal()) + (r < count ? ",normal\n" : ",anomaly\n");
    }
    return folder_.write("few.csv", csv);
  };
  const std::vector<std::string> asked{"--max-false-alarms", "0.05", "--calibration", "held-back"};
  EXPECT_NE(adapt(normals(30), asked).err.find("needs 19 normal rows to calibrate by (37 in all)"), std::string::npos);
  EXPECT_EQ(adapt(normals(36), asked).status, 1);
  EXPECT_EQ(adapt(normals(37), asked).status, 0);
  const Outcome crossed = adapt(normals(30), {"--max-false-alarms", "0.05", "--calibration", "cross-fitted"});
  EXPECT_NE(crossed.out.find("with 37 normal rows --calibration held-back guarantees it"), std::string::npos) << crossed.out;
}

TEST_F(OwnRows, ABatchTooLargeForItsCalibratorsSaysWhyNothingIsAnAlert) {
  const std::string rows = folder_.write("rows.csv", table(200));
  ASSERT_EQ(adapt(rows).status, 0);
  const Outcome scored = run_program({"score", detector_, rows, "--fdr", "0.001"});
  ASSERT_EQ(scored.status, 0) << scored.err;
  EXPECT_NE(scored.err.find("199999 normal rows a single row can be an alert"), std::string::npos) << scored.err;
}

// Counted first, then scored: a stream is put aside in $TMPDIR, where nothing is to be seen of it at any time.
class FalseDiscoveries : public OwnRows {
 protected:
  void SetUp() override {
    std::filesystem::create_directory(folder_ / "tmp");
    ASSERT_EQ(adapt(rows_).status, 0);
    const Outcome direct = run_program({"score", detector_, rows_, "--fdr", "0.3"});
    ASSERT_EQ(direct.status, 0) << direct.err;
    ASSERT_NE(direct.out.find(",1\n"), std::string::npos) << "some are alerts";
    expected_ = direct.out;
  }
  // What `command` of a shell writes; $0 is the program, $1 the detector, $2 the rows. Its status goes to status_, its words to err_.
  std::string shell(const std::string& command) {
    const std::string out = (folder_ / "out").string(), err = (folder_ / "err").string();
    const std::string whole = "TMPDIR='" + (folder_ / "tmp").string() + "' bash -c '" + command + "' '" ODDSHOT_PROGRAM "' '" + detector_ +
                              "' '" + rows_ + "' >'" + out + "' 2>'" + err + "'";
    status_ = WEXITSTATUS(std::system(whole.c_str()));
    err_ = read(err);
    EXPECT_TRUE(std::filesystem::is_empty(folder_ / "tmp"));
    return read(out);
  }

  std::string rows_ = folder_.write("rows.csv", table(200));
  std::string expected_, err_;
  int status_ = -1;
};

TEST_F(FalseDiscoveries, AreChosenOfAStreamAsOfAFile) {
  for (const char* command : {"cat $2 | $0 score $1 - --fdr 0.3", "$0 score $1 - --fdr 0.3 <$2", "$0 score $1 <(cat $2) --fdr 0.3",
                              "gzip -c $2 | $0 score $1 - --fdr 0.3"}) {
    EXPECT_EQ(shell(command), expected_) << command << ": " << err_;
    EXPECT_EQ(status_, 0) << command;
  }
  const std::string tabs = shell("tr , \"\\t\" <$2 | $0 score $1 - --format tsv --output-format csv --fdr 0.3");
  EXPECT_EQ(tabs, expected_) << err_;
  EXPECT_EQ(run_program({"score", detector_, "-", "--fdr", "0.3"}, {}, rows_).out, expected_);
  EXPECT_NE(run_program({"score", detector_, (folder_ / "none.csv").string(), "--fdr", "0.3"}).err.find("no such file"), std::string::npos);
}

TEST_F(FalseDiscoveries, OfAStreamNameItsPlaces) {
  const std::string slip = folder_.write("slip.csv", "a,b,code\n1,2,3\n1,x,3\n");
  shell("cat " + slip + " | $0 score $1 - --fdr 0.3");
  EXPECT_EQ(status_, 1);
  EXPECT_NE(err_.find("standard input:3, column \"b\": \"x\" is not a number"), std::string::npos) << err_;
  shell("$0 score $1 - --fdr 0.3 </dev/null");
  EXPECT_EQ(status_, 1);
  EXPECT_NE(err_.find("standard input: the file is empty"), std::string::npos) << err_;
}

TEST_F(FalseDiscoveries, LeaveNothingBehindWhereTheyAreInterrupted) {
  EXPECT_EQ(shell("(cat $2; sleep 3) | (timeout -s INT 1 $0 score $1 - --fdr 0.3)"), "");
  EXPECT_NE(status_, 0);
  EXPECT_EQ(shell("(cat $2; sleep 3) | (timeout -s KILL 1 $0 score $1 - --fdr 0.3)"), "");
  EXPECT_NE(status_, 0);
}

TEST_F(FalseDiscoveries, SayWhereThereIsNoRoomToPutAStreamAside) {
  // A file may grow to 2 KiB: as good as a full disk.
  EXPECT_EQ(shell("trap \"\" XFSZ; ulimit -f 2; yes 1,2,3 | head -n 100000 | (echo a,b,code; cat) | $0 score $1 - --fdr 0.3"), "");
  EXPECT_EQ(status_, 1);
  EXPECT_NE(err_.find("a temporary file cannot be written: "), std::string::npos) << err_;
  EXPECT_NE(err_.find("TMPDIR names another folder for it"), std::string::npos) << err_;
  EXPECT_EQ(shell("cat $2 | TMPDIR=/nowhere $0 score $1 - --fdr 0.3"), "");
  EXPECT_NE(err_.find("/nowhere/oddshot-"), std::string::npos) << err_;
}

TEST_F(OwnRows, AWeightThatIsNoneIsNamedByItsLine) {
  const auto weighted = [&](std::size_t rows, std::size_t wrong) {
    Stream stream(6, Purpose::kTest, 0);
    std::string csv = "a,b,w,label\n";
    for (std::size_t r = 0; r < rows; ++r) {
      csv += std::to_string(stream.normal()) + "," + std::to_string(stream.normal()) + (r == wrong ? ",-1," : ",1,") +
             (r % 20 == 19 ? "anomaly\n" : "normal\n");
    }
    return folder_.write("weighted.csv", csv);
  };
  const Outcome adapted = adapt(weighted(200, 200), {"--weight-column", "w", "--calibration", "held-back"});
  ASSERT_EQ(adapted.status, 0) << adapted.err;
  for (const std::size_t wrong : {std::size_t{3}, std::size_t{9000}}) {  // in the first batch and in one behind it
    const Outcome scored = run_program({"score", detector_, weighted(9500, wrong), "--weight-column", "w"});
    EXPECT_EQ(scored.status, 1);
    EXPECT_NE(scored.err.find("weighted.csv:" + std::to_string(wrong + 2) + ", column \"w\": a weight must be a number of 0 or more"),
              std::string::npos)
        << scored.err;
  }
}

TEST_F(OwnRows, StreamsEndAndAFileIsNoStream) {
  const std::string rows = folder_.write("rows.csv", table(200));
  EXPECT_NE(adapt(rows, {"-o", "-"}).err.find("to a file and not to standard output"), std::string::npos);
  ASSERT_EQ(adapt(rows).status, 0);
  const Outcome followed = run_program({"score", detector_, "-", "--follow"}, {}, rows);
  EXPECT_EQ(followed.status, 0) << "a pipe that ends ends it: " << followed.err;
  EXPECT_EQ(std::count(followed.out.begin(), followed.out.end(), '\n'), 201);
  EXPECT_EQ(run_program({"score", detector_, rows, "-o", "-"}).out, run_program({"score", detector_, rows}).out);
}

TEST_F(OwnRows, WindowsAreMadeOfAUsersOwnRuns) {
  std::string csv = "kind,run,step,x,y\n";
  Stream stream(5, Purpose::kTest, 0);
  for (int run = 0; run < 12; ++run) {
    const std::string kind = run < 4 ? "normal" : "fault_" + std::to_string(run % 4);
    for (int step = 0; step < 40; ++step) {
      csv += kind + ",r" + std::to_string(run) + "," + std::to_string(step) + ",";
      csv += std::to_string(stream.normal() + (run < 4 ? 0.0F : 2.0F)) + "," + std::to_string(stream.normal()) + "\n";
    }
  }
  const std::string rows = folder_.write("runs.csv", csv);
  const std::string manifest = folder_.write("plant.toml", R"(name = "plant"
[[files]]
path = "runs.csv"
[columns]
label = "kind"
normal = "normal"
group = "run"
time = "step"
[windows]
means = 5
[tasks]
cut = "label"
minimum_anomalies = 5
training = ["fault_0", "fault_1"]
held_out = ["fault_2", "fault_3"]
)");
  const std::string model = (folder_ / "plant.safetensors").string();
  const Outcome trained = run_program({"train", manifest, "--data", folder_.path().string(), "--learner", "score-net", "--steps", "5",
                                       "--episodes", "16", "--normals", "20", "-o", model});
  ASSERT_EQ(trained.status, 0) << trained.err;
  const Outcome adapted = run_program({"adapt", model, rows, "--label-column", "kind", "--anomaly-value", "fault_2", "--unknown-value",
                                       "fault_0", "--unknown-value", "fault_1", "--unknown-value", "fault_3", "-o", detector_});
  ASSERT_EQ(adapted.status, 0) << adapted.err;
  const Outcome feature = run_program({"adapt", model, rows, "--label-column", "x", "-o", detector_});
  EXPECT_EQ(feature.status, 2);
  EXPECT_NE(feature.err.find("--label-column x: a column that the model scores rows by"), std::string::npos) << feature.err;
  const Outcome scored = run_program({"score", detector_, rows, "--columns", "run"});
  ASSERT_EQ(scored.status, 0) << scored.err;
  EXPECT_EQ(std::count(scored.out.begin(), scored.out.end(), '\n'), 481);
  EXPECT_EQ(run_program({"explain", detector_, rows, "--top", "1"}).status, 0);
  const Outcome exported = run_program({"export", detector_, "-o", (folder_ / "d.onnx").string()});
  EXPECT_EQ(exported.status, 1);
  EXPECT_NE(exported.err.find("window"), std::string::npos) << exported.err;
}

}  // namespace
}  // namespace oddshot::testing
