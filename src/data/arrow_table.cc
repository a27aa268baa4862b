#include "oddshot/data/arrow_table.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstring>
#include <limits>
#include <memory>
#include <optional>
#include <set>
#include <string_view>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include "data/cell.h"
#include "data/column_builder.h"
#include "data/spelling.h"
#include "oddshot/base/error.h"

namespace oddshot {
namespace {

using data::ColumnBuilder;
using data::in_quotes;
using data::Spelling;

// Released at the end of its life, as the interface asks of whoever is handed one.
template <class T>
class Owned {
 public:
  Owned() = default;
  explicit Owned(T& from) : value_(from) { from.release = nullptr; }
  ~Owned() { reset(); }
  Owned(const Owned&) = delete;
  Owned& operator=(const Owned&) = delete;
  T* operator->() { return &value_; }
  T& get() { return value_; }
  void reset() {
    if (value_.release != nullptr) value_.release(&value_);
    value_.release = nullptr;
  }

 private:
  T value_{};
};

enum class Kind : std::uint8_t {
  kNull,
  kBool,
  kInt8,
  kUint8,
  kInt16,
  kUint16,
  kInt32,
  kUint32,
  kInt64,
  kUint64,
  kHalf,
  kFloat,
  kDouble,
  kDecimal,
  kText,
  kLargeText,
  kTextView,
  kDate,       // days, int32
  kDateMs,     // milliseconds, int64
  kTimestamp,  // ticks, int64
  kTime,       // ticks of a day, int32 or int64
  kDuration,   // ticks, int64
};

struct Type {
  Kind kind = Kind::kNull;
  std::int64_t per_second = 1;  // ticks, of times
  bool utc = false;             // of timestamps
  bool wide = true;             // of times of day: int64
  int scale = 0, bytes = 0;     // of decimals
};

std::int64_t ticks_of(char unit) { return unit == 's' ? 1 : unit == 'm' ? 1'000 : unit == 'u' ? 1'000'000 : 1'000'000'000; }

// "d:19,2" or "d:9,2,32".
std::optional<Type> decimal_of(std::string_view format) {
  Type type{.kind = Kind::kDecimal, .bytes = 16};
  std::array<int, 3> numbers = {0, 0, 128};  // digits, scale, bits
  std::size_t count = 0;
  const char* const end = format.data() + format.size();
  for (const char* at = format.data() + 2;; ++at) {
    if (count == numbers.size()) return std::nullopt;
    const auto [next, error] = std::from_chars(at, end, numbers[count++]);
    if (error != std::errc{}) return std::nullopt;
    at = next;
    if (at == end) break;
    if (*at != ',') return std::nullopt;
  }
  const auto [digits, scale, bits] = numbers;
  if (count < 2 || (bits != 32 && bits != 64 && bits != 128)) return std::nullopt;
  type.scale = scale;
  type.bytes = bits / 8;
  return type;
}

// Nothing for a type that a table does not hold.
std::optional<Type> type_of(std::string_view format) {
  constexpr std::pair<std::string_view, Kind> kPlain[] = {
      {"n", Kind::kNull},      {"b", Kind::kBool},   {"c", Kind::kInt8},    {"C", Kind::kUint8}, {"s", Kind::kInt16},
      {"S", Kind::kUint16},    {"i", Kind::kInt32},  {"I", Kind::kUint32},  {"l", Kind::kInt64}, {"L", Kind::kUint64},
      {"e", Kind::kHalf},      {"f", Kind::kFloat},  {"g", Kind::kDouble},  {"u", Kind::kText},  {"U", Kind::kLargeText},
      {"vu", Kind::kTextView}, {"tdD", Kind::kDate}, {"tdm", Kind::kDateMs}};
  for (const auto& [name, kind] : kPlain) {
    if (format == name) return Type{.kind = kind};
  }
  if (format.size() >= 4 && format.starts_with("ts") && format[3] == ':') {
    return Type{.kind = Kind::kTimestamp, .per_second = ticks_of(format[2]), .utc = format.size() > 4};
  }
  if (format.size() == 3 && format.starts_with("tt")) {
    return Type{.kind = Kind::kTime, .per_second = ticks_of(format[2]), .wide = format[2] == 'u' || format[2] == 'n'};
  }
  if (format.size() == 3 && format.starts_with("tD")) return Type{.kind = Kind::kDuration, .per_second = ticks_of(format[2])};
  if (format.starts_with("d:")) return decimal_of(format);
  return std::nullopt;
}

bool bit(const void* bits, std::int64_t i) { return ((static_cast<const std::uint8_t*>(bits)[i / 8] >> (i % 8)) & 1U) != 0; }

template <class T>
const T* values(const ArrowArray& array, std::int64_t buffer = 1) {
  return static_cast<const T*>(array.buffers[buffer]);
}

float half(std::uint16_t bits) {
  const int exponent = (bits >> 10U) & 31U;
  const int fraction = bits & 1023U;
  const float sign = (bits & 0x8000U) != 0 ? -1.0F : 1.0F;
  if (exponent == 31) return fraction != 0 ? std::numeric_limits<float>::quiet_NaN() : sign * std::numeric_limits<float>::infinity();
  return sign *
         (exponent == 0 ? std::ldexp(static_cast<float>(fraction), -24) : std::ldexp(static_cast<float>(fraction + 1024), exponent - 25));
}

__extension__ using Wide = __int128;

Wide decimal_at(const ArrowArray& array, int bytes, std::int64_t at) {
  if (bytes == 4) return values<std::int32_t>(array)[at];
  if (bytes == 8) return values<std::int64_t>(array)[at];
  Wide value = 0;
  std::memcpy(&value, values<char>(array) + 16 * at, sizeof value);
  return value;
}

std::string_view spell_decimal(Wide value, int scale, Spelling& out) {
  std::string digits;
  const bool negative = value < 0;
  for (; value != 0; value /= 10)
    digits.insert(digits.begin(), static_cast<char>('0' + static_cast<int>(negative ? -(value % 10) : value % 10)));
  if (scale > 0) {
    if (digits.size() <= static_cast<std::size_t>(scale)) digits.insert(0, static_cast<std::size_t>(scale) + 1 - digits.size(), '0');
    digits.insert(digits.size() - static_cast<std::size_t>(scale), ".");
  }
  if (digits.empty()) digits = "0";
  if (negative) digits.insert(digits.begin(), '-');
  return {out.data(), digits.copy(out.data(), out.size())};
}

std::string_view text_view_at(const ArrowArray& array, std::int64_t at) {
  const char* view = values<char>(array) + 16 * at;
  std::int32_t length = 0, buffer = 0, offset = 0;
  std::memcpy(&length, view, 4);
  if (length <= 12) return {view + 4, static_cast<std::size_t>(length)};
  std::memcpy(&buffer, view + 8, 4);
  std::memcpy(&offset, view + 12, 4);
  return {values<char>(array, 2 + buffer) + offset, static_cast<std::size_t>(length)};
}

// The values of `array` at index(0), index(1), ..., which count from the start of its buffers.
template <class Index>
void append_values(ColumnBuilder& builder, const Type& type, const ArrowArray& array, std::int64_t count, const Index& index) {
  const auto numbers = [&]<class T>(const T* from) {
    builder.append_numbers(
        count, index, [from](std::int64_t i) { return static_cast<double>(from[i]); },
        [from](std::int64_t i, Spelling& out) { return data::spell_number(from[i], out); });
  };
  const auto computed = [&](const auto& number) {
    builder.append_numbers(count, index, number, [&](std::int64_t i, Spelling& out) { return data::spell_number(number(i), out); });
  };
  const auto seconds = [&](const auto* from) {
    computed([from, per = static_cast<double>(type.per_second)](std::int64_t i) { return static_cast<double>(from[i]) / per; });
  };
  const auto moments = [&](const auto& number, const auto& spell) {
    if (builder.wish() == ColumnBuilder::Wish::kNumeric) return builder.append_numbers(count, index, number, spell);
    Spelling room{};
    builder.append_text(count, false, index, [&](std::int64_t i) { return spell(i, room); });
  };
  const auto text = [&](const auto* offsets) {
    const char* characters = values<char>(array, 2);
    builder.append_text(count, false, index, [=](std::int64_t i) {
      return std::string_view(characters + offsets[i], static_cast<std::size_t>(offsets[i + 1] - offsets[i]));
    });
  };

  switch (type.kind) {
    case Kind::kNull:
      return builder.append_missing(static_cast<std::size_t>(count));
    case Kind::kBool:
      return builder.append_numbers(
          count, index, [&](std::int64_t i) { return bit(array.buffers[1], i) ? 1.0F : 0.0F; },
          [&](std::int64_t i, Spelling& /*out*/) { return std::string_view(bit(array.buffers[1], i) ? "true" : "false"); });
    case Kind::kInt8:
      return numbers(values<std::int8_t>(array));
    case Kind::kUint8:
      return numbers(values<std::uint8_t>(array));
    case Kind::kInt16:
      return numbers(values<std::int16_t>(array));
    case Kind::kUint16:
      return numbers(values<std::uint16_t>(array));
    case Kind::kInt32:
      return numbers(values<std::int32_t>(array));
    case Kind::kUint32:
      return numbers(values<std::uint32_t>(array));
    case Kind::kInt64:
      return numbers(values<std::int64_t>(array));
    case Kind::kUint64:
      return numbers(values<std::uint64_t>(array));
    case Kind::kHalf:
      return computed([&](std::int64_t i) { return half(values<std::uint16_t>(array)[i]); });
    case Kind::kFloat:
      return numbers(values<float>(array));
    case Kind::kDouble:
      return numbers(values<double>(array));
    case Kind::kDecimal:
      return builder.append_numbers(
          count, index, [&](std::int64_t i) { return static_cast<double>(decimal_at(array, type.bytes, i)) / std::pow(10.0, type.scale); },
          [&](std::int64_t i, Spelling& out) { return spell_decimal(decimal_at(array, type.bytes, i), type.scale, out); });
    case Kind::kText:
      return text(values<std::int32_t>(array));
    case Kind::kLargeText:
      return text(values<std::int64_t>(array));
    case Kind::kTextView:
      return builder.append_text(count, false, index, [&](std::int64_t i) { return text_view_at(array, i); });
    case Kind::kDate:
      return moments([&](std::int64_t i) { return 86'400.0 * values<std::int32_t>(array)[i]; },
                     [&](std::int64_t i, Spelling& out) { return data::spell_date(values<std::int32_t>(array)[i], out); });
    case Kind::kDateMs:
      return moments([&](std::int64_t i) { return static_cast<double>(values<std::int64_t>(array)[i]) / 1000; },
                     [&](std::int64_t i, Spelling& out) {
                       return data::spell_date(data::floor_divide(values<std::int64_t>(array)[i], 86'400'000), out);
                     });
    case Kind::kTimestamp:
      return moments(
          [&](std::int64_t i) { return static_cast<double>(values<std::int64_t>(array)[i]) / static_cast<double>(type.per_second); },
          [&](std::int64_t i, Spelling& out) {
            return data::spell_timestamp(values<std::int64_t>(array)[i], type.per_second, type.utc, out);
          });
    case Kind::kTime:
      return type.wide ? seconds(values<std::int64_t>(array)) : seconds(values<std::int32_t>(array));
    case Kind::kDuration:
      return seconds(values<std::int64_t>(array));
  }
}

// A column of the stream.
struct Source {
  std::unique_ptr<ColumnBuilder> builder;
  Type type;
  std::optional<Type> codes;  // of a column of codes: their type; `type` is then that of the words
};

bool is_null(const ArrowArray& array, std::int64_t at) {
  return array.n_buffers > 0 && array.buffers[0] != nullptr && array.null_count != 0 && !bit(array.buffers[0], at);
}

std::int64_t code_at(const ArrowArray& array, Kind kind, std::int64_t at) {
  switch (kind) {
    case Kind::kInt8:
      return values<std::int8_t>(array)[at];
    case Kind::kUint8:
      return values<std::uint8_t>(array)[at];
    case Kind::kInt16:
      return values<std::int16_t>(array)[at];
    case Kind::kUint16:
      return values<std::uint16_t>(array)[at];
    case Kind::kInt32:
      return values<std::int32_t>(array)[at];
    case Kind::kUint32:
      return values<std::uint32_t>(array)[at];
    default:
      return values<std::int64_t>(array)[at];
  }
}

void append(Source& source, const ArrowArray& array, std::int64_t first, std::int64_t count) {
  const std::int64_t start = first + array.offset;
  if (!source.codes) {
    append_values(*source.builder, source.type, array, count, [&](std::int64_t i) { return is_null(array, start + i) ? -1 : start + i; });
    return;
  }
  const ArrowArray& words = *array.dictionary;
  append_values(*source.builder, source.type, words, count, [&](std::int64_t i) {
    if (is_null(array, start + i)) return std::int64_t{-1};
    const std::int64_t code = code_at(array, source.codes->kind, start + i);
    if (code < 0 || code >= words.length) return std::int64_t{-1};
    return is_null(words, words.offset + code) ? -1 : words.offset + code;
  });
}

class Import {
 public:
  Import(const ArrowSchema& schema, const ArrowOptions& options) : options_(options), missing_(options.missing) {
    if (schema.format == nullptr || std::string_view(schema.format) != "+s") {
      throw FormatError(fmt::format("{}: a table of named columns is needed, and this is of type {}", options.name,
                                    schema.format == nullptr ? "(none)" : schema.format));
    }
    std::set<std::string> seen;
    for (std::int64_t c = 0; c < schema.n_children; ++c) add(*schema.children[c], seen);
  }

  void take(const ArrowArray& batch) {
    if (batch.n_children != static_cast<std::int64_t>(columns_.size()) || batch.length < 0) {
      throw FormatError(fmt::format("{}: a batch of {} columns where the schema has {}", options_.name, batch.n_children, columns_.size()));
    }
    for (std::size_t c = 0; c < columns_.size(); ++c) {
      const ArrowArray& array = *batch.children[c];
      if (array.length < batch.offset + batch.length || (columns_[c].codes && array.dictionary == nullptr)) {
        throw FormatError(fmt::format("{}, column {}: damaged batch", options_.name, in_quotes(columns_[c].builder->name())));
      }
      append(columns_[c], array, batch.offset, batch.length);
      if (columns_[c].builder->offence()) refuse(columns_[c], *columns_[c].builder->offence());
    }
  }

  Table finish() && {
    Table table;
    for (Source& source : columns_) {
      if (source.builder->infinite()) refuse(source, *source.builder->infinite());
      table.columns.push_back(std::move(*source.builder).finish());
    }
    return table;
  }

 private:
  void add(const ArrowSchema& schema, std::set<std::string>& seen) {
    const std::string name(data::trimmed(schema.name == nullptr ? "" : schema.name));
    if (name.empty()) throw FormatError(fmt::format("{}: column {} has no name", options_.name, columns_.size() + 1));
    if (!seen.insert(name).second) throw FormatError(fmt::format("{}: two columns are called {}", options_.name, in_quotes(name)));
    const ArrowSchema& held = schema.dictionary != nullptr ? *schema.dictionary : schema;
    const std::optional<Type> type = type_of(held.format);
    if (!type) {
      throw FormatError(fmt::format("{}, column {}: values of type {} are neither numbers nor text; leave the column out", options_.name,
                                    in_quotes(name), held.format));
    }
    std::optional<Type> codes;
    if (schema.dictionary != nullptr) codes = type_of(schema.format);
    columns_.push_back({std::make_unique<ColumnBuilder>(name, wish_of(name), missing_), *type, codes});
  }

  ColumnBuilder::Wish wish_of(const std::string& name) const {
    const auto holds = [&](const std::vector<std::string>& list) { return std::find(list.begin(), list.end(), name) != list.end(); };
    return holds(options_.numeric)    ? ColumnBuilder::Wish::kNumeric
           : holds(options_.category) ? ColumnBuilder::Wish::kCategory
                                      : ColumnBuilder::Wish::kInfer;
  }

  [[noreturn]] void refuse(const Source& source, const ColumnBuilder::Offence& offence) const {
    throw FormatError(
        fmt::format("{}, row {}, column {}: {}", options_.name, offence.row, in_quotes(source.builder->name()), offence.reason));
  }

  const ArrowOptions& options_;
  data::MissingSpellings missing_;
  std::vector<Source> columns_;
};

}  // namespace

Table table_from_arrow(ArrowArrayStream& from, const ArrowOptions& options) {
  Owned<ArrowArrayStream> stream(from);
  const auto check = [&](int status) {
    if (status == 0) return;
    const char* why = stream->get_last_error(&stream.get());
    throw FormatError(fmt::format("{}: its producer says: {}", options.name, why != nullptr ? why : std::strerror(status)));
  };
  Owned<ArrowSchema> schema;
  check(stream->get_schema(&stream.get(), &schema.get()));
  Import import(schema.get(), options);
  while (true) {
    Owned<ArrowArray> batch;
    check(stream->get_next(&stream.get(), &batch.get()));
    if (batch->release == nullptr) break;
    import.take(batch.get());
  }
  return std::move(import).finish();
}

Table table_from_arrow(ArrowSchema& schema, ArrowArray& batch, const ArrowOptions& options) {
  Owned<ArrowSchema> owned_schema(schema);
  Owned<ArrowArray> owned_batch(batch);
  Import import(owned_schema.get(), options);
  import.take(owned_batch.get());
  return std::move(import).finish();
}

}  // namespace oddshot
