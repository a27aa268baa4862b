// One column of a table, built from values as they come: of files or of arrays in memory.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "data/cell.h"
#include "data/spelling.h"
#include "oddshot/data/table.h"

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

  // Takes the next `count` values, i = 0, 1, ... of them. index(i): where value i is, or below 0 if it is missing. text(at): it, as
  // std::string_view. untyped: text is a number if it looks like one; else text is text (unless a numeric column is wished for).
  template <class Index, class Text>
  void append_text(std::int64_t count, bool untyped, const Index& index, const Text& text);
  // number(at): a float or double, NaN if it is missing; spell(at, room): as it is spelt where the column is a category.
  template <class Index, class Number, class Spell>
  void append_numbers(std::int64_t count, const Index& index, const Number& number, const Spell& spell);
  // Makes room for so many values in all; for half as many again at least, so that file after file does not copy the column each time.
  void reserve(std::size_t values);
  // As many missing values.
  void append_missing(std::size_t count) { add_missing(count); }

  const std::string& name() const { return column_.name; }
  std::size_t size() const { return column_.kind == ColumnKind::kNumeric ? column_.numbers.size() : column_.codes.size(); }
  Wish wish() const { return wish_; }
  // Text came after numbers, whose spellings are gone: to be built anew as a category. Takes no values any more.
  bool late_text() const { return late_text_; }
  // What refuses the table. An infinite value of a column whose kind is inferred counts once all values are in, for text may yet follow.
  const std::optional<Offence>& offence() const { return offence_; }
  const std::optional<Offence>& infinite() const { return infinite_; }

  Column finish() &&;

 private:
  static constexpr float kMissing = std::numeric_limits<float>::quiet_NaN();

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

template <class Index, class Text>
void ColumnBuilder::append_text(std::int64_t count, bool untyped, const Index& index, const Text& text) {
  const std::size_t start = column_.numbers.size();
  const std::size_t present = present_;
  std::int64_t i = 0;
  reserve(size() + static_cast<std::size_t>(count));
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

}  // namespace oddshot::data
