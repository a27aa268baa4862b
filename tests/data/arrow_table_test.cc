// Tables by the Arrow C data interface hold what the reader makes of the same values in a file.
#include "oddshot/data/arrow_table.h"

#include <cmath>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include <arrow/array/builder_base.h>
#include <arrow/array/builder_binary.h>
#include <arrow/array/builder_decimal.h>
#include <arrow/array/builder_nested.h>
#include <arrow/array/builder_primitive.h>
#include <arrow/c/bridge.h>
#include <arrow/io/file.h>
#include <arrow/ipc/reader.h>
#include <arrow/record_batch.h>
#include <arrow/table.h>
#include <arrow/util/decimal.h>
#include <gtest/gtest.h>

#include "error_text.h"
#include "oddshot/base/error.h"
#include "oddshot/data/reader.h"

namespace oddshot {
namespace {

using Batches = std::vector<std::shared_ptr<arrow::RecordBatch>>;

std::filesystem::path golden(const char* name) { return std::filesystem::path(ODDSHOT_SOURCE_DIR) / "tests/data/golden" / name; }

// The batches of types_stream.arrow, without the column that no table can hold.
Batches golden_batches() {
  const auto file = arrow::io::ReadableFile::Open(golden("types_stream.arrow").string()).ValueOrDie();
  const auto reader = arrow::ipc::RecordBatchStreamReader::Open(file).ValueOrDie();
  Batches batches;
  for (const auto& batch : reader->ToRecordBatches().ValueOrDie()) {
    batches.push_back(batch->RemoveColumn(batch->schema()->GetFieldIndex("list")).ValueOrDie());
  }
  return batches;
}

ArrowOptions options_of(const char* name, const std::vector<std::string>& numeric = {}, const std::vector<std::string>& category = {}) {
  ArrowOptions options;
  options.name = name;
  options.numeric = numeric;
  options.category = category;
  return options;
}

Table through_stream(const Batches& batches, const ArrowOptions& options = {}) {
  ArrowArrayStream stream{};
  const auto reader = arrow::RecordBatchReader::Make(batches).ValueOrDie();
  EXPECT_TRUE(arrow::ExportRecordBatchReader(reader, &stream).ok());
  Table table = table_from_arrow(stream, options);
  EXPECT_EQ(stream.release, nullptr);
  return table;
}

Table through_batch(const std::shared_ptr<arrow::RecordBatch>& batch, const ArrowOptions& options = {}) {
  ArrowSchema schema{};
  ArrowArray array{};
  EXPECT_TRUE(arrow::ExportRecordBatch(*batch, &array, &schema).ok());
  return table_from_arrow(schema, array, options);
}

std::shared_ptr<arrow::RecordBatch> one_column(const char* name, const std::shared_ptr<arrow::Array>& values) {
  return arrow::RecordBatch::Make(arrow::schema({arrow::field(name, values->type())}), values->length(), {values});
}

std::shared_ptr<arrow::Array> doubles(const std::vector<double>& values) {
  arrow::DoubleBuilder builder;
  EXPECT_TRUE(builder.AppendValues(values).ok());
  return builder.Finish().ValueOrDie();
}

std::shared_ptr<arrow::Array> texts(const std::vector<std::string>& values) {
  arrow::StringViewBuilder builder;
  for (const std::string& value : values) EXPECT_TRUE(builder.Append(value).ok());
  return builder.Finish().ValueOrDie();
}

void expect_equal(const Table& one, const Table& other) {
  ASSERT_EQ(one.columns.size(), other.columns.size());
  for (std::size_t c = 0; c < one.columns.size(); ++c) {
    const Column &a = one.columns[c], &b = other.columns[c];
    EXPECT_EQ(a.name, b.name);
    EXPECT_EQ(a.kind, b.kind) << a.name;
    EXPECT_EQ(a.codes, b.codes) << a.name;
    EXPECT_EQ(a.categories, b.categories) << a.name;
    ASSERT_EQ(a.numbers.size(), b.numbers.size()) << a.name;
    for (std::size_t r = 0; r < a.numbers.size(); ++r) {
      EXPECT_TRUE(a.numbers[r] == b.numbers[r] || (std::isnan(a.numbers[r]) && std::isnan(b.numbers[r]))) << a.name << ' ' << r;
    }
  }
}

TEST(ArrowTable, HoldsWhatTheReaderMakesOfTheSameTypesInAFile) {
  ReadOptions options;
  options.ignored = {"list"};
  expect_equal(through_stream(golden_batches()), read_table({golden("types_stream.arrow")}, options));
}

TEST(ArrowTable, TakesGivenKindsAsTheReaderDoes) {
  ReadOptions options;
  options.ignored = {"list"};
  options.numeric = {"digits", "day", "time"};
  options.category = {"int", "double", "bool", "decimal", "half", "clock", "codes"};
  expect_equal(through_stream(golden_batches(), options_of("the table", options.numeric, options.category)),
               read_table({golden("types_stream.arrow")}, options));
}

TEST(ArrowTable, SlicedBatchesBeginWhereTheirOffsetSays) {
  Batches sliced;
  for (const auto& batch : golden_batches()) {
    for (std::int64_t r = 0; r < batch->num_rows(); ++r) sliced.push_back(batch->Slice(r, 1));
  }
  expect_equal(through_stream(sliced), through_stream(golden_batches()));
}

TEST(ArrowTable, OneBatchServesAsAStreamOfOne) {
  const Batches batches = golden_batches();
  expect_equal(through_batch(batches[0]), through_stream({batches[0]}));
}

TEST(ArrowTable, TextInViewsIsRead) {
  const Table table = through_batch(one_column("word", texts({"short", std::string(40, 'x'), "", "short"})));
  EXPECT_EQ(table.columns[0].categories, (std::vector<std::string>{"short", std::string(40, 'x')}));
  EXPECT_EQ(table.columns[0].codes, (std::vector<std::int32_t>{0, 1, Column::kMissingCode, 0}));
}

TEST(ArrowTable, DecimalsOfAnyWidthAreRead) {
  const auto read_one = [](auto builder, const auto& value) {
    EXPECT_TRUE(builder.Append(value).ok());
    return through_stream({one_column("x", builder.Finish().ValueOrDie())}).columns[0].numbers[0];
  };
  EXPECT_EQ(read_one(arrow::Decimal32Builder(arrow::decimal32(9, 2)), arrow::Decimal32("-12.25")), -12.25F);
  EXPECT_EQ(read_one(arrow::Decimal64Builder(arrow::decimal64(12, 3)), arrow::Decimal64("1.125")), 1.125F);
  EXPECT_EQ(read_one(arrow::Decimal128Builder(arrow::decimal128(20, -2)), arrow::Decimal128(34)), 3400.0F);
}

TEST(ArrowTable, AnInfiniteNumberIsRefusedByRowAndColumn) {
  EXPECT_EQ(error_text<FormatError>([] { through_batch(one_column("a", doubles({1, 2, INFINITY})), options_of("X")); }),
            "X, row 2, column \"a\": \"inf\" is infinite or beyond the range of a float");
}

TEST(ArrowTable, WhatIsNoTableOfNumbersAndTextIsRefused) {
  const auto list_of = std::make_shared<arrow::DoubleBuilder>();
  arrow::ListBuilder lists(arrow::default_memory_pool(), list_of);
  ASSERT_TRUE(lists.Append().ok());
  EXPECT_EQ(error_text<FormatError>([&] { through_batch(one_column("a", lists.Finish().ValueOrDie())); }),
            "the table, column \"a\": values of type +l are neither numbers nor text; leave the column out");
  ArrowSchema schema{};
  ArrowArray array{};
  ASSERT_TRUE(arrow::ExportArray(*doubles({1}), &array, &schema).ok());
  EXPECT_EQ(error_text<FormatError>([&] { table_from_arrow(schema, array); }),
            "the table: a table of named columns is needed, and this is of type g");
  EXPECT_EQ(schema.release, nullptr);
  EXPECT_EQ(array.release, nullptr);
}

TEST(ArrowTable, NamesMustBeThereAndDiffer) {
  EXPECT_EQ(error_text<FormatError>([] { through_batch(one_column(" ", doubles({1}))); }), "the table: column 1 has no name");
  const auto twice = arrow::RecordBatch::Make(arrow::schema({arrow::field("a", arrow::float64()), arrow::field("a ", arrow::float64())}), 1,
                                              {doubles({1}), doubles({2})});
  EXPECT_EQ(error_text<FormatError>([&] { through_batch(twice); }), "the table: two columns are called \"a\"");
}

TEST(ArrowTable, WhatTheProducerSaysWentWrongIsPassedOn) {
  ArrowArrayStream stream{};
  stream.get_schema = [](ArrowArrayStream*, ArrowSchema*) { return 5; };
  stream.get_last_error = [](ArrowArrayStream*) { return "the database is gone"; };
  stream.release = [](ArrowArrayStream* self) { self->release = nullptr; };
  EXPECT_EQ(error_text<FormatError>([&] { table_from_arrow(stream); }), "the table: its producer says: the database is gone");
}

}  // namespace
}  // namespace oddshot
