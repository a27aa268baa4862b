#include "data/column_builder.h"

#include <array>
#include <charconv>
#include <chrono>
#include <cmath>
#include <iterator>
#include <limits>

#include <arrow/array/array_base.h>
#include <arrow/array/array_binary.h>
#include <arrow/array/array_decimal.h>
#include <arrow/array/array_dict.h>
#include <arrow/array/array_primitive.h>
#include <arrow/extension_type.h>
#include <arrow/type.h>
#include <arrow/util/decimal.h>
#include <arrow/util/float16.h>
#include <fmt/format.h>

namespace oddshot::data {
namespace {

constexpr float kMissing = std::numeric_limits<float>::quiet_NaN();

// Room for one value of any type but text, spelt.
using Spelling = std::array<char, 64>;

template <class T>
std::string_view spell_number(T number, Spelling& out) {
  const auto [end, error] = std::to_chars(out.data(), out.data() + out.size(), number);
  return {out.data(), static_cast<std::size_t>(end - out.data())};
}

std::int64_t per_second(arrow::TimeUnit::type unit) {
  switch (unit) {
    case arrow::TimeUnit::SECOND:
      return 1;
    case arrow::TimeUnit::MILLI:
      return 1'000;
    case arrow::TimeUnit::MICRO:
      return 1'000'000;
    default:
      return 1'000'000'000;
  }
}

// A day outside of what the calendar can name (about 30,000 years) is spelt as its number.
std::string_view spell_date(std::int64_t days, Spelling& out) {
  constexpr std::int64_t kLast = 11'000'000;
  if (days < -kLast || days > kLast) return spell_number(days, out);
  const std::chrono::year_month_day date{std::chrono::sys_days(std::chrono::days(static_cast<int>(days)))};
  const auto end = fmt::format_to(out.data(), "{:04}-{:02}-{:02}", static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                                  static_cast<unsigned>(date.day()));
  return {out.data(), static_cast<std::size_t>(end - out.data())};
}

std::int64_t floor_divide(std::int64_t a, std::int64_t b) { return a / b - (a % b < 0 ? 1 : 0); }
std::int64_t floor_rest(std::int64_t a, std::int64_t b) { return a % b + (a % b < 0 ? b : 0); }

// 2024-05-01T12:00:00.250: of one width per unit, so that spellings sort as times do.
std::string_view spell_timestamp(std::int64_t ticks, std::int64_t per, bool utc, Spelling& out) {
  const std::int64_t seconds = floor_divide(ticks, per);
  const std::int64_t second = floor_rest(seconds, 86'400);
  auto end = out.data() + spell_date(floor_divide(seconds, 86'400), out).size();
  end = fmt::format_to(end, "T{:02}:{:02}:{:02}", second / 3600, second / 60 % 60, second % 60);
  if (per > 1) end = fmt::format_to(end, ".{:0{}}", floor_rest(ticks, per), per == 1'000 ? 3 : per == 1'000'000 ? 6 : 9);
  if (utc) *end++ = 'Z';
  return {out.data(), static_cast<std::size_t>(end - out.data())};
}

}  // namespace

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

template <class Index, class Text>
void ColumnBuilder::append_text(std::int64_t count, bool untyped, const Index& index, const Text& text) {
  const std::size_t start = column_.numbers.size();
  const std::size_t present = present_;
  std::int64_t i = 0;
  while (column_.kind == ColumnKind::kNumeric && i < count) {
    const std::int64_t at = index(i);
    const std::string_view value = at < 0 ? std::string_view() : trimmed(text(at));
    if (at < 0 || missing_.contains(value)) {
      column_.numbers.push_back(kMissing);
      ++i;
      continue;
    }
    float number = kMissing;
    const bool read = untyped || wish_ == Wish::kNumeric;
    const CellKind kind = read ? parse_number(value, number) : CellKind::kText;
    if (kind == CellKind::kText) {
      if (present_ > 0 && present == 0 && wish_ == Wish::kInfer) {
        // The numbers before this text came with the same values, which are still at hand: start over as a category.
        column_.numbers.resize(start);
        present_ = 0;
        i = 0;
      }
      if (!stays_numeric(value)) break;
    } else if (kind == CellKind::kInfinite) {
      refuse(value, kind);
    }
    column_.numbers.push_back(number);
    ++present_;
    ++i;
  }
  if (late_text_) return;
  for (; i < count; ++i) {
    const std::int64_t at = index(i);
    const std::string_view value = at < 0 ? std::string_view() : trimmed(text(at));
    if (at < 0 || missing_.contains(value)) {
      column_.codes.push_back(Column::kMissingCode);
    } else {
      add_category(value);
    }
  }
}

template <class Index, class Number, class Spell>
void ColumnBuilder::append_numbers(std::int64_t count, const Index& index, const Number& number, const Spell& spell) {
  Spelling buffer{};
  if (column_.kind == ColumnKind::kCategory) {
    for (std::int64_t i = 0; i < count; ++i) {
      const std::int64_t at = index(i);
      if (at < 0 || std::isnan(number(at))) {
        column_.codes.push_back(Column::kMissingCode);
      } else {
        add_category(spell(at, buffer));
      }
    }
    return;
  }
  for (std::int64_t i = 0; i < count; ++i) {
    const std::int64_t at = index(i);
    auto value = at < 0 ? kMissing : static_cast<float>(number(at));
    if (std::isinf(value)) {
      refuse(spell(at, buffer), CellKind::kInfinite);
      value = kMissing;
    }
    present_ += std::isnan(value) ? 0 : 1;
    column_.numbers.push_back(value);
  }
}

template <class Index>
void ColumnBuilder::append_values(const arrow::Array& values, std::int64_t count, bool untyped, const Index& index) {
  const auto numbers = [&](const auto& array) {
    append_numbers(
        count, index, [&](std::int64_t i) { return static_cast<double>(array.Value(i)); },
        [&](std::int64_t i, Spelling& out) { return spell_number(array.Value(i), out); });
  };
  const auto seconds = [&](const auto& array, std::int64_t per) {
    const auto number = [&array, per](std::int64_t i) { return static_cast<double>(array.Value(i)) / static_cast<double>(per); };
    append_numbers(count, index, number, [&](std::int64_t i, Spelling& out) { return spell_number(number(i), out); });
  };
  // A date or timestamp keeps its full precision as text; a float of seconds since 1970 would be coarser than two minutes.
  const auto moments = [&](const auto& number, const auto& spell) {
    if (wish_ == Wish::kNumeric) {
      append_numbers(count, index, number, spell);
    } else {
      Spelling buffer{};
      append_text(count, false, index, [&](std::int64_t i) { return spell(i, buffer); });
    }
  };
  const auto decimals = [&](const auto& array, auto zero) {
    using Decimal = decltype(zero);
    const std::int32_t scale = static_cast<const arrow::DecimalType&>(*array.type()).scale();
    append_numbers(
        count, index, [&](std::int64_t i) { return Decimal(array.GetValue(i)).ToDouble(scale); },
        [&](std::int64_t i, Spelling& out) {
          const std::string text = array.FormatValue(i);
          return std::string_view(out.data(), text.copy(out.data(), out.size()));
        });
  };
  const auto text = [&](const auto& array) { append_text(count, untyped, index, [&](std::int64_t i) { return array.GetView(i); }); };

  switch (values.type_id()) {
    case arrow::Type::STRING:
      return text(static_cast<const arrow::StringArray&>(values));
    case arrow::Type::LARGE_STRING:
      return text(static_cast<const arrow::LargeStringArray&>(values));
    case arrow::Type::STRING_VIEW:
      return text(static_cast<const arrow::StringViewArray&>(values));
    case arrow::Type::INT8:
      return numbers(static_cast<const arrow::Int8Array&>(values));
    case arrow::Type::INT16:
      return numbers(static_cast<const arrow::Int16Array&>(values));
    case arrow::Type::INT32:
      return numbers(static_cast<const arrow::Int32Array&>(values));
    case arrow::Type::INT64:
      return numbers(static_cast<const arrow::Int64Array&>(values));
    case arrow::Type::UINT8:
      return numbers(static_cast<const arrow::UInt8Array&>(values));
    case arrow::Type::UINT16:
      return numbers(static_cast<const arrow::UInt16Array&>(values));
    case arrow::Type::UINT32:
      return numbers(static_cast<const arrow::UInt32Array&>(values));
    case arrow::Type::UINT64:
      return numbers(static_cast<const arrow::UInt64Array&>(values));
    case arrow::Type::FLOAT:
      return numbers(static_cast<const arrow::FloatArray&>(values));
    case arrow::Type::DOUBLE:
      return numbers(static_cast<const arrow::DoubleArray&>(values));
    case arrow::Type::HALF_FLOAT: {
      const auto& array = static_cast<const arrow::HalfFloatArray&>(values);
      const auto number = [&](std::int64_t i) { return arrow::util::Float16::FromBits(array.Value(i)).ToFloat(); };
      return append_numbers(count, index, number, [&](std::int64_t i, Spelling& out) { return spell_number(number(i), out); });
    }
    case arrow::Type::BOOL: {
      const auto& array = static_cast<const arrow::BooleanArray&>(values);
      return append_numbers(
          count, index, [&](std::int64_t i) { return array.Value(i) ? 1.0F : 0.0F; },
          [&](std::int64_t i, Spelling& /*out*/) { return std::string_view(array.Value(i) ? "true" : "false"); });
    }
    case arrow::Type::DECIMAL128:
      return decimals(static_cast<const arrow::Decimal128Array&>(values), arrow::Decimal128());
    case arrow::Type::DECIMAL256:
      return decimals(static_cast<const arrow::Decimal256Array&>(values), arrow::Decimal256());
    case arrow::Type::TIME32: {
      const auto& array = static_cast<const arrow::Time32Array&>(values);
      return seconds(array, per_second(static_cast<const arrow::Time32Type&>(*array.type()).unit()));
    }
    case arrow::Type::TIME64: {
      const auto& array = static_cast<const arrow::Time64Array&>(values);
      return seconds(array, per_second(static_cast<const arrow::Time64Type&>(*array.type()).unit()));
    }
    case arrow::Type::DURATION: {
      const auto& array = static_cast<const arrow::DurationArray&>(values);
      return seconds(array, per_second(static_cast<const arrow::DurationType&>(*array.type()).unit()));
    }
    case arrow::Type::DATE32: {
      const auto& array = static_cast<const arrow::Date32Array&>(values);
      return moments([&](std::int64_t i) { return 86'400.0 * array.Value(i); },
                     [&](std::int64_t i, Spelling& out) { return spell_date(array.Value(i), out); });
    }
    case arrow::Type::DATE64: {
      const auto& array = static_cast<const arrow::Date64Array&>(values);
      return moments([&](std::int64_t i) { return static_cast<double>(array.Value(i)) / 1000; },
                     [&](std::int64_t i, Spelling& out) { return spell_date(floor_divide(array.Value(i), 86'400'000), out); });
    }
    case arrow::Type::TIMESTAMP: {
      const auto& array = static_cast<const arrow::TimestampArray&>(values);
      const auto& type = static_cast<const arrow::TimestampType&>(*array.type());
      const std::int64_t per = per_second(type.unit());
      return moments(
          [&, per](std::int64_t i) { return static_cast<double>(array.Value(i)) / static_cast<double>(per); },
          [&, per](std::int64_t i, Spelling& out) { return spell_timestamp(array.Value(i), per, !type.timezone().empty(), out); });
    }
    default:  // the null type; every other was refused when the file was opened
      add_missing(static_cast<std::size_t>(count));
  }
}

void ColumnBuilder::append(const arrow::Array& values, bool untyped) {
  if (late_text_ || offence_) return;
  if (values.type_id() == arrow::Type::EXTENSION) return append(*static_cast<const arrow::ExtensionArray&>(values).storage(), untyped);
  const std::int64_t count = values.length();
  if (values.type_id() == arrow::Type::DICTIONARY) {
    const auto& coded = static_cast<const arrow::DictionaryArray&>(values);
    const arrow::Array& dictionary = *coded.dictionary();
    return append_values(dictionary, count, untyped, [&](std::int64_t i) {
      if (coded.IsNull(i)) return std::int64_t{-1};
      const std::int64_t at = coded.GetValueIndex(i);
      return dictionary.IsNull(at) ? -1 : at;
    });
  }
  if (values.null_count() == 0) return append_values(values, count, untyped, [](std::int64_t i) { return i; });
  append_values(values, count, untyped, [&](std::int64_t i) { return values.IsNull(i) ? -1 : i; });
}

Column ColumnBuilder::finish() && {
  column_.categories.assign(std::make_move_iterator(categories_.begin()), std::make_move_iterator(categories_.end()));
  return std::move(column_);
}

}  // namespace oddshot::data
