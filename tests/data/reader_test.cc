#include "oddshot/data/reader.h"

#include <cmath>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <limits>
#include <sstream>
#include <thread>

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "error_text.h"
#include "oddshot/base/error.h"
#include "scratch_folder.h"

namespace oddshot {
namespace {

namespace fs = std::filesystem;
using namespace std::literals;

// A column as text for comparison: "1 2.5 -" numeric, "a|b|-" category ("-" is missing).
std::string shown(const Column& column) {
  std::string out;
  for (std::size_t i = 0; i < column.rows(); ++i) {
    if (column.kind == ColumnKind::kNumeric) {
      out += (i > 0 ? " " : "") + (std::isnan(column.numbers[i]) ? std::string("-") : fmt::format("{}", column.numbers[i]));
    } else {
      out += (i > 0 ? "|" : "") +
             (column.codes[i] == Column::kMissingCode ? "-" : column.categories.at(static_cast<std::size_t>(column.codes[i])));
    }
  }
  return out;
}
std::string shown(const Table& table, std::string_view name) { return shown(table.column(name)); }

class Reader : public testing::Test {
 protected:
  // A table of one CSV file.
  Table read(std::string_view content, const ReadOptions& options = {}) { return read_table({folder_.write("t.csv", content)}, options); }
  // The message, with "t.csv" for its path.
  template <class E = FormatError>
  std::string error(std::string_view content, const ReadOptions& options = {}) {
    return relative(error_text<E>([&] { read(content, options); }));
  }
  std::string relative(std::string text) {
    const std::string prefix = folder_.path().string() + "/";
    for (auto at = text.find(prefix); at != std::string::npos; at = text.find(prefix)) text.erase(at, prefix.size());
    return text;
  }
  fs::path golden(const char* name) { return fs::path(ODDSHOT_SOURCE_DIR) / "tests/data/golden" / name; }
  std::string bytes(const fs::path& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }

