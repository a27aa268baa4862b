#include "data/column_builder.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace oddshot::data {

void ColumnBuilder::refuse(std::string_view value, CellKind kind) {
  const Offence offence{
      column_.numbers.size(),
      in_quotes(value) + (kind == CellKind::kInfinite ? " is infinite or beyond the range of a float" : " is not a number")};
  if (kind == CellKind::kInfinite && wish_ == Wish::kInfer) {
    if (!infinite_) infinite_ = offence;
  } else if (!offence_) {
    offence_ = offence;
  }
}

void ColumnBuilder::reserve(std::size_t values) {
  const auto make_room = [values](auto& column) {
    if (values > column.capacity()) column.reserve(std::max(values, column.size() + column.size() / 2));
  };
  if (column_.kind == ColumnKind::kNumeric) {
    make_room(column_.numbers);
  } else {
    make_room(column_.codes);
  }
}

void ColumnBuilder::add_missing(std::size_t count) {
  if (column_.kind == ColumnKind::kNumeric) {
    column_.numbers.insert(column_.numbers.end(), count, kMissing);
  } else {
    column_.codes.insert(column_.codes.end(), count, Column::kMissingCode);
  }
}

void ColumnBuilder::add_category(std::string_view value) {
  // Neighbouring rows are often alike.
  if (last_code_ == Column::kMissingCode || categories_[static_cast<std::size_t>(last_code_)] != value) {
    const auto known = codes_.find(value);
    if (known != codes_.end()) {
      last_code_ = known->second;
    } else {
      if (!offence_ && !is_utf8(value)) offence_ = Offence{column_.codes.size(), in_quotes(value) + " is not UTF-8"};
      last_code_ = static_cast<std::int32_t>(categories_.size());
      codes_.emplace(categories_.emplace_back(value), last_code_);
    }
  }
  column_.codes.push_back(last_code_);
}

// The column is numeric and meets text. If it is inferred and only missing values went before, it becomes a category here and now.
bool ColumnBuilder::stays_numeric(std::string_view value) {
  if (wish_ == Wish::kNumeric) {
    refuse(value, CellKind::kText);
    return true;
  }
  infinite_.reset();
  if (present_ > 0) {
    late_text_ = true;
    return false;
  }
  column_.kind = ColumnKind::kCategory;
  column_.codes.assign(column_.numbers.size(), Column::kMissingCode);
  column_.numbers = {};
  return false;
}

Column ColumnBuilder::finish() && {
  column_.categories.assign(std::make_move_iterator(categories_.begin()), std::make_move_iterator(categories_.end()));
  return std::move(column_);
}

}  // namespace oddshot::data
