// A model of any table and a table to adapt it to.
#pragma once

#include <string>

#include "oddshot/data/table.h"
#include "oddshot/model_io/model_file.h"

namespace oddshot {

// Of space "table", with the parameters that training starts from.
MetaModel table_model(const std::string& learner = "score-net");

// 80 rows: columns "amount" and "speed" (numbers, some missing), "kind" (a category), "id" (a category, each row its own), "row" (counts),
// "same" (constant), and "label": 60 normal, 10 anomaly (large amounts), 10 without one.
Table sample_table();

}  // namespace oddshot
