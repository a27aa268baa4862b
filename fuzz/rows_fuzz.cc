// Any bytes are rows of CSV, TSV or JSON lines, as many whatever the size of a batch, that are read again as they were written with a
// column added, or a FormatError. The first byte chooses format and columns.
#include <cmath>
#include <optional>
#include <string>
#include <vector>

#include "memory_file.h"
#include "oddshot/base/error.h"
#include "oddshot/data/row_stream.h"
#include "require.h"

namespace oddshot {
namespace {

void check(const RowBatch& batch) {
  ODDSHOT_REQUIRE(batch.rows > 0);
  for (const Column& column : batch.typed.columns) {
    ODDSHOT_REQUIRE(column.rows() == batch.rows);
    for (const float number : column.numbers) ODDSHOT_REQUIRE(!std::isinf(number));
    for (const std::int32_t code : column.codes) {
      ODDSHOT_REQUIRE(code == Column::kMissingCode || (code >= 0 && static_cast<std::size_t>(code) < column.categories.size()));
    }
  }
}

struct Read {
  std::size_t rows = 0;
  std::vector<std::uint8_t> written;  // with a column added, if a writer takes such rows
};

// Nothing where the bytes are refused.
std::optional<Read> read(std::span<const std::uint8_t> bytes, const RowReadOptions& options) {
  const MemoryFile file(bytes);
  Read out;
  try {
    const std::unique_ptr<RowReader> reader = open_rows(file.path(), options);
    const std::vector<AddedColumn> none{{"a score", std::vector<float>()}};
    std::unique_ptr<RowWriter> writer;
    try {
      writer = make_row_writer(
          reader->format(), *reader, std::nullopt, none,
          [&](std::span<const std::uint8_t> part) { out.written.insert(out.written.end(), part.begin(), part.end()); }, false);
    } catch (const ArgumentError&) {  // a column of that name is there
    }
    reader->read([&](const RowBatch& batch) {
      check(batch);
      out.rows += batch.rows;
      if (writer) writer->write(batch, {{"a score", std::vector<float>(batch.rows, 0.5F)}});
      return true;
    });
    if (writer) writer->finish();
    if (!writer) out.written.clear();
  } catch (const FormatError&) {
    return std::nullopt;
  }
  return out;
}

}  // namespace
}  // namespace oddshot

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace oddshot;
  if (size == 0) return 0;
  RowReadOptions options;
  constexpr RowFormat kFormats[] = {RowFormat::kCsv, RowFormat::kTsv, RowFormat::kJsonLines, RowFormat::kJsonLines};
  options.format = kFormats[data[0] & 3U];
  if ((data[0] & 4U) != 0) options.numeric = {"a"};
  if ((data[0] & 8U) != 0) options.category = {"b"};
  if ((data[0] & 16U) != 0) options.inferred = {"c"};
  options.rows_at_a_time = 2;
  const std::span<const std::uint8_t> bytes(data + 1, size - 1);
  const std::optional<Read> few = read(bytes, options);
  options.rows_at_a_time = 1000;
  const std::optional<Read> many = read(bytes, options);
  // A column whose kind is inferred is refused, or not, by the rows of a batch, and of JSON lines a column is typed if the first batch has
  // it.
  const bool any_batch =
      options.inferred.empty() && (options.format != RowFormat::kJsonLines || (options.numeric.empty() && options.category.empty()));
  if (any_batch) ODDSHOT_REQUIRE(few.has_value() == many.has_value());
  if (!few || !many) return 0;
  ODDSHOT_REQUIRE(few->rows == many->rows);
  ODDSHOT_REQUIRE(few->written == many->written);
  if (few->written.empty()) return 0;
  const std::optional<Read> again = read(few->written, options);
  ODDSHOT_REQUIRE(again.has_value());
  ODDSHOT_REQUIRE(again->rows == few->rows);
  return 0;
}
