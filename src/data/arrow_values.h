// Arrow C++ arrays into columns.
#pragma once

#include "data/column_builder.h"

namespace arrow {
class Array;
}

namespace oddshot::data {

// The builder takes the next values. untyped: text is a number if it looks like one; else text is text (unless a numeric column is wished
// for). Does nothing once the builder takes no values any more.
void append(ColumnBuilder& builder, const arrow::Array& values, bool untyped);

}  // namespace oddshot::data
