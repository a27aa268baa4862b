#include "data/arrow_values.h"

#include <arrow/array/array_base.h>
#include <arrow/array/array_binary.h>
#include <arrow/array/array_decimal.h>
#include <arrow/array/array_dict.h>
#include <arrow/array/array_primitive.h>
#include <arrow/extension_type.h>
#include <arrow/type.h>
#include <arrow/util/decimal.h>
#include <arrow/util/float16.h>

namespace oddshot::data {
namespace {

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

template <class Index>
void append_values(ColumnBuilder& builder, const arrow::Array& values, std::int64_t count, bool untyped, const Index& index) {
  const auto numbers = [&](const auto& array) {
    builder.append_numbers(
        count, index, [&](std::int64_t i) { return static_cast<double>(array.Value(i)); },
        [&](std::int64_t i, Spelling& out) { return spell_number(array.Value(i), out); });
  };
  const auto seconds = [&](const auto& array, std::int64_t per) {
    const auto number = [&array, per](std::int64_t i) { return static_cast<double>(array.Value(i)) / static_cast<double>(per); };
    builder.append_numbers(count, index, number, [&](std::int64_t i, Spelling& out) { return spell_number(number(i), out); });
  };
  // A date or timestamp keeps its full precision as text; a float of seconds since 1970 would be coarser than two minutes.
  const auto moments = [&](const auto& number, const auto& spell) {
    if (builder.wish() == ColumnBuilder::Wish::kNumeric) {
      builder.append_numbers(count, index, number, spell);
    } else {
      Spelling buffer{};
      builder.append_text(count, false, index, [&](std::int64_t i) { return spell(i, buffer); });
    }
  };
  const auto decimals = [&](const auto& array, auto zero) {
    using Decimal = decltype(zero);
    const std::int32_t scale = static_cast<const arrow::DecimalType&>(*array.type()).scale();
    builder.append_numbers(
        count, index, [&](std::int64_t i) { return Decimal(array.GetValue(i)).ToDouble(scale); },
        [&](std::int64_t i, Spelling& out) {
          const std::string text = array.FormatValue(i);
          return std::string_view(out.data(), text.copy(out.data(), out.size()));
        });
  };
  const auto text = [&](const auto& array) {
    builder.append_text(count, untyped, index, [&](std::int64_t i) { return array.GetView(i); });
  };

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
      return builder.append_numbers(count, index, number, [&](std::int64_t i, Spelling& out) { return spell_number(number(i), out); });
    }
    case arrow::Type::BOOL: {
      const auto& array = static_cast<const arrow::BooleanArray&>(values);
      return builder.append_numbers(
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
      builder.append_missing(static_cast<std::size_t>(count));
  }
}

}  // namespace

void append(ColumnBuilder& builder, const arrow::Array& values, bool untyped) {
  if (builder.late_text() || builder.offence()) return;
  if (values.type_id() == arrow::Type::EXTENSION)
    return append(builder, *static_cast<const arrow::ExtensionArray&>(values).storage(), untyped);
  const std::int64_t count = values.length();
  if (values.type_id() == arrow::Type::DICTIONARY) {
    const auto& coded = static_cast<const arrow::DictionaryArray&>(values);
    const arrow::Array& dictionary = *coded.dictionary();
    return append_values(builder, dictionary, count, untyped, [&](std::int64_t i) {
      if (coded.IsNull(i)) return std::int64_t{-1};
      const std::int64_t at = coded.GetValueIndex(i);
      return dictionary.IsNull(at) ? -1 : at;
    });
  }
  if (values.null_count() == 0) return append_values(builder, values, count, untyped, [](std::int64_t i) { return i; });
  append_values(builder, values, count, untyped, [&](std::int64_t i) { return values.IsNull(i) ? -1 : i; });
}

}  // namespace oddshot::data
