#include "oddshot/data/preprocessor.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>
#include <optional>
#include <unordered_map>
#include <unordered_set>

#include <fmt/format.h>

#include "data/cell.h"
#include "kernels/kernels.h"
#include "oddshot/base/error.h"
#include "oddshot/base/text.h"

namespace oddshot {
namespace {

using data::in_quotes;

// t(x) of each value, in place.
void transform_in_place(NumericTransform transform, std::span<double> values) {
  static const kernels::Table<double>& kKernel = kernels::table<double>();  // looked up once
  if (transform == NumericTransform::kSignedLog) kKernel.signed_log(values.size(), values.data(), values.data());
}

struct Moments {
  std::size_t present = 0;
  double mean = 0;
  double deviation = 0;
};

// The sum of term(value), by eight sums side by side: one alone would wait for each addition.
template <class Term>
double sum_of(std::span<const double> values, const Term& term) {
  std::array<double, 8> sums{};
  std::size_t i = 0;
  for (; i + sums.size() <= values.size(); i += sums.size()) {
    for (std::size_t s = 0; s < sums.size(); ++s) sums[s] += term(values[i + s]);
  }
  for (; i < values.size(); ++i) sums[0] += term(values[i]);
  return std::accumulate(sums.begin(), sums.end(), 0.0);
}

// Two passes, so that a mean of 1e8 does not swallow the deviation. `scratch` keeps t(x) from the first to the second.
Moments moments(const Column& column, const Table& table, std::span<const std::uint32_t> rows, NumericTransform transform,
                std::vector<double>& scratch) {
  if (scratch.size() < rows.size()) scratch.resize(rows.size());
  std::size_t present = 0;
  bool finite = true;
  for (const std::uint32_t row : rows) {  // without branches: where values are missing is hard to predict
    const float value = column.numbers[row];
    scratch[present] = value;
    present += std::isnan(value) ? 0 : 1;
    finite = finite && !std::isinf(value);
  }
  if (!finite) {
    const auto row = *std::ranges::find_if(rows, [&](std::uint32_t r) { return std::isinf(column.numbers[r]); });
    throw NumericError(fmt::format("{}, column {}: {} is infinite", table.place(row), in_quotes(column.name), column.numbers[row]));
  }
  Moments m{present};
  if (present == 0) return m;
  const std::span<double> values = std::span(scratch).first(present);
  transform_in_place(transform, values);
  // The mean of equal values need not be that value when rounded.
  if (std::ranges::all_of(values, [&](double t) { return t == values.front(); })) {
    m.mean = values.front();
    return m;
  }
  const auto count = static_cast<double>(present);
  m.mean = sum_of(values, [](double t) { return t; }) / count;
  m.deviation = std::sqrt(sum_of(values, [&](double t) { return (t - m.mean) * (t - m.mean); }) / count);
  return m;
}

void check_rows(const Table& table, std::span<const std::uint32_t> rows) {
  const auto beyond = std::find_if(rows.begin(), rows.end(), [n = table.rows()](std::uint32_t row) { return row >= n; });
  if (beyond != rows.end()) throw ShapeError(fmt::format("row {} of a table of {} rows", *beyond, table.rows()));
}

void check_text(std::string_view text, std::string_view what) {
  if (!data::is_utf8(text)) throw ArgumentError(fmt::format("{} {} is not UTF-8", what, in_quotes(text)));
}

void check_options(const PreprocessorOptions& options) {
  if (options.max_categories == 0) throw ArgumentError("max_categories must be at least 1, not 0");
}

// A single odd value makes text of a whole numeric column: the usual reason for too many categories, so the message shows it.
[[noreturn]] void refuse_categories(const Column& column, std::size_t seen, std::size_t limit) {
  std::size_t numbers = 0;
  std::string_view text;
  for (const std::string& category : column.categories) {
    float value = 0;
    if (data::parse_number(category, value) == data::CellKind::kNumber) {
      ++numbers;
    } else if (text.empty()) {
      text = category;
    }
  }
  const bool nearly_numeric = numbers > column.categories.size() / 2 && !text.empty();
  throw ArgumentError(fmt::format("column {} has {} categories, {} are the limit: {}", in_quotes(column.name), seen, limit,
                                  nearly_numeric ? fmt::format("it would be numeric but for values such as {}", in_quotes(text))
                                                 : std::string("leave it out, or raise the limit")));
}

// Rows worked on at a time: a block of features stays in the cache while every column writes its part of it.
constexpr std::size_t kBlock = 128;

// A score beyond it (a tiny deviation, a huge value) would overflow float.
constexpr double kLargestScore = 1e30;

// Whether some of these rows lack a value.
bool misses_in(const Column& column, std::span<const std::uint32_t> rows) {
  const bool numeric = column.kind == ColumnKind::kNumeric;
  return std::any_of(rows.begin(), rows.end(), [&](std::uint32_t row) {
    return numeric ? std::isnan(column.numbers[row]) : column.codes[row] == Column::kMissingCode;
  });
}

// The codes that occur among these rows: [categories].
std::vector<bool> codes_in(const Column& column, std::span<const std::uint32_t> rows) {
  std::vector<bool> seen(column.categories.size());
  for (const std::uint32_t row : rows) {
    if (column.codes[row] != Column::kMissingCode) seen[static_cast<std::size_t>(column.codes[row])] = true;
  }
  return seen;
}

std::size_t count_of(const std::vector<bool>& flags) { return static_cast<std::size_t>(std::count(flags.begin(), flags.end(), true)); }

}  // namespace

Preprocessor Preprocessor::fit_columns(const Table& table, std::span<const std::string> feature_columns,
                                       std::span<const std::uint32_t> normals, std::span<const std::uint32_t> anomalies,
                                       const PreprocessorOptions& options) {
  check_options(options);
  if (normals.empty()) throw ArgumentError("no rows to fit a preprocessor on");
  check_rows(table, normals);
  check_rows(table, anomalies);

  Preprocessor fitted;
  fitted.options_ = options;
  std::vector<double> scratch;
  std::unordered_set<std::string_view> names;
  for (const std::string& name : feature_columns) {
    const Column& column = table.column(name);
    if (!names.insert(name).second) throw ArgumentError(fmt::format("feature column {} is named twice", in_quotes(name)));
    check_text(name, "the column name");
    if (column.kind == ColumnKind::kNumeric) {
      const Moments m = moments(column, table, normals, options.numeric, scratch);
      const bool misses = m.present < normals.size() || misses_in(column, anomalies);
      // The anomalies' values matter only where the normals have one value, or none.
      bool differs = m.deviation > 0;
      if (!differs) {
        const Moments other = moments(column, table, anomalies, options.numeric, scratch);
        const bool any = m.present > 0 || other.present > 0;
        differs = any && (misses || other.deviation > 0 || (other.present > 0 && other.mean != m.mean));
      }
      if (!differs) {
        fitted.dropped_.push_back(name);
        continue;
      }
      fitted.schema_.push_back({ColumnKind::kNumeric, static_cast<std::uint32_t>(fitted.numeric_.size())});
      fitted.numeric_.push_back({name, m.mean, m.deviation > 0 ? m.deviation : 1.0, misses});
      continue;
    }

    const bool misses = misses_in(column, normals) || misses_in(column, anomalies);
    const std::vector<bool> seen = codes_in(column, normals);
    std::vector<bool> anywhere = codes_in(column, anomalies);
    for (std::size_t code = 0; code < seen.size(); ++code) anywhere[code] = anywhere[code] || seen[code];
    if (count_of(anywhere) + (misses ? 1 : 0) < 2) {
      fitted.dropped_.push_back(name);
      continue;
    }
    if (count_of(seen) > options.max_categories) refuse_categories(column, count_of(seen), options.max_categories);
    CategoryColumn category{name, {}, misses};
    for (std::size_t code = 0; code < seen.size(); ++code) {
      if (!seen[code]) continue;
      check_text(column.categories[code], fmt::format("column {}: the category", in_quotes(name)));
      category.categories.push_back(column.categories[code]);
    }
    fitted.schema_.push_back({ColumnKind::kCategory, static_cast<std::uint32_t>(fitted.category_.size())});
    fitted.category_.push_back(std::move(category));
  }
  if (fitted.schema_.empty()) {
    throw ArgumentError(feature_columns.empty() ? std::string("no feature columns to fit a preprocessor on")
                                                : fmt::format("all {} feature columns are constant or empty in the {} rows fitted on",
                                                              feature_columns.size(), normals.size() + anomalies.size()));
  }
  fitted.name_features();
  return fitted;
}

namespace {

[[noreturn]] void refuse_missing_column(const Table& table, std::string_view name) {
  std::vector<std::string_view> names;
  for (const Column& column : table.columns) names.push_back(column.name);
  const auto near = nearest(name, names);
  throw FormatError(fmt::format("{}column {} is missing{}", table.sources.empty() ? "" : table.sources.front().path + ": ", in_quotes(name),
                                near ? fmt::format("; did you mean {}?", in_quotes(*near)) : ""));
}

// The column is of the wrong kind. Returns if it holds no value at all in these rows, else names the first that does not fit.
void check_no_values(const Table& table, const Column& column, std::span<const std::uint32_t> rows) {
  const auto refuse = [&](std::uint32_t row, const std::string& reason) {
    throw FormatError(fmt::format("{}, column {}: {}", table.place(row), in_quotes(column.name), reason));
  };
  if (column.kind == ColumnKind::kNumeric) {
    for (const std::uint32_t row : rows) {
      if (!std::isnan(column.numbers[row]))
        refuse(row, fmt::format("the number {} where a category is expected; read it as a category", column.numbers[row]));
    }
    return;
  }
  std::optional<std::uint32_t> number;
  for (const std::uint32_t row : rows) {
    const std::int32_t code = column.codes[row];
    if (code == Column::kMissingCode) continue;
    const std::string& value = column.categories[static_cast<std::size_t>(code)];
    float parsed = 0;
    if (data::parse_number(value, parsed) != data::CellKind::kNumber) refuse(row, in_quotes(value) + " is not a number");
    if (!number) number = row;
  }
  if (number) {
    const std::string& value = column.categories[static_cast<std::size_t>(column.codes[*number])];
    refuse(*number, fmt::format("the category {} where a number is expected; read it as numeric", in_quotes(value)));
  }
}

}  // namespace

Matrix Preprocessor::transform_columns(const Table& table, std::span<const std::uint32_t> rows, TransformReport* report) const {
  check_rows(table, rows);
  // Where each schema column is found, and what its codes mean here. A null source: no value in any row.
  struct Source {
    const Column* column = nullptr;
    std::vector<std::uint32_t> features;  // category: code -> feature within the column; the "unseen" one for others
    std::size_t unseen = 0;
    std::size_t missing = 0;
  };
  std::vector<Source> sources(schema_.size());
  for (std::size_t s = 0; s < schema_.size(); ++s) {
    const auto found = table.find(name_of(schema_[s]));
    if (!found) refuse_missing_column(table, name_of(schema_[s]));
    const Column& column = table.columns[*found];
    if (column.kind != schema_[s].kind) {
      check_no_values(table, column, rows);
      continue;
    }
    sources[s].column = &column;
    if (column.kind == ColumnKind::kNumeric) continue;
    const std::vector<std::string>& categories = category_[schema_[s].index].categories;
    std::unordered_map<std::string_view, std::uint32_t> features;
    for (const std::string& category : categories) features.emplace(category, static_cast<std::uint32_t>(features.size()));
    for (const std::string& category : column.categories) {
      const auto known = features.find(category);
      sources[s].features.push_back(known != features.end() ? known->second : static_cast<std::uint32_t>(categories.size()));
    }
  }

  Matrix out(rows.size(), width());
  std::array<double, kBlock> block{};
  std::array<float, kBlock> scores{};
  for (std::size_t first = 0; first < rows.size(); first += kBlock) {
    const std::size_t count = std::min(rows.size() - first, kBlock);
    const std::size_t last = first + count;
    std::size_t feature = 0;
    for (std::size_t s = 0; s < schema_.size(); ++s) {
      Source& source = sources[s];
      if (schema_[s].kind == ColumnKind::kNumeric) {
        const NumericColumn& fitted = numeric_[schema_[s].index];
        for (std::size_t i = 0; i < count; ++i) {
          block[i] = source.column == nullptr ? std::numeric_limits<double>::quiet_NaN() : source.column->numbers[rows[first + i]];
        }
        transform_in_place(options_.numeric, std::span(block).first(count));
        for (std::size_t i = 0; i < count; ++i) {
          const double z = (block[i] - fitted.mean) / fitted.deviation;
          scores[i] = static_cast<float>(std::clamp(z, -kLargestScore, kLargestScore));
        }
        const auto missing =
            static_cast<std::size_t>(std::ranges::count_if(std::span(scores).first(count), [](float z) { return std::isnan(z); }));
        for (std::size_t i = 0; i < count; ++i) out(first + i, feature) = scores[i];
        for (std::size_t i = 0; missing > 0 && i < count; ++i) {
          if (!std::isnan(scores[i])) continue;
          out(first + i, feature) = 0.0F;
          if (fitted.missing_feature) out(first + i, feature + 1) = 1.0F;
        }
        source.missing += missing;
        feature += fitted.missing_feature ? 2 : 1;
        continue;
      }
      const CategoryColumn& fitted = category_[schema_[s].index];
      const std::size_t unseen = fitted.categories.size();
      for (std::size_t i = first; i < last; ++i) {
        const std::int32_t code = source.column == nullptr ? Column::kMissingCode : source.column->codes[rows[i]];
        if (code == Column::kMissingCode) {
          ++source.missing;
          if (fitted.missing_feature) out(i, feature + unseen + 1) = 1.0F;
          continue;
        }
        const std::size_t within = source.features[static_cast<std::size_t>(code)];
        source.unseen += within == unseen ? 1 : 0;
        out(i, feature + within) = 1.0F;
      }
      feature += unseen + (fitted.missing_feature ? 2 : 1);
    }
  }

  if (report == nullptr) return out;
  *report = {};
  std::unordered_set<std::string_view> known(dropped_.begin(), dropped_.end());
  for (std::size_t s = 0; s < schema_.size(); ++s) {
    const std::string name(name_of(schema_[s]));
    const bool missed =
        schema_[s].kind == ColumnKind::kNumeric ? numeric_[schema_[s].index].missing_feature : category_[schema_[s].index].missing_feature;
    if (sources[s].unseen > 0) report->unseen_categories.push_back({name, sources[s].unseen});
    if (sources[s].missing > 0 && !missed) report->unexpected_missing.push_back({name, sources[s].missing});
    known.insert(name_of(schema_[s]));
  }
  for (const Column& column : table.columns) {
    if (!known.contains(column.name)) report->extra_columns.push_back(column.name);
  }
  return out;
}

std::vector<float> Preprocessor::transform_feature(const Table& table, std::span<const std::uint32_t> rows, std::size_t feature) const {
  if (feature >= width()) throw ArgumentError(fmt::format("feature {} of {}", feature, width()));
  std::vector<float> out(rows.size());
  const auto take = [&](const Matrix& features, std::size_t column) {
    for (std::size_t r = 0; r < out.size(); ++r) out[r] = features(r, column);
    return std::move(out);
  };
  if (!options_.windows.empty()) return take(transform(table, rows), feature);
  const SchemaColumn& column = schema_[feature_sources_[feature]];
  Preprocessor one;  // of that column alone
  one.options_.numeric = options_.numeric;
  one.schema_.push_back({column.kind, 0});
  if (column.kind == ColumnKind::kNumeric) {
    one.numeric_.push_back(numeric_[column.index]);
  } else {
    one.category_.push_back(category_[column.index]);
  }
  one.name_features();
  const auto first = std::ranges::find(feature_sources_, feature_sources_[feature]) - feature_sources_.begin();
  return take(one.transform_columns(table, rows, nullptr), feature - static_cast<std::size_t>(first));
}

std::string_view Preprocessor::name_of(const SchemaColumn& column) const {
  return column.kind == ColumnKind::kNumeric ? numeric_[column.index].name : category_[column.index].name;
}

// The features and their sources follow from the schema.
void Preprocessor::name_features() {
  for (std::uint32_t s = 0; s < schema_.size(); ++s) {
    const std::string name(name_of(schema_[s]));
    bool missing = false;
    if (schema_[s].kind == ColumnKind::kNumeric) {
      feature_names_.push_back(name);
      missing = numeric_[schema_[s].index].missing_feature;
    } else {
      const CategoryColumn& column = category_[schema_[s].index];
      for (const std::string& category : column.categories) feature_names_.push_back(name + "=" + category);
      feature_names_.push_back(name + "=(unseen)");
      missing = column.missing_feature;
    }
    if (missing) feature_names_.push_back(name + " is missing");
    feature_sources_.resize(feature_names_.size(), s);
  }
}

std::size_t Preprocessor::width() const { return feature_names_.size(); }

const std::vector<std::string>& Preprocessor::feature_names() const { return feature_names_; }

std::vector<FeatureKind> Preprocessor::feature_kinds() const {
  std::vector<FeatureKind> kinds;
  for (const SchemaColumn& column : schema_) {
    const bool numeric = column.kind == ColumnKind::kNumeric;
    if (numeric) kinds.push_back(FeatureKind::kNumeric);
    const std::size_t categories = numeric ? 0 : category_[column.index].categories.size() + 1;
    const bool missing = numeric ? numeric_[column.index].missing_feature : category_[column.index].missing_feature;
    kinds.resize(kinds.size() + categories + (missing ? 1 : 0), FeatureKind::kIndicator);
  }
  return kinds;
}

const std::vector<std::uint32_t>& Preprocessor::feature_sources() const { return feature_sources_; }

const std::vector<std::string>& Preprocessor::dropped() const { return dropped_; }

}  // namespace oddshot