  ScratchFolder folder_;
};

TEST_F(Reader, InfersNumbersAndCategories) {
  const Table table = read("a,b,c,d\n1,x,true,\n-2.5,y,FALSE,?\n,x,,NA\n");
  ASSERT_EQ(table.columns.size(), 4U);
  EXPECT_EQ(table.rows(), 3U);
  EXPECT_EQ(shown(table, "a"), "1 -2.5 -");
  EXPECT_EQ(shown(table, "b"), "x|y|x");
  EXPECT_EQ(shown(table, "c"), "1 0 -");
  EXPECT_EQ(shown(table, "d"), "- - -") << "a column without values is numeric";
  EXPECT_EQ(table.columns[1].categories, (std::vector<std::string>{"x", "y"}));
  ASSERT_EQ(table.sources.size(), 1U);
  EXPECT_EQ(table.sources[0].rows, 3U);
}

TEST_F(Reader, TakesGivenKindsOverInference) {
  ReadOptions options;
  options.category = {"a"};
  options.numeric = {"b"};
  const Table table = read("a,b\n01,1\n1.0,\ntrue,true\n", options);
  EXPECT_EQ(shown(table, "a"), "01|1.0|true");
  EXPECT_EQ(shown(table, "b"), "1 - 1");
}

TEST_F(Reader, KeepsTheSpellingOfNumbersThatComeBeforeText) {
  EXPECT_EQ(shown(read("a\n1.50\n?\n007\nx\n1.50\n"), "a"), "1.50|-|007|x|1.50");
  EXPECT_EQ(shown(read("a,b\n?,1\n,1\nx,1\n"), "a"), "-|-|x");
}

TEST_F(Reader, KeepsTheSpellingOfNumbersThatCameManyBlocksBeforeText) {
  std::string content = "n,a,b\n";
  for (int i = 0; i < 300'000; ++i) content += fmt::format("{},1.50,{}\n", i, i % 7);
  content += "300000,late,3\n";
  const Table table = read(content);
  const Column& a = table.column("a");
  ASSERT_EQ(a.kind, ColumnKind::kCategory);
  EXPECT_EQ(a.categories, (std::vector<std::string>{"1.50", "late"}));
  EXPECT_EQ(a.codes.front(), 0);
  EXPECT_EQ(a.codes.back(), 1);
  ASSERT_EQ(table.rows(), 300'001U);
  for (std::size_t i = 0; i < table.rows(); ++i) ASSERT_EQ(table.columns[0].numbers[i], static_cast<float>(i));
}

TEST_F(Reader, DropsTheMarkBlanksAndEitherLineEnd) {
  for (const char* content :
       {"\xEF\xBB\xBF a , b\n 1 ,\tx y \n\n2, ? \n", "a,b\r\n1,x y\r\n2,?\r\n", "a,b\r1,x y\r2,?", "a,b\n1,x y\n2,?"}) {
    const Table table = read(content);
    EXPECT_EQ(shown(table, "a"), "1 2") << content;
    EXPECT_EQ(shown(table, "b"), "x y|-") << content;
  }
}

TEST_F(Reader, ReadsTheSameWithBlankLinesBeforeTheFirstRow) {
  for (const bool header : {true, false}) {
    ReadOptions options;
    options.header = header;
    if (!header) options.names = {"a", "b"};
    for (const std::string end : {"\n", "\r\n", "\r"}) {
      const std::string plain = (header ? "a,b" + end : "") + "1,x" + end + "2,y" + end;
      for (const std::string mark : {"", "\xEF\xBB\xBF"}) {
        for (const std::string& blank : {std::string(), end, end + end}) {
          const Table table = read(mark + blank + plain, options);
          ASSERT_EQ(table.columns.size(), 2U);
          EXPECT_EQ(shown(table, "a"), "1 2") << testing::PrintToString(mark + blank + plain);
          EXPECT_EQ(shown(table, "b"), "x|y") << testing::PrintToString(mark + blank + plain);
          EXPECT_EQ(relative(table.place(1)), fmt::format("t.csv:{}", 2 + blank.size() / end.size() + (header ? 1 : 0)))
              << testing::PrintToString(mark + blank + plain);
        }
      }
    }
  }
  EXPECT_EQ(error("\n\na,b\n1,2\n1,2,3\n"), "t.csv:5: 3 values, but there are 2 columns");
}

TEST_F(Reader, ReadsQuotedValues) {
  const Table table = read("\"a\",\"b,\"\"c\"\"\"\n\"1\",\"x, y\"\n\"2\",\"two\nlines\"\n3,in\"side\n\"?\",\"\"\n");
  EXPECT_EQ(shown(table, "a"), "1 2 3 -");
  EXPECT_EQ(shown(table, "b,\"c\""), "x, y|two\nlines|in\"side|-");
}

TEST_F(Reader, ReadsAnySeparatorAndQuote) {
  ReadOptions options;
  options.separator = ';';
  options.quote = '\'';
  EXPECT_EQ(shown(read("a;b\n1;'x;\"y'\n", options), "b"), "x;\"y");
  options.quote = 0;
  EXPECT_EQ(shown(read("a;b\n1;'x\n2;y\n", options), "b"), "'x|y");
  EXPECT_EQ(shown(read_table({folder_.write("t.tsv", "a\tb\n1\tx,y\n")}), "b"), "x,y");
}

TEST_F(Reader, ReadsFilesWithoutHeader) {
  ReadOptions options;
  options.header = false;
  options.names = {"a", "b"};
  const Table table = read("1,x\n2,y\n", options);
  EXPECT_EQ(shown(table, "a"), "1 2");
  EXPECT_EQ(shown(table, "b"), "x|y");
  EXPECT_EQ(error("1,x,3\n", options), "t.csv:1: 3 values, but 2 names were given");
  EXPECT_EQ(error("1,x\n2,y\n3\n", options), "t.csv:3: 1 value, but there are 2 columns");
}

TEST_F(Reader, JoinsFilesByColumnName) {
  const Table table = read_table({folder_.write("one.csv", "a,b,c\n1,x,5\n2,y,6\n"), folder_.write("two.csv", "c,a,b\n7,3,z\n")});
  EXPECT_EQ(shown(table, "a"), "1 2 3");
  EXPECT_EQ(shown(table, "b"), "x|y|z");
  EXPECT_EQ(shown(table, "c"), "5 6 7");
  EXPECT_EQ(table.columns[0].name, "a");
  ASSERT_EQ(table.sources.size(), 2U);
  EXPECT_EQ(table.sources[1].first_row, 2U);
  EXPECT_EQ(relative(table.place(2)), "two.csv:2");
}

TEST_F(Reader, MakesAColumnNumericOnlyIfItIsSoInEveryFile) {
  const auto numbers = folder_.write("numbers.csv", "a,b\n1.0,1\n2.50,2\n");
  const auto words = folder_.write("words.csv", "a,b\nx,3\n");
  const auto none = folder_.write("none.csv", "a,b\n?,\n");
  for (const Table& table : {read_table({numbers, none, words}), read_table({none, numbers, words})}) {
    EXPECT_EQ(table.column("a").categories, (std::vector<std::string>{"1.0", "2.50", "x"}));
    EXPECT_EQ(table.column("b").kind, ColumnKind::kNumeric);
  }
  EXPECT_EQ(shown(read_table({words, none, numbers}), "a"), "x|-|1.0|2.50");
  EXPECT_EQ(shown(read_table({numbers, none}), "a"), "1 2.5 -");
}

TEST_F(Reader, JoinsFilesWhoseColumnsDifferIfAsked) {
  const auto one = folder_.write("one.csv", "a,b\n1,2\n3,4\n");
  const auto two = folder_.write("two.csv", "c,b\nred,5\n");
  const auto words = folder_.write("words.csv", "b,a\n6,x\n");  // makes text of "a", which is then read anew where there is one
  ReadOptions options;
  options.columns_may_differ = true;
  options.category = {"c"};
  const Table table = read_table({one, two, words}, options);
  ASSERT_EQ(table.columns.size(), 3U);
  EXPECT_EQ(table.columns[2].name, "c");
  EXPECT_EQ(shown(table, "a"), "1|3|-|x");
  EXPECT_EQ(shown(table, "b"), "2 4 5 6");
  EXPECT_EQ(shown(table, "c"), "-|-|red|-");
  EXPECT_EQ(table.sources.at(2).first_row, 3U);
  options.ignored = {"a"};
  options.category = {"d"};
  EXPECT_EQ(relative(error_text<FormatError>([&] { read_table({one, two}, options); })),
            "one.csv: there is no column \"d\", which is asked for as a category");
}

TEST_F(Reader, NamesTheColumnThatOneOfTheFilesLacks) {
  const auto one = folder_.write("one.csv", "a,b\n1,2\n");
  const auto less = folder_.write("less.csv", "a\n1\n");
  const auto more = folder_.write("more.csv", "a,b,c\n1,2,3\n");
  EXPECT_EQ(relative(error_text<FormatError>([&] { read_table({one, less}); })), "less.csv: column \"b\" is missing, which one.csv has");
  EXPECT_EQ(relative(error_text<FormatError>([&] { read_table({one, more}); })), "more.csv: there is a column \"c\", which one.csv lacks");
  ReadOptions options;
  options.ignored = {"c"};
  EXPECT_EQ(read_table({one, more}, options).rows(), 2U);
}

TEST_F(Reader, NeverParsesIgnoredColumns) {
  ReadOptions options;
  options.ignored = {"junk", ""};
  const Table table = read(",a,junk,junk\n1,2,\xFF\xFE,1e999\n", options);
  ASSERT_EQ(table.columns.size(), 1U);
  EXPECT_EQ(shown(table, "a"), "2");
}

TEST_F(Reader, PlacesAValueThatIsNoNumber) {
  ReadOptions options;
  options.numeric = {"duration"};
  EXPECT_EQ(error("duration,x\n1,a\n\"12,5\",b\n", options), "t.csv:3, column \"duration\": \"12,5\" is not a number");
  EXPECT_EQ(error("x,duration\n\"two\nlines\",1\n\n\"and\r\nthree\r\nlines\", 1x \n", options),
            "t.csv:7, column \"duration\": \"1x\" is not a number")
      << "lines are counted within quotes and where empty";
  EXPECT_EQ(error("x,duration\nnan,nan\nb,-\nc,d", options), "t.csv:3, column \"duration\": \"-\" is not a number");
}

TEST_F(Reader, PlacesAValueFarDownTheFile) {
  std::string content = "a,b\n";
  for (int i = 0; i < 200'000; ++i) content += fmt::format("{},\"{}\"\n", i, i % 100 == 0 ? "two\nlines" : "one line");
  content += "oops,x\n";
  ReadOptions options;
  options.numeric = {"a"};
  EXPECT_EQ(error(content, options), "t.csv:202002, column \"a\": \"oops\" is not a number");
}

// The second row holds a word: where the table says that the row is, and where the value is if a number was asked for.
TEST_F(Reader, PlacesARowByItsLineOnlyWhereEveryRowIsOne) {
  struct Case {
    std::string content;
    const char* row;
    const char* value;
  };
  const Case cases[] = {{"a,b\n1,p\nx,r\n", "t.csv:3", "t.csv:3"},
                        {"a,b\n1,p\nx,r", "t.csv:3", "t.csv:3"},
                        {"a,b\r\n1,p\r\nx,r\r\n", "t.csv:3", "t.csv:3"},
                        {"a,b\r1,p\rx,r\r", "t.csv:3", "t.csv:3"},
                        {"a,b\r1,p\rx,r", "t.csv:3", "t.csv:3"},
                        {"\na,b\n1,p\nx,r\n", "t.csv:4", "t.csv:4"},
                        {gzip_stored("a,b\n1,p\nx,r\n"), "t.csv:3", "t.csv:3"},
                        {"a,b\n1,\"p\nq\"\nx,r\n", "t.csv, row 2", "t.csv:4"},
                        {"a,b\n1,\"p\rq\"\nx,r\n", "t.csv, row 2", "t.csv:4"},
                        {"a,b\n1,p\n\nx,r\n", "t.csv, row 2", "t.csv:4"},
                        {"a,b\n1,p\rx,r\n\n3,s\n", "t.csv, row 2", "t.csv:3"}};
  for (const Case& c : cases) {
    EXPECT_EQ(relative(read(c.content).place(1)), c.row) << testing::PrintToString(c.content);
    ReadOptions options;
    options.numeric = {"a"};
    EXPECT_EQ(error(c.content, options), std::string(c.value) + ", column \"a\": \"x\" is not a number")
        << testing::PrintToString(c.content);
  }
}

// Threads that outlive a read may still let go of pieces of it while the program ends.
TEST_F(Reader, LeavesNoThreadBehindWhereItBreaksOff) {
  const fs::path tasks = "/proc/self/task";
  if (!fs::exists(tasks)) GTEST_SKIP() << "no " << tasks;
  const auto threads = [&] { return std::distance(fs::directory_iterator(tasks), {}); };
  const auto before = threads();
  std::string content = "a,b\noops,1\n";
  for (int i = 0; i < 400'000; ++i) content += fmt::format("{},{}\n", i, i % 7);
  ReadOptions options;
  options.numeric = {"a"};
  EXPECT_EQ(error(content, options), "t.csv:2, column \"a\": \"oops\" is not a number");
  for (int wait = 0; wait < 200 && threads() > before; ++wait)
    std::this_thread::sleep_for(10ms);  // a joined thread may be listed a moment longer
  EXPECT_EQ(threads(), before);
}

TEST_F(Reader, RefusesNumbersBeyondFloat) {
  EXPECT_EQ(error("a\n1\n1e39\n"), "t.csv:3, column \"a\": \"1e39\" is infinite or beyond the range of a float");
  EXPECT_EQ(error("a,b\n-inf,1\n"), "t.csv:2, column \"a\": \"-inf\" is infinite or beyond the range of a float");
  EXPECT_EQ(shown(read("a\ninf\nlow\n1e39\n"), "a"), "inf|low|1e39") << "a word among words";
  EXPECT_EQ(shown(read("a\n1e-60\n-1e-60\n"), "a"), "0 -0");
}

TEST_F(Reader, PlacesARowOfTheWrongLength) {
  EXPECT_EQ(error("a,b\n1,2\n1,2,3\n"), "t.csv:3: 3 values, but there are 2 columns");
  EXPECT_EQ(error("a,b\n\"1\n\",2\n\n1\n"), "t.csv:5: 1 value, but there are 2 columns");
  EXPECT_EQ(error("a,b\n1,2,3\n"), "t.csv:2: 3 values, but there are 2 columns");
  EXPECT_EQ(error("a,b\n1,2\n1,"), "");
  std::string content = "a,b\n";
  for (int i = 0; i < 300'000; ++i) content += "123456,7\n";
  EXPECT_EQ(error(content + "1\n2,3\n"), "t.csv:300002: 1 value, but there are 2 columns");
}

TEST_F(Reader, RefusesAQuoteThatIsNeverClosed) {
  EXPECT_EQ(error("a,b\n1,x\n2,\"open\n3,z\n"), "t.csv:3: a quote is opened and never closed: \"open\\x0a3,z\\x0a\"");
  std::string content = "a,b\n1,\"open\n";
  for (int i = 0; i < 300'000; ++i) content += "123456,7\n";
  EXPECT_EQ(error(content).substr(0, 50), "t.csv:2: a quote is opened and never closed: \"open");
  ReadOptions options;
  options.ignored = {"b"};
  EXPECT_EQ(error("a,b\n1,\"open", options), "t.csv:2: a quote is opened and never closed: \"open\"");
  EXPECT_EQ(shown(read("a,b\n1,\"closed\n\"\n"), "b"), "closed\n");
  EXPECT_EQ(error("a,\"b\n1,2\n"), "t.csv:1: a quote is opened and never closed: \"b\\x0a1,2\\x0a\"");
}

TEST_F(Reader, RefusesNamesThatAreEmptyTwiceOrUnknown) {
  EXPECT_EQ(error("a,b, a\n1,2,3\n"), "t.csv: two columns are called \"a\"");
  EXPECT_EQ(error(",b\n1,2\n"), "t.csv: column 1 has no name; give it one, or ignore the column \"\"");
  ReadOptions options;
  options.numeric = {"durations"};
  EXPECT_EQ(error("duration,b\n1,2\n", options),
            "t.csv: there is no column \"durations\", which is asked for as numeric; did you mean \"duration\"?");
  options.numeric.clear();
  options.ignored = {"zzz"};
  EXPECT_EQ(error("duration,b\n1,2\n", options), "t.csv: there is no column \"zzz\", which is to be ignored");
}

TEST_F(Reader, RefusesFilesWithoutRows) {
  EXPECT_EQ(error(""), "t.csv: the file is empty");
  EXPECT_EQ(error("\n\n"), "t.csv: the file is empty");
  EXPECT_EQ(error("\xEF\xBB\xBF"), "t.csv: the file is empty");
  EXPECT_EQ(error("a,b\n"), "t.csv: only a header, no data rows");
  EXPECT_EQ(error("a,b\n\n"), "t.csv: only a header, no data rows");
  const auto good = folder_.write("good.csv", "a\n1\n");
  EXPECT_EQ(relative(error_text<FormatError>([&] { read_table({good, folder_.write("t.csv", "a\n")}); })),
            "t.csv: only a header, no data rows");
  EXPECT_EQ(relative(error_text<FormatError>([&] { read_table({golden("no_rows.parquet")}); })),
            golden("no_rows.parquet").string() + ": no data rows");
}

TEST_F(Reader, RefusesWhatIsNoText) {
  EXPECT_EQ(error("\x7f\x45LF\0\0\x01,\0\n"sv), "t.csv: binary data, not text");
  EXPECT_EQ(error("\xFF\xFE\x61\0,\0b\0\n\0"sv), "t.csv: UTF-16 text; save the file as UTF-8");
  EXPECT_EQ(error("a,b\n1,\xE9t\xE9\n"), "t.csv:2, column \"b\": \"\\xe9t\\xe9\" is not UTF-8");
  EXPECT_EQ(error("a,\xE9\n1,2\n"), "t.csv:1: \"\\xe9\" is not UTF-8");
}

TEST_F(Reader, RefusesTextThatIsNotUtf8WhereverItStands) {
  struct Case {
    const char* what;
    std::vector<std::string> files;  // one.csv, two.csv
    std::vector<std::string> numeric;
    const char* message;
  };
  const Case cases[] = {
      {"a column of words", {"a,b\n\xE9,1\n"}, {}, "one.csv:2, column \"a\": \"\\xe9\" is not UTF-8"},
      {"the last column", {"a,b\n1,x\n2,\xE9\n"}, {}, "one.csv:3, column \"b\": \"\\xe9\" is not UTF-8"},
      {"numbers before it in the same block", {"a,b\n1,1\n2,1\n\xE9,1\n"}, {}, "one.csv:4, column \"a\": \"\\xe9\" is not UTF-8"},
      {"a column read anew as one of words",
       {"a,b\n1,1\n2,1\n", "a,b\n3,1\n\xE9,1\n"},
       {},
       "two.csv:3, column \"a\": \"\\xe9\" is not UTF-8"},
      {"a second file", {"a,b\nx,1\ny,1\n", "b,a\n1,z\n\n1,\xE9\n"}, {}, "two.csv:4, column \"a\": \"\\xe9\" is not UTF-8"},
      {"a number is asked for", {"a,b\n1,1\n\xE9,1\n"}, {"a"}, "one.csv:3, column \"a\": \"\\xe9\" is not a number"}};
  for (const Case& c : cases) {
    std::vector<fs::path> files;
    for (const std::string& content : c.files) files.push_back(folder_.write(files.empty() ? "one.csv" : "two.csv", content));
    ReadOptions options;
    options.numeric = c.numeric;
    EXPECT_EQ(relative(error_text<FormatError>([&] { read_table(files, options); })), c.message) << c.what;
  }
}

TEST_F(Reader, RefusesFilesThatCannotBeRead) {
  EXPECT_EQ(relative(error_text<IoError>([&] { read_table({folder_.path() / "none.csv"}); })), "none.csv: no such file");
  fs::create_directory(folder_.path() / "folder.csv");
  EXPECT_EQ(relative(error_text<IoError>([&] { read_table({folder_.path() / "folder.csv"}); })), "folder.csv: a folder, not a file");
  EXPECT_EQ(relative(error_text<IoError>([&] { read_table({folder_.write("t.csv", "a\n1\n") / "x.csv"}); })), "t.csv/x.csv: no such file");
}

TEST_F(Reader, RefusesContradictoryOptions) {
  const char* content = "a,b\n1,2\n";
  ReadOptions options;
  options.names = {"a", "b"};
  EXPECT_NE(error<ArgumentError>(content, options), "");
  options.header = false;
  options.names = {};
  EXPECT_NE(error<ArgumentError>(content, options), "");
  options.names = {"a", "a"};
  EXPECT_EQ(error<ArgumentError>(content, options), "names lists column \"a\" twice");
  options = {};
  options.numeric = options.category = {"a"};
  EXPECT_EQ(error<ArgumentError>(content, options), "column \"a\" is listed as numeric and as category");
  options = {};
  options.category = options.ignored = {"a"};
  EXPECT_EQ(error<ArgumentError>(content, options), "column \"a\" is listed as category and as ignored");
  options = {};
  options.ignored = {"a", "b"};
  EXPECT_EQ(error<ArgumentError>(content, options), "t.csv: every column is ignored");
  for (const char separator : {'"', '\n', '\r', '\0'}) {
    options = {};
    options.separator = separator;
    EXPECT_NE(error<ArgumentError>(content, options), "") << static_cast<int>(separator);
  }
  EXPECT_THROW(read_table({}), ArgumentError);
  EXPECT_EQ(relative(error_text<ArgumentError>([&] { read_table({folder_.write("t.arff", "a\n1\n")}); })),
            "t.arff: the ending does not tell the format; name the format, or end the name in .csv, .tsv, .jsonl, .parquet or .arrow");
  options = {};
  options.format = FileFormat::kCsv;
  EXPECT_EQ(read_table({folder_.write("t.arff", "a\n1\n")}, options).rows(), 1U);
}

TEST_F(Reader, TellsMissingSpellingsAsConfigured) {
  ReadOptions options;
  options.missing = {"-", "n/a"};
  EXPECT_EQ(shown(read("a,b\n-,n/a\n1, n/a \n", options), "a"), "- 1");
  EXPECT_EQ(shown(read("a,b\n-,n/a\n1,?\n", options), "b"), "-|?");
  EXPECT_EQ(shown(read("a,b\n1,x\n,y\n", options), "a"), "1|") << "the empty text is a category where it is not a missing value";
}

TEST_F(Reader, TakesTheSeparatorThatTheHeaderHasWhereItHasNoComma) {
  EXPECT_EQ(shown(read("a;b\n1;x\n2;y,z\n"), "b"), "x|y,z");
  EXPECT_EQ(shown(read("\xEF\xBB\xBF\"a\"\t\"b\"\n1\t2\n"), "b"), "2");
  EXPECT_EQ(shown(read("a;b,c\n1,2\n"), "a;b"), "1") << "with a comma it is a comma";
  EXPECT_EQ(shown(read("\"a;b\"\n1\n"), "a;b"), "1") << "within quotes it is part of a name";
  EXPECT_EQ(shown(read("a\n1;2\n"), "a"), "1;2") << "the header tells, the rows do not";
  EXPECT_EQ(shown(read("value\t\n1\n2\n"), "value"), "1 2") << "a blank at its end separates nothing";
  EXPECT_EQ(shown(read("value \t \r\n1\r\n2\r\n"), "value"), "1 2");
  EXPECT_EQ(shown(read("a;b\t\n1;2\n"), "b"), "2");
  EXPECT_EQ(shown(read("a\t b\t\n1\t2\t3\n",
                       [] {
                         ReadOptions options;
                         options.ignored = {""};
                         return options;
                       }()),
                  "b"),
            "2");
  ReadOptions options;
  options.separator = ',';
  EXPECT_EQ(shown(read("a;b\n1;2\n", options), "a;b"), "1;2") << "as it was asked for";
  options = {};
  options.header = false;
  options.names = {"x"};
  EXPECT_EQ(shown(read("a;b\n1;2\n", options), "x"), "a;b|1;2");
}

TEST_F(Reader, ReadsJsonLines) {
  const auto json = folder_.write("t.jsonl", "{\"a\": 1, \"b\": \"x\", \"c\": true}\n\n{\"b\": null, \"a\": \"2.5\", \"d\": \"late\"}\n");
  const Table table = read_table({json});
  ASSERT_EQ(table.columns.size(), 4U) << "the members of all objects";
  EXPECT_EQ(shown(table, "a"), "1 2.5");
  EXPECT_EQ(shown(table, "b"), "x|-");
  EXPECT_EQ(shown(table, "c"), "1 -");
  EXPECT_EQ(shown(table, "d"), "-|late");
  EXPECT_EQ(relative(table.place(1)), "t.jsonl, row 2") << "a blank line: rows are no lines";
  const auto plain = folder_.write("plain.ndjson", "{\"a\":1}\n{\"a\":\"x\"}\n{\"a\":3}");
  EXPECT_EQ(shown(read_table({plain}), "a"), "1|x|3") << "read anew as text";
  EXPECT_EQ(relative(read_table({plain}).place(2)), "plain.ndjson:3");
  ReadOptions options;
  options.numeric = {"a"};
  EXPECT_EQ(relative(error_text<FormatError>([&] { read_table({plain}, options); })),
            "plain.ndjson:2, column \"a\": \"x\" is not a number");
}

TEST_F(Reader, RefusesWhatIsNoJsonLineByItsLine) {
  const auto complaint = [&](const std::string& text) {
    const auto file = folder_.write("t.jsonl", text);
    return relative(error_text<FormatError>([&] { read_table({file}); }));
  };
  EXPECT_EQ(complaint("{\"a\":1}\n[1]\n"),
            "t.jsonl:2: a line that is not an object; JSON lines are an object a line, {\"column\": value, ...}");
  EXPECT_EQ(complaint("{\"a\":1}\n{\"a\":[1]}\n"), "t.jsonl:2, column \"a\": a list is neither a number nor text");
  EXPECT_EQ(complaint("{}\n"), "t.jsonl: objects without members, so no columns");
  EXPECT_TRUE(complaint("{\"a\":1}\n{\"a\":\n").starts_with("t.jsonl:2")) << complaint("{\"a\":1}\n{\"a\":\n");
}

TEST_F(Reader, DropsBlanksAroundTheNamesOfJsonLines) {
  const Table table = read_table({folder_.write("t.jsonl", "{\" a \":1,\"b\":2}\n{\"a\":3,\"b\\t\":4}\n")});
  ASSERT_EQ(table.columns.size(), 2U);
  EXPECT_EQ(shown(table, "a") + ", " + shown(table, "b"), "1 3, 2 4");
  const auto twice = folder_.write("twice.jsonl", "{\"a\":1}\n{\" a \":1,\"a\":2}\n");
  EXPECT_EQ(relative(error_text<FormatError>([&] { read_table({twice}); })), "twice.jsonl:2: two members are called \"a\"");
}

TEST_F(Reader, SaysThatAListOrOneSpreadObjectIsNoJsonLines) {
  const std::string pipe = (folder_.path() / "pipe").string();
  ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
  for (const std::string content : {"[{\"a\": 1},\n {\"a\": 2}]\n", " [\n        {\n    \"a\": 1\n  }\n]\n", "{\n  \"a\": 1\n}\n"}) {
    const std::jthread feeder([&] { std::ofstream(pipe, std::ios::binary) << content; });
    EXPECT_EQ(relative(error_text<FormatError>([&] { read_table({pipe}); })),
              "pipe:1: a line that is not an object; JSON lines are an object a line, {\"column\": value, ...}")
        << content;
  }
  const std::jthread feeder([&] { std::ofstream(pipe, std::ios::binary) << "[a],b\n1,2\n"; });
  EXPECT_EQ(shown(read_table({pipe}), "[a]"), "1") << "a name in brackets is one of CSV";
}

TEST_F(Reader, LeavesOutWhatIsInNoListWhereThatIsAskedFor) {
  const auto file = folder_.write("t.csv", "a,b,c,,d\n1,2,inf,junk,5\n");
  ReadOptions options;
  options.numeric = {"a"};
  options.category_if_there = {"d", "e"};
  options.inferred_alone = {"b", "z"};
  const Table table = read_table({file}, options);
  ASSERT_EQ(table.columns.size(), 3U);
  EXPECT_EQ(shown(table, "a") + " " + shown(table, "b"), "1 2");
  EXPECT_EQ(table.column("d").kind, ColumnKind::kCategory);
}

TEST_F(Reader, TellsTheFormatOfAPipeByItsFirstBytes) {
  const std::string pipe = (fs::path(folder_.write("t.csv", "a\n1\n")).parent_path() / "pipe").string();
  ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
  const auto through = [&](const std::string& content) {
    std::thread feeder([&] { std::ofstream(pipe, std::ios::binary) << content; });
    const std::string found = shown(read_table({pipe}), "a");
    feeder.join();
    return found;
  };
  EXPECT_EQ(through("a,b\n1,2\n"), "1");
  EXPECT_EQ(through("a\tb\n1\t2\n"), "1");
  EXPECT_EQ(through(" {\"a\": 7}\n"), "7");
}

TEST_F(Reader, NamesAFileThatIsCutOff) {
  for (const std::string mark : {"PAR1", "ARROW1"}) {
    const bool parquet = mark == "PAR1";
    const std::string name = parquet ? "cut.parquet" : "cut.arrow";
    const auto cut = folder_.write(name, mark + "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx");
    EXPECT_EQ(
        relative(error_text<FormatError>([&] { read_table({cut}); })),
        fmt::format("{}: the {} file is cut off: its last bytes are missing; write or copy it anew", name, parquet ? "Parquet" : "Arrow"));
  }
  const auto text = folder_.write("text.parquet", "a,b\n1,2\n");
  EXPECT_EQ(relative(error_text<FormatError>([&] { read_table({text}); })), "text.parquet: not a Parquet file, whatever its name says");
}

TEST_F(Reader, ReadsGzipByContentNotByName) {
  const std::string content = "a,b\n1,x\n2,y\n";
  const std::string packed = gzip_stored(content);
  EXPECT_EQ(shown(read_table({folder_.write("t.csv.gz", packed)}), "b"), "x|y");
  EXPECT_EQ(shown(read(packed), "b"), "x|y");
  EXPECT_EQ(shown(read_table({folder_.write("two.csv.gz", packed + gzip_stored("3,z\n"))}), "b"), "x|y|z")
      << "members in a row are one file";
  EXPECT_EQ(shown(read_table({folder_.write("t.TSV.GZ", gzip_stored("a\tb\n1\tx,y\n"))}), "b"), "x,y");
  EXPECT_EQ(relative(error_text<FormatError>([&] { read_table({folder_.write("t.csv.gz", content)}); })),
            "t.csv.gz: not gzip data, whatever its name says");
  EXPECT_EQ(relative(error_text<FormatError>([&] { read_table({folder_.write("t.csv.gz", gzip_stored(""))}); })),
            "t.csv.gz: the file is empty");
}

TEST_F(Reader, RefusesDamagedGzip) {
  std::string content = "a,b\n";
  for (int i = 0; i < 100'000; ++i) content += "1.5,word\n";
  const std::string packed = gzip_stored(content);
  const std::string starts = "t.csv.gz: damaged gzip data: ";
  for (const std::size_t length : {std::size_t{5}, std::size_t{30}, packed.size() / 2, packed.size() - 4}) {
    const auto file = folder_.write("t.csv.gz", packed.substr(0, length));
    const std::string text = relative(error_text<FormatError>([&] { read_table({file}); }));
    EXPECT_EQ(text.substr(0, starts.size()), starts) << length << ": " << text;
  }
  std::string wrong = packed;
  wrong[wrong.size() / 2] ^= 1;
  EXPECT_EQ(relative(error_text<FormatError>([&] { read_table({folder_.write("t.csv.gz", wrong)}); })).substr(0, starts.size()), starts);
}

TEST_F(Reader, ReadsAPipeOnce) {
  const auto path = folder_.path() / "pipe.csv";
  ASSERT_EQ(mkfifo(path.c_str(), 0600), 0);
  const std::jthread writer([&] { std::ofstream(path) << "a\n1\nx\n"; });
  EXPECT_EQ(shown(read_table({path}), "a"), "1|x");
}

TEST_F(Reader, ReadsRowsLongerThanABlock) {
  const std::string word(1'500'000, 'x');
  std::string content = "a,b\n1," + word + "\n2,y\n";
  EXPECT_EQ(read(content).column("b").categories, (std::vector<std::string>{word, "y"}));
  std::string header = "c0";
  std::string row = "0";
  for (int i = 1; i < 5000; ++i) {
    header += fmt::format(",c{}", i);
    row += fmt::format(",{}", i);
  }
  const Table wide = read(header + "\n" + row + "\n" + row + "\n");
  ASSERT_EQ(wide.columns.size(), 5000U);
  EXPECT_EQ(shown(wide.columns[4999]), "4999 4999");
}

// What types.parquet, types.feather and types_stream.arrow hold, column by column.
TEST_F(Reader, ReadsTheTypesOfParquetAndArrowFiles) {
  struct Case {
    const char* column;
    const char* values;
    bool numeric;
  };
  const Case cases[] = {{"int", "1 - -3", true},
                        {"small", "255 0 -", true},
                        {"double", "0.1 - -0.0025", true},
                        {"half", "1.5 - -2", true},
                        {"bool", "1 0 -", true},
                        {"decimal", "12.34 - -0.01", true},
                        {"null", "- - -", true},
                        {"text", "tcp|-|-", false},
                        {"digits", "7|08|7", false},
                        {"coded", "a|b|a", false},
                        {"codes", "20 - 10", true},
                        {"day", "1969-12-31|-|2024-02-29", false},
                        {"time", "2024-05-01T12:00:00.250Z|-|2024-05-01T12:00:00.000Z", false},
                        {"local", "2024-05-01T12:00:00|-|-", false},
                        {"clock", "3723.5 - 0", true},
                        {"span", "90 - -0.5", true}};
  ReadOptions options;
  options.ignored = {"list"};
  const auto packed = folder_.write("packed.feather.gz", gzip_stored(bytes(golden("types.feather"))));
  for (const fs::path& file : {golden("types.parquet"), golden("types.feather"), golden("types_stream.arrow"), packed}) {
    const Table table = read_table({file}, options);
    for (const Case& c : cases) {
      if (!table.find(c.column)) {
        EXPECT_EQ(file.extension(), ".parquet") << c.column;
        continue;
      }
      if (file.extension() == ".parquet" && std::string_view(c.column) == "local") {
        EXPECT_EQ(shown(table, c.column), "2024-05-01T12:00:00.000|-|-") << "Parquet knows no whole seconds";
        continue;
      }
      EXPECT_EQ(shown(table, c.column), c.values) << file << ' ' << c.column;
      EXPECT_EQ(table.column(c.column).kind == ColumnKind::kNumeric, c.numeric) << file << ' ' << c.column;
    }
  }
}

TEST_F(Reader, TakesGivenKindsOfTypedColumns) {
  ReadOptions options;
  options.ignored = {"list"};
  options.numeric = {"digits", "day", "time"};
  options.category = {"int", "double", "bool", "decimal"};
  for (const char* name : {"types.parquet", "types.feather"}) {
    const Table table = read_table({golden(name)}, options);
    EXPECT_EQ(shown(table, "digits"), "7 8 7");
    EXPECT_EQ(shown(table, "day"), "-86400 - 1709164800") << "seconds since 1970";
    EXPECT_NEAR(table.column("time").numbers[0], 1714564800.0, 64);
    EXPECT_EQ(shown(table, "int"), "1|-|-3");
    EXPECT_EQ(shown(table, "double"), "0.1|-|-0.0025");
    EXPECT_EQ(shown(table, "bool"), "true|false|-");
    EXPECT_EQ(shown(table, "decimal"), "12.34|-|-0.01");
  }
  options.numeric = {"text"};
  options.category = {};
  EXPECT_EQ(error_text<FormatError>([&] { read_table({golden("types.feather")}, options); }),
            golden("types.feather").string() + ", row 1, column \"text\": \"tcp\" is not a number");
}

TEST_F(Reader, JoinsFilesOfDifferentFormats) {
  ReadOptions options;
  options.ignored = {"list",  "small", "double", "half", "decimal", "null",  "text", "digits",
                     "coded", "codes", "day",    "time", "local",   "clock", "span"};
  const auto csv = folder_.write("t.csv", "bool,int\nmaybe,5\n");
  for (const std::vector<fs::path>& files : {std::vector<fs::path>{golden("types.feather"), csv}, {csv, golden("types.feather")}}) {
    const Table table = read_table(files, options);
    EXPECT_EQ(shown(table, "bool"), files[0] == csv ? "maybe|true|false|-" : "true|false|-|maybe");
    EXPECT_EQ(table.column("int").kind, ColumnKind::kNumeric);
  }
}

TEST_F(Reader, PlacesWrongValuesOfTypedFilesByRow) {
  const std::string path = golden("infinite.parquet").string();
  EXPECT_EQ(error_text<FormatError>([&] { read_table({path}); }),
            path + ", row 3, column \"a\": \"inf\" is infinite or beyond the range of a float");
  ReadOptions options;
  options.ignored = {"a"};
  EXPECT_EQ(error_text<FormatError>([&] { read_table({path}, options); }),
            path + ", row 2, column \"b\": \"1e+300\" is infinite or beyond the range of a float");
  EXPECT_EQ(error_text<FormatError>([&] { read_table({golden("types.parquet")}); }).substr(golden("types.parquet").string().size()),
            ", column \"list\": values of type list<element: int64> are neither numbers nor text; ignore the column");
}

TEST_F(Reader, RefusesTruncatedAndForeignTypedFiles) {
  ReadOptions options;
  options.ignored = {"list"};
  for (const char* name : {"types.parquet", "types.feather", "types_stream.arrow"}) {
    const std::string good = bytes(golden(name));
    for (std::size_t length = 0; length + 16 < good.size(); length += 37) {
      const auto file = folder_.write(name, good.substr(0, length));
      bool refused = false;
      std::size_t rows = 0;
      try {
        rows = read_table({file}, options).rows();
      } catch (const FormatError& error) {
        refused = true;
        EXPECT_EQ(relative(error.what()).substr(0, std::string_view(name).size() + 2), std::string(name) + ": ") << error.what();
      }
      // A stream has no end mark that must be there: whole batches may be read from its start.
      EXPECT_TRUE(refused || (rows == 2 && std::string_view(name) == "types_stream.arrow")) << name << ' ' << length;
    }
  }
  for (const char* name : {"t.parquet", "t.arrow", "t.feather"}) {
    EXPECT_THROW(read_table({folder_.write(name, "a,b\n1,2\n")}), FormatError) << name;
    EXPECT_THROW(read_table({folder_.write(name, std::string(100'000, '\xFF'))}), FormatError) << name;
  }
  EXPECT_EQ(relative(error_text<FormatError>([&] { read_table({folder_.write("t.feather", "FEA1....")}); })),
            "t.feather: Feather version 1; save it as version 2");
}

TEST_F(Reader, RefusesASizeBeyondTheMachineBeforeAskingForIt) {
  // The first compressed buffer of the file says how large it is unpacked: 8 bytes before the LZ4 frame, which starts 04 22 4D 18.
  std::string bad = bytes(golden("types.feather"));
  const auto frame = bad.find("\x04\x22\x4D\x18");
  ASSERT_NE(frame, std::string::npos);
  bad[frame - 3] = '\x7F';
  ReadOptions options;
  options.ignored = {"list"};
  const std::string text = relative(error_text<FormatError>([&] { read_table({folder_.write("t.feather", bad)}, options); }));
  EXPECT_NE(text.find("more than this machine has"), std::string::npos) << text;
}

// Any byte may be wrong: the table is refused or read, nothing else happens.
TEST_F(Reader, SurvivesAnyDamagedByteOfTypedFiles) {
  ReadOptions options;
  options.ignored = {"list"};
  std::size_t refused = 0;
  for (const char* name : {"types.parquet", "types.feather", "types_stream.arrow"}) {
    const std::string good = bytes(golden(name));
    for (std::size_t at = 0; at < good.size(); at += 17) {
      std::string bad = good;
      bad[at] = static_cast<char>(bad[at] ^ (at % 2 == 0 ? 0xFF : 0x01));
      try {
        const Table table = read_table({folder_.write(name, bad)}, options);
        for (const Column& column : table.columns) ASSERT_EQ(column.rows(), table.rows());
      } catch (const Error&) {
        ++refused;
      }
    }
  }
  EXPECT_GT(refused, 50U);
}

}  // namespace
}  // namespace oddshot
