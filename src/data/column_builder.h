// One column of a table, built from the Arrow arrays that its files give.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "data/cell.h"
#include "oddshot/data/table.h"

namespace arrow {
class Array;
}

namespace oddshot::data {

// Not copyable: the index of categories views the categories.
class ColumnBuilder {
 public:
  enum class Wish : std::uint8_t {
    kInfer,     // numeric as long as every value is a number
    kNumeric,   // a value that is no number offends
    kCategory,  // numbers stay as they are spelt
  };
  // A value that cannot be.
  struct Offence {
    std::size_t row = 0;  // of the column
    std::string reason;   // "12,5" is not a number
  };

  ColumnBuilder(std::string name, Wish wish, const MissingSpellings& missing) : missing_(missing), wish_(wish) {
    column_.name = std::move(name);
    column_.kind = wish == Wish::kCategory ? ColumnKind::kCategory : ColumnKind::kNumeric;
  }
  ColumnBuilder(const ColumnBuilder&) = delete;
  ColumnBuilder& operator=(const ColumnBuilder&) = delete;

  // Takes the next values. untyped: text is a number if it looks like one; else text is text (unless a numeric column is wished for).
  void append(const arrow::Array& values, bool untyped);
  // As many missing values: of a file without the column.
  void append_missing(std::size_t count) { add_missing(count); }

  const std::string& name() const { return column_.name; }
  // Text came after numbers, whose spellings are gone: to be built anew as a category. Takes no values any more.
  bool late_text() const { return late_text_; }
  // What refuses the table. An infinite value of a column whose kind is inferred counts once all values are in, for text may yet follow.
  const std::optional<Offence>& offence() const { return offence_; }
  const std::optional<Offence>& infinite() const { return infinite_; }

  Column finish() &&;

 private:
  template <class Index>
  void append_values(const arrow::Array& values, std::int64_t count, bool untyped, const Index& index);
  template <class Index, class Text>
  void append_text(std::int64_t count, bool untyped, const Index& index, const Text& text);
  template <class Index, class Number, class Spell>
  void append_numbers(std::int64_t count, const Index& index, const Number& number, const Spell& spell);
  bool stays_numeric(std::string_view value);
  void add_category(std::string_view value);
  void add_missing(std::size_t count);
  void refuse(std::string_view value, CellKind kind);

  const MissingSpellings& missing_;
  Wish wish_;
  Column column_;
  std::size_t present_ = 0;
  bool late_text_ = false;
  std::optional<Offence> offence_;
  std::optional<Offence> infinite_;
  std::deque<std::string> categories_;
  std::unordered_map<std::string_view, std::int32_t> codes_;
  std::int32_t last_code_ = Column::kMissingCode;
};

}  // namespace oddshot::data
