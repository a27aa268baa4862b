// What a batch of rows carries from the reader to the writer.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include <arrow/record_batch.h>

#include "oddshot/data/row_stream.h"

namespace oddshot {

struct CarriedRows {
  std::shared_ptr<arrow::RecordBatch> batch;  // every column under its name; text columns of CSV and JSON lines; shared as Arrow does
  std::vector<std::string> lines;             // of JSON lines: the objects as they are spelt
  std::vector<std::vector<bool>> bare;        // of JSON lines, a column: whether a value is spelt without quotes
};

}  // namespace oddshot
