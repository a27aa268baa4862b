// Tables out of memory by the Arrow C data interface, which pandas, polars, pyarrow, DuckDB and many others speak: no library is needed.
// Source: the Arrow Columnar Format, "The Arrow C data interface" and "The Arrow C stream interface"; the structs are its ABI, as it gives
// them, and agree with anybody else's.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "oddshot/data/reader.h"
#include "oddshot/data/table.h"

#ifndef ARROW_C_DATA_INTERFACE
#define ARROW_C_DATA_INTERFACE

#define ARROW_FLAG_DICTIONARY_ORDERED 1
#define ARROW_FLAG_NULLABLE 2
#define ARROW_FLAG_MAP_KEYS_SORTED 4

extern "C" {

struct ArrowSchema {
  const char* format;
  const char* name;
  const char* metadata;
  std::int64_t flags;
  std::int64_t n_children;
  ArrowSchema** children;
  ArrowSchema* dictionary;
  void (*release)(ArrowSchema*);
  void* private_data;
};

struct ArrowArray {
  std::int64_t length;
  std::int64_t null_count;
  std::int64_t offset;
  std::int64_t n_buffers;
  std::int64_t n_children;
  const void** buffers;
  ArrowArray** children;
  ArrowArray* dictionary;
  void (*release)(ArrowArray*);
  void* private_data;
};

}  // extern "C"
#endif  // ARROW_C_DATA_INTERFACE

#ifndef ARROW_C_STREAM_INTERFACE
#define ARROW_C_STREAM_INTERFACE

extern "C" {

struct ArrowArrayStream {
  int (*get_schema)(ArrowArrayStream*, ArrowSchema* out);
  int (*get_next)(ArrowArrayStream*, ArrowArray* out);
  const char* (*get_last_error)(ArrowArrayStream*);
  void (*release)(ArrowArrayStream*);
  void* private_data;
};

}  // extern "C"
#endif  // ARROW_C_STREAM_INTERFACE

namespace oddshot {

struct ArrowOptions {
  std::string name = "the table";                            // what messages call it
  std::vector<std::string> missing = ReadOptions().missing;  // texts that count as missing beside nulls
  // As of ReadOptions, but need not occur: what a column holds decides its kind, unless it is listed. Dates and timestamps are categories.
  std::vector<std::string> numeric;
  std::vector<std::string> category;
};

// A table of the record batches that are left in the stream, which is released, whatever happens. Values mean what they mean in a Parquet
// or Arrow file (reader.h); the values are copied, once. The producer is trusted as a caller is: buffers are as long as their lengths say.
// Throws FormatError naming column and row for a type that is neither number nor text nor time, text in a numeric column, an infinite
// number, an empty name or one that occurs twice, a stream that is not of records, or for what the producer says went wrong.
Table table_from_arrow(ArrowArrayStream& stream, const ArrowOptions& options = {});
// The same of one record batch; both are released.
Table table_from_arrow(ArrowSchema& schema, ArrowArray& batch, const ArrowOptions& options = {});

}  // namespace oddshot
