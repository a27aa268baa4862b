// Any bytes are a table, as CSV or JSON lines, that keeps its invariants, or a FormatError. The first byte chooses format, header,
// separator and quotes.
#include <cmath>
#include <set>

#include "memory_file.h"
#include "oddshot/base/error.h"
#include "oddshot/data/reader.h"
#include "require.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace oddshot;
  if (size == 0) return 0;
  ReadOptions options;
  options.format = (data[0] & 64U) != 0 ? FileFormat::kJsonLines : FileFormat::kCsv;
  if ((data[0] & 1U) != 0 && options.format == FileFormat::kCsv) {
    options.header = false;
    options.names = {"a", "b", "c"};
  }
  if ((data[0] & 2U) != 0) options.separator = ';';
  if ((data[0] & 4U) != 0) options.quote = '\'';
  if ((data[0] & 8U) != 0) options.category = {"a"};
  if ((data[0] & 16U) != 0) options.numeric = {"b"};
  if ((data[0] & 32U) != 0) options.ignored = {"c"};
  const MemoryFile file({data + 1, size - 1});
  Table table;
  try {
    table = read_table({file.path()}, options);
  } catch (const FormatError&) {
    return 0;
  } catch (const ArgumentError&) {  // every column is to be ignored
    ODDSHOT_REQUIRE(!options.ignored.empty());
    return 0;
  }
  ODDSHOT_REQUIRE(table.rows() > 0);
  std::set<std::string> names;
  for (const Column& column : table.columns) {
    ODDSHOT_REQUIRE(column.rows() == table.rows());
    ODDSHOT_REQUIRE(names.insert(column.name).second);
    for (const float number : column.numbers) ODDSHOT_REQUIRE(!std::isinf(number));
    for (const std::int32_t code : column.codes) {
      ODDSHOT_REQUIRE(code == Column::kMissingCode || (code >= 0 && static_cast<std::size_t>(code) < column.categories.size()));
    }
  }
  return 0;
}
