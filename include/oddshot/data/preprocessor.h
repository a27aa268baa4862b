// The fitted map from a table's columns to a row of features: signed-log z-scores with categories one-hot. The views are made of them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "oddshot/base/matrix.h"
#include "oddshot/data/table.h"
#include "oddshot/data/windows.h"

namespace oddshot {

enum class NumericTransform : std::uint8_t {
  kSignedLog,  // sign(x) log(1 + |x|), for counts, amounts and durations that span decades
  kIdentity,   // x
};

enum class FeatureKind : std::uint8_t {
  kNumeric,    // a score of a numeric column
  kIndicator,  // 0 or 1: of a category, or "is missing"
};

struct PreprocessorOptions {
  NumericTransform numeric = NumericTransform::kSignedLog;
  // Fitting refuses a category column with more categories than this (an identifier, most likely), for each becomes a feature; >= 1.
  std::size_t max_categories = 4096;
  WindowOptions windows = {};  // numeric features of the last rows of a run, fitted and transformed like columns of the table; empty: none
};

// What transforming met that fitting had not: counts to report, not errors. Columns in the order of the schema, those without a count left
// out.
struct TransformReport {
  struct Count {
    std::string column;
    std::size_t rows = 0;
  };
  std::vector<Count> unseen_categories;    // rows with a category not seen in fitting
  std::vector<Count> unexpected_missing;   // rows with a value missing in a column that never missed one in fitting
  std::vector<std::string> extra_columns;  // columns neither in the schema nor dropped in fitting; they are left out
};

// A numeric column becomes (t(x) - mean) / deviation, not clipped (that is the views' part), and, if it missed values in fitting, a second
// feature that is 1 where the value is missing. A category column of C categories seen in fitting becomes C + 1 features, the last for
// "unseen" (and one more for "missing" if that was seen). A missing value takes the mean (0); a missing category is 0 in all features of
// the column but "missing".
//   t(x)  signed log by default     mean, deviation  of t(x) over the present values of the normals, in double, two passes, divided by
//                                                    their number; a deviation of 0 is taken as 1, in units of t(x)
// A column that has one value among the normals says the more where an anomaly has another. So only those are dropped (and listed by
// dropped()) that have one value, or none, among normals and training anomalies together. Missing is a value here.
// A value; const methods may be called concurrently.
class Preprocessor {
 public:
  // Fits on `normals`, rows of the table, feature columns only. `anomalies`, the training ones, may be empty; they decide with the normals
  // which columns are dropped and which may miss values, and nothing else. Throws ArgumentError if there are no normals, an option is out
  // of range, a feature column is unknown, named twice, not UTF-8 or has too many categories, or nothing is left but constants; ShapeError
  // if the table has fewer rows; NumericError for an infinite value.
  static Preprocessor fit(const Table& table, std::span<const std::string> feature_columns, std::span<const std::uint32_t> normals,
                          std::span<const std::uint32_t> anomalies = {}, const PreprocessorOptions& options = {});

  // [rows.size() x width()] features, finite. Throws FormatError naming the first column of the schema that the table lacks or that is of
  // another kind (with the first offending value; a column without any value is of either kind), ShapeError if the table has fewer rows.
  // `report` may be null; what it held is replaced.   O(rows * (width + columns)), allocates the result and a few words a category.
  Matrix transform(const Table& table, std::span<const std::uint32_t> rows, TransformReport* report = nullptr) const;

  // [rows.size()] one column of these features, to the same bits. Throws ArgumentError if there is none, and what transform() does. O(rows
  // * the features of its column); without windows nothing else is made.
  std::vector<float> transform_feature(const Table& table, std::span<const std::uint32_t> rows, std::size_t feature) const;

  std::size_t width() const;
  // One name a feature: "duration", "service=http", "service=(unseen)", "age is missing".
  const std::vector<std::string>& feature_names() const;
  std::vector<FeatureKind> feature_kinds() const;  // [width()]
  // Which of schema_columns() a feature comes from: [width()].
  const std::vector<std::uint32_t>& feature_sources() const;
  // The input columns it needs, in order: those not dropped; with windows also the group and the time, last.
  std::vector<std::string> schema_columns() const;
  const std::vector<std::string>& dropped() const;
  // The schema's columns of one kind: as ReadOptions::numeric and ::category, so that a file to score is read the way it was fitted.
  std::vector<std::string> numeric_columns() const;
  std::vector<std::string> category_columns() const;

  const WindowOptions& windows() const { return options_.windows; }
  // What windows need of a table besides numeric_columns() and category_columns(): group and time. Empty without windows.
  std::vector<std::string> window_columns() const;

  // Exact round trip: from_json(p.to_json()) transforms to the same bits. from_json throws FormatError for anything that is not such a
  // text.
  std::string to_json() const;
  static Preprocessor from_json(std::string_view json);

 private:
  struct NumericColumn {
    std::string name;
    double mean = 0;       // of t(x)
    double deviation = 1;  // of t(x), > 0
    bool missing_feature = false;
  };
  struct CategoryColumn {
    std::string name;
    std::vector<std::string> categories;
    bool missing_feature = false;
  };
  struct SchemaColumn {
    ColumnKind kind = ColumnKind::kNumeric;
    std::uint32_t index = 0;  // into numeric_ or category_
  };
  // What fit and transform do once windows are columns of the table.
  static Preprocessor fit_columns(const Table& table, std::span<const std::string> feature_columns, std::span<const std::uint32_t> normals,
                                  std::span<const std::uint32_t> anomalies, const PreprocessorOptions& options);
  Matrix transform_columns(const Table& table, std::span<const std::uint32_t> rows, TransformReport* report) const;
  // Says that windows are made of these columns: features then come from those, not from their windows.
  void set_windowed(std::vector<std::string> columns);
  // The column of the table that a column of the schema is, or is a window of.
  std::string_view input_of(std::string_view column) const;
  std::string_view name_of(const SchemaColumn& column) const;
  void name_features();

  PreprocessorOptions options_;
  std::vector<std::string> windowed_;  // the columns that windows are made of; empty without windows
  std::vector<NumericColumn> numeric_;
  std::vector<CategoryColumn> category_;
  std::vector<SchemaColumn> schema_;
  std::vector<std::string> dropped_;
  std::vector<std::string> feature_names_;
  std::vector<std::uint32_t> feature_sources_;
};

}  // namespace oddshot
