// Rows a few at a time: the same values as a table read at once has, written in their order, whatever the format.
#include "oddshot/data/row_stream.h"

#include <cmath>
#include <fstream>
#include <iterator>
#include <string>
#include <thread>

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "error_text.h"
#include "oddshot/base/error.h"
#include "oddshot/data/reader.h"
#include "scratch_folder.h"

namespace oddshot {
namespace {

namespace fs = std::filesystem;

class RowStream : public testing::Test {
 protected:
  struct Copy {
    std::string text;
    std::vector<std::size_t> batches;  // rows of each
    std::vector<float> numbers;        // of the column "x"
  };

  // Reads the file and writes it again, with the column "n" counting the rows and "even" added.
  static Copy copy(const std::string& path, RowReadOptions options = {}, std::optional<RowFormat> format = std::nullopt,
                   std::optional<std::vector<std::string>> kept = std::nullopt) {
    options.numeric = {"x"};
    Copy copy;
    const auto reader = open_rows(path, options);
    const ByteSink sink = [&](std::span<const std::uint8_t> bytes) { copy.text.append(bytes.begin(), bytes.end()); };
    const std::vector<AddedColumn> added = {{"n", std::vector<float>()}, {"even", std::vector<bool>()}};
    const auto writer = make_row_writer(format.value_or(reader->format()), *reader, std::move(kept), added, sink, true);
    std::size_t n = 0;
    reader->read([&](const RowBatch& batch) {
      copy.batches.push_back(batch.rows);
      EXPECT_EQ(batch.typed.rows(), batch.rows);
      const std::vector<float>& x = batch.typed.column("x").numbers;
      copy.numbers.insert(copy.numbers.end(), x.begin(), x.end());
      std::vector<float> counts;
      std::vector<bool> even;
      for (std::size_t r = 0; r < batch.rows; ++r, ++n) {
        counts.push_back(n == 1 ? std::nanf("") : static_cast<float>(n));
        even.push_back(n % 2 == 0);
      }
      writer->write(batch, {{"n", counts}, {"even", even}});
      return true;
    });
    writer->finish();
    return copy;
  }
  std::string error(std::string_view content, const char* name = "t.csv") {
    const fs::path file = folder_.write(name, content);
    std::string text = error_text<FormatError>([&] { copy(file.string()); });
    const std::string prefix = folder_.path().string() + "/";
    for (auto at = text.find(prefix); at != std::string::npos; at = text.find(prefix)) text.erase(at, prefix.size());
    return text;
  }
  std::string bytes(const fs::path& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }

  ScratchFolder folder_;
};

TEST_F(RowStream, KeepsCsvAsItIsSpelt) {
  const fs::path file = folder_.write("t.csv", "x,note\n1.50,\"a, b\"\n,\"so-called \"\"c\"\"\"\n2e1,d\n");
  const Copy copied = copy(file.string());
  EXPECT_EQ(copied.text, "x,note,n,even\n1.50,\"a, b\",0,1\n,\"so-called \"\"c\"\"\",,0\n2e1,d,2,1\n");
  ASSERT_EQ(copied.numbers.size(), 3U);
  EXPECT_EQ(copied.numbers[0], 1.5F);
  EXPECT_TRUE(std::isnan(copied.numbers[1]));
  EXPECT_EQ(copied.numbers[2], 20.0F);
}

TEST_F(RowStream, HandsRowsOnAFewAtATime) {
  std::string csv = "x\n";
  for (int i = 0; i < 1000; ++i) csv += std::to_string(i) + "\n";
  const fs::path file = folder_.write("t.csv", csv);
  RowReadOptions options;
  options.rows_at_a_time = 300;
  EXPECT_EQ(copy(file.string(), options).batches, (std::vector<std::size_t>{300, 300, 300, 100}));
  options.whole = true;
  EXPECT_EQ(copy(file.string(), options).batches, (std::vector<std::size_t>{1000}));
  std::string json;
  for (int i = 0; i < 700; ++i) json += fmt::format("{{\"x\": {}}}\n", i);
  options.whole = false;
  EXPECT_EQ(copy(folder_.write("t.jsonl", json).string(), options).batches, (std::vector<std::size_t>{300, 300, 100}));
}

TEST_F(RowStream, KeepsJsonLinesAsTheyAreSpelt) {
  const fs::path file =
      folder_.write("t.jsonl", "{\"x\": 1.50, \"note\": \"a\\u00e9\"}\n\n  {\"note\":null, \"x\":\"2\" }\r\n{\"x\":true}");
  const Copy copied = copy(file.string());
  EXPECT_EQ(copied.text,
            "{\"x\": 1.50, \"note\": \"a\\u00e9\",\"n\":0,\"even\":true}\n{\"note\":null, \"x\":\"2\",\"n\":null,\"even\":false}\n"
            "{\"x\":true,\"n\":2,\"even\":true}\n");
  EXPECT_EQ(copied.numbers, (std::vector<float>{1.5F, 2, 1}));
  EXPECT_EQ(copy(file.string(), {}, std::nullopt, std::vector<std::string>{"note"}).text,
            "{\"note\":\"a\u00e9\",\"n\":0,\"even\":true}\n{\"note\":null,\"n\":null,\"even\":false}\n{\"n\":2,\"even\":true}\n");
  EXPECT_EQ(copy(file.string(), {}, RowFormat::kCsv).text, "x,note,n,even\n1.5,a\u00e9,0,1\n2,,,0\ntrue,,2,1\n");
}

TEST_F(RowStream, AnEmptyObjectTakesColumnsToo) {
  EXPECT_EQ(copy(folder_.write("t.jsonl", "{\"x\":1}\n{}\n{ }\n").string()).text,
            "{\"x\":1,\"n\":0,\"even\":true}\n{\"n\":null,\"even\":false}\n{\"n\":2,\"even\":true}\n");
}

TEST_F(RowStream, TurnsTextIntoOtherText) {
  const fs::path file = folder_.write("t.csv", "x,note\n-1.5e3,007\n,\"tab\there\"\n");
  EXPECT_EQ(copy(file.string(), {}, RowFormat::kJsonLines).text,
            "{\"x\":-1.5e3,\"note\":\"007\",\"n\":0,\"even\":true}\n{\"x\":null,\"note\":\"tab\\there\",\"n\":null,\"even\":false}\n");
  EXPECT_EQ(copy(file.string(), {}, RowFormat::kTsv).text, "x\tnote\tn\teven\n-1.5e3\t007\t0\t1\n\t\"tab\there\"\t\t0\n");
}

// Written as each, read back, and written as text: the same rows.
TEST_F(RowStream, PassesThroughParquetAndArrow) {
  const fs::path start = fs::path(ODDSHOT_SOURCE_DIR) / "tests/data/golden/types.parquet";
  std::vector<std::string> flat = open_rows(start.string(), {})->names();
  ASSERT_EQ(std::erase(flat, "list"), 1U);  // neither a number nor text: it can only be left out
  EXPECT_NE(error_text<FormatError>([&] { open_rows(start.string(), {})->read([](const RowBatch&) { return true; }); }).find("\"list\""),
            std::string::npos);
  for (const RowFormat format : {RowFormat::kParquet, RowFormat::kArrow}) {
    RowReadOptions options;
    options.rows_at_a_time = 2;
    options.carried = flat;
    const auto first = open_rows(start.string(), options);
    const std::string name = format == RowFormat::kParquet ? "t.parquet" : "t.arrow";
    std::string text;
    const ByteSink sink = [&](std::span<const std::uint8_t> more) { text.append(more.begin(), more.end()); };
    const std::vector<AddedColumn> added = {{"score", std::vector<float>()}, {"why", std::vector<std::string>()}};
    const auto writer = make_row_writer(format, *first, flat, added, sink, true);
    std::size_t rows = 0;
    first->read([&](const RowBatch& batch) {
      writer->write(batch, {{"score", std::vector<float>(batch.rows, 0.5F)}, {"why", std::vector<std::string>(batch.rows, "so")}});
      rows += batch.rows;
      return true;
    });
    writer->finish();
    ReadOptions read;
    read.ignored = {"list"};
    const Table before = read_table({start}, read);
    const Table after = read_table({folder_.write(name, text)});
    ASSERT_EQ(after.rows(), before.rows());
    EXPECT_EQ(rows, before.rows());
    EXPECT_EQ(after.columns.size(), before.columns.size() + 2);
    EXPECT_EQ(after.column("score").numbers.front(), 0.5F);
    for (const Column& column : before.columns) {
      EXPECT_EQ(after.column(column.name).codes, column.codes) << column.name;
      EXPECT_EQ(after.column(column.name).categories, column.categories) << column.name;
    }
  }
}

TEST_F(RowStream, NamesLineAndColumnOfWhatIsWrong) {
  EXPECT_EQ(error("x,y\n1,2\n\"3\",4\nabc,5\n"), "t.csv:4, column \"x\": \"abc\" is not a number");
  EXPECT_EQ(error("x,y\n1,2\n3\n"), "t.csv:3: 1 value, but there are 2 columns");
  EXPECT_EQ(error("x,y\n1,2\ninf,2\n"), "t.csv:3, column \"x\": \"inf\" is infinite or beyond the range of a float");
  EXPECT_EQ(error("x,y\n1,\"2\n3,4\n"), "t.csv:2: a quote is opened and never closed: \"2\\x0a3,4\\x0a\"");
  EXPECT_EQ(error("x,x\n1,2\n"), "t.csv: two columns are called \"x\"");
  EXPECT_EQ(error("x,y\n1,\xC3\n"), "t.csv:2, column \"y\": \"\\xc3\" is not UTF-8");
  EXPECT_EQ(error("{\"x\":1}\n[1]\n", "t.jsonl"),
            "t.jsonl:2: a line that is not an object; JSON lines are an object a line, {\"column\": value, ...}");
  EXPECT_EQ(error("{\"x\":1}\n{\"x\":[1]}\n", "t.jsonl"), "t.jsonl:2, column \"x\": a list is neither a number nor text");
  EXPECT_NE(error("{\"x\":1}\n{\"x\":1\n", "t.jsonl").find("t.jsonl:2"), std::string::npos);
  EXPECT_EQ(error("{\"x\":1}\n{\"x\":\"abc\"}\n", "t.jsonl"), "t.jsonl:2, column \"x\": \"abc\" is not a number");
}

// Where each row of each batch is said to stand: by line where those of its batch are one after the other, else by row.
TEST_F(RowStream, CountsPlacesOnFromBatchToBatch) {
  const auto places = [&](const fs::path& file, std::optional<std::vector<std::string>> carried = std::nullopt) {
    RowReadOptions options;
    options.rows_at_a_time = 2;
    options.carried = std::move(carried);
    std::string all;
    open_rows(file.string(), options)->read([&](const RowBatch& batch) {
      for (std::size_t r = 0; r < batch.rows; ++r) all += batch.typed.place(r).substr(file.parent_path().string().size() + 1) + "; ";
      return true;
    });
    return all;
  };
  EXPECT_EQ(places(folder_.write("t.csv", "x\n1\n2\n3\n")), "t.csv:2; t.csv:3; t.csv:4; ");
  EXPECT_EQ(places(folder_.write("t.csv", "\nx,y\n1,a\n2,b\n3,\"c\nd\"\n4,e\n5,f\n")),
            "t.csv:3; t.csv:4; t.csv, row 3; t.csv, row 4; t.csv:8; ");
  EXPECT_EQ(places(folder_.write("t.jsonl", "{\"x\":1}\n{\"x\":2}\n{\"x\":3}\n\n{\"x\":4}\n{\"x\":5}\n")),
            "t.jsonl:1; t.jsonl:2; t.jsonl, row 3; t.jsonl, row 4; t.jsonl:6; ");
  EXPECT_EQ(places(fs::path(ODDSHOT_SOURCE_DIR) / "tests/data/golden/types.parquet", std::vector<std::string>{"int"}),
            "types.parquet, row 1; types.parquet, row 2; types.parquet, row 3; ");
}

TEST_F(RowStream, DropsBlanksAroundTheNamesOfJsonLines) {
  const fs::path file = folder_.write("t.jsonl", "{\"note\":\"a\"}\n{\" x\":1,\"note \":\"b\"}\n{\"x\":2,\"note\":\"c\"}\n");
  const Copy copied = copy(file.string());
  EXPECT_TRUE(copied.text.starts_with("{\"note\":\"a\",\"n\":0,\"even\":true}\n{\" x\":1,")) << copied.text;
  ASSERT_EQ(copied.numbers.size(), 3U);
  EXPECT_EQ(copied.numbers[1], 1);
  EXPECT_EQ(copied.numbers[2], 2);
  EXPECT_EQ(copy(file.string(), {}, std::nullopt, std::vector<std::string>{"note"}).text,
            "{\"note\":\"a\",\"n\":0,\"even\":true}\n{\"note\":\"b\",\"n\":null,\"even\":false}\n{\"note\":\"c\",\"n\":2,\"even\":true}\n");
  EXPECT_EQ(error("{\"x\":1,\" x\":1}\n", "t.jsonl"), "t.jsonl:1: two members are called \"x\"");
}

TEST_F(RowStream, SaysThatAListOrOneSpreadObjectIsNoJsonLines) {
  const fs::path pipe = folder_.path() / "pipe";
  ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
  for (const std::string content : {"[{\"x\": 1}]\n", "[\n          {\n    \"x\": 1\n  }\n]\n", "{\n  \"x\": 1\n}\n"}) {
    const std::jthread feeder([&] { std::ofstream(pipe, std::ios::binary) << content; });
    EXPECT_EQ(error_text<FormatError>([&] { copy(pipe.string()); }),
              pipe.string() + ":1: a line that is not an object; JSON lines are an object a line, {\"column\": value, ...}");
  }
}

// A pipe that is gone through twice, as it is and gzipped, in every format that a stream can have.
TEST_F(RowStream, OfAPipeAreReadAsOftenAsAsked) {
  const std::string text = folder_.write("t.csv", "x,note\n1,a\n2.5,b\n-3,c\n").string();
  const fs::path typed = fs::path(ODDSHOT_SOURCE_DIR) / "tests/data/golden/types.parquet";
  const fs::path pipe = folder_.path() / "pipe";
  ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
  for (const RowFormat format : {RowFormat::kCsv, RowFormat::kJsonLines, RowFormat::kParquet, RowFormat::kArrow}) {
    const bool of_columns = format == RowFormat::kParquet || format == RowFormat::kArrow;
    RowReadOptions options;
    options.carried = of_columns ? open_rows(typed.string(), {})->names() : std::vector<std::string>{"x", "note"};
    std::erase(*options.carried, "list");  // neither a number nor text
    std::string plain;
    std::size_t expected = 0;
    {
      const auto reader = open_rows(of_columns ? typed.string() : text, options);
      const auto writer = make_row_writer(
          format, *reader, options.carried, {}, [&](std::span<const std::uint8_t> more) { plain.append(more.begin(), more.end()); }, true);
      reader->read([&](const RowBatch& batch) {
        writer->write(batch, {});
        expected += batch.rows;
        return true;
      });
      writer->finish();
    }
    ASSERT_GT(expected, 1U);
    for (const std::string& content : {plain, gzip_stored(plain)}) {
      const std::jthread feeder([&] { std::ofstream(pipe, std::ios::binary) << content; });
      const RowSource source(pipe.string());
      for (int time = 0; time < 2; ++time) {
        std::size_t rows = 0;
        source.open(options)->read([&](const RowBatch& batch) {
          rows += batch.rows;
          return true;
        });
        EXPECT_EQ(rows, expected) << static_cast<int>(format) << (content == plain ? "" : ", gzipped");
      }
    }
  }
}

TEST_F(RowStream, RefusesWhatCannotBeWritten) {
  const std::string file = folder_.write("t.csv", "x,note\n1,a\n").string();
  EXPECT_NE(error_text<ArgumentError>([&] { copy(file, {}, RowFormat::kParquet); }).find("write csv or jsonl"), std::string::npos);
  EXPECT_EQ(error_text<ArgumentError>([&] { copy(file, {}, std::nullopt, std::vector<std::string>{"nota"}); }),
            "there is no column \"nota\"; did you mean \"note\"?");
  const std::string own = folder_.write("own.csv", "x,n\n1,a\n").string();
  EXPECT_NE(error_text<ArgumentError>([&] { copy(own); }).find("have a column \"n\" themselves"), std::string::npos);
  EXPECT_NE(error_text<ArgumentError>([&] { copy(folder_.write("t.xyz", "x\n1\n").string()); }).find("the ending does not tell"),
            std::string::npos);
  EXPECT_NE(error_text<IoError>([&] { copy((folder_.path() / "none.csv").string()); }).find("no such file"), std::string::npos);
}

// The first object's names are known when the writer is made; those of the others are not.
TEST_F(RowStream, RefusesALaterMemberThatIsCalledAsOneThatIsAdded) {
  EXPECT_EQ(error("{\"x\":1}\n{\"x\":2,\" \\u006e\":3}\n", "t.jsonl"),
            "t.jsonl:2: the row has a member \"n\" itself, as one that is added; name the columns to keep without it");
  const fs::path file = folder_.write("kept.jsonl", "{\"x\":1}\n{\"x\":2,\"n\":3,\"note\":\"n\"}\n");
  EXPECT_EQ(copy(file.string(), {}, std::nullopt, std::vector<std::string>{"x"}).text,
            "{\"x\":1,\"n\":0,\"even\":true}\n{\"x\":2,\"n\":null,\"even\":false}\n");
  EXPECT_EQ(copy(folder_.write("word.jsonl", "{\"x\":1,\"note\":\"n\\n\"}\n").string()).text,
            "{\"x\":1,\"note\":\"n\\n\",\"n\":0,\"even\":true}\n");
}

// A header that is read again has the same columns.
TEST_F(RowStream, QuotesNamesThatWouldMisleadAReader) {
  EXPECT_TRUE(copy(folder_.write("a.csv", "x;\"b,c\"\n1;2\n").string()).text.starts_with("x;\"b,c\";n;even\n1;2;0;1\n"));
  EXPECT_TRUE(copy(folder_.write("b.csv", "\"x\"\t\"b;c\"\n1\t2\n").string()).text.starts_with("x\t\"b;c\"\tn\teven\n1\t2\t0\t1\n"));
  EXPECT_TRUE(copy(folder_
                       .write("c.csv",
                              "\xef\xbb\xbf\xef\xbb\xbf"
                              "a,x\n1,2\n")
                       .string())
                  .text.starts_with("\"\xef\xbb\xbf"
                                    "a\",x,n,even\n"));
}

// A pipe whose writer pauses: what came so far is handed on before the rest is waited for.
TEST_F(RowStream, HandsOnWhatIsThereWhileAPipeHasNoMore) {
  const fs::path pipe = folder_.path() / "pipe.csv";
  ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
  std::vector<std::size_t> batches;
  std::thread writer([&] {
    std::ofstream out(pipe);
    out << "x\n1\n2\n" << std::flush;
    std::this_thread::sleep_for(std::chrono::milliseconds(300));
    out << "3\n" << std::flush;
  });
  RowReadOptions options;
  options.numeric = {"x"};
  open_rows(pipe.string(), options)->read([&](const RowBatch& batch) {
    batches.push_back(batch.rows);
    return true;
  });
  writer.join();
  EXPECT_EQ(batches, (std::vector<std::size_t>{2, 1}));
}

TEST_F(RowStream, FollowsAFileThatGrowsAndWaitsForWholeLines) {
  const fs::path file = folder_.write("t.csv", "x\n1\n2");
  RowReadOptions options;
  options.numeric = {"x"};
  options.follow = true;
  int asked = 0;
  std::vector<float> seen;
  options.stop = [&] {
    ++asked;
    if (asked == 2) std::ofstream(file, std::ios::app) << "2\n33\n4";
    return asked > 5;
  };
  open_rows(file.string(), options)->read([&](const RowBatch& batch) {
    const auto& x = batch.typed.column("x").numbers;
    seen.insert(seen.end(), x.begin(), x.end());
    return true;
  });
  EXPECT_EQ(seen, (std::vector<float>{1, 22, 33}));
}

}  // namespace
}  // namespace oddshot
