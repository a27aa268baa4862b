#include "detector/stand_ins.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>
#include <string>
#include <utility>

#include "detector/cross_fit.h"
#include "detector/encode.h"
#include "detector/rows_of_tables.h"
#include "oddshot/base/error.h"
#include "oddshot/base/random.h"
#include "oddshot/data/fitted_columns.h"
#include "oddshot/detector/detector.h"

namespace oddshot {
namespace {

// Of the deviations of the known normals. Chosen with the universal model on tables of ADBench: half as much is worse, more no better.
constexpr float kShake = 2;
// Of the deviation that is taken for a single normal's; 2 and 3 are no better.
constexpr float kShakeOfOne = 1;
// Two or three rows may lie close by chance: features are in so many of their deviations, so that what is clipped lies that much further
// out. On the same tables, where the rows of a class differ in a few columns much, it costs 0.004 of AUROC on the mean.
constexpr float kWide = 4;

// Whether a feature has more than one value among the normals.
std::vector<bool> varying(MatrixView rows, std::span<const std::uint32_t> normals) {
  std::vector<bool> out(rows.cols);
  for (const auto r : normals) {
    for (std::size_t f = 0; f < rows.cols; ++f) out[f] = out[f] || rows(r, f) != rows(normals.front(), f);
  }
  return out;
}

void shake(MatrixView rows, std::span<const std::uint32_t> normals, const Preprocessor& preprocessor, Matrix& out, std::size_t first) {
  const std::vector<FittedColumn> columns = fitted_columns(preprocessor);
  const std::vector<bool> varies = varying(rows, normals);
  const bool single = normals.size() == 1;
  const float fresh = 1 / static_cast<float>(normals.size() + 1);  // Laplace's rule of succession
  for (std::size_t s = first; s < out.rows(); ++s) {
    Stream stream = Stream(0, Purpose::kTable, 3).fork(static_cast<std::uint32_t>(s - first));
    const auto row = out.row(s);
    std::ranges::copy(rows.row(normals[(s - first) % normals.size()]), row.begin());
    for (const FittedColumn& column : columns) {
      const std::size_t f = column.first_feature;
      if (column.kind == ColumnKind::kCategory) {
        if (stream.uniform() >= fresh) continue;
        std::fill_n(row.begin() + static_cast<std::ptrdiff_t>(f), column.features, 0.0F);
        row[f + column.categories.size()] = 1;
        continue;
      }
      if (column.missing_feature && row[f + 1] == 1) continue;
      if (!single && varies[f]) {
        row[f] += kShake / kWide * stream.normal();
      } else if (single || stream.uniform() < fresh) {
        row[f] += kShakeOfOne * stream.normal();
      }
    }
  }
}

// Whether a column has a value in any of these rows.
bool says_something(const Column& column) {
  if (column.kind == ColumnKind::kCategory) {
    return std::ranges::any_of(column.codes, [](std::int32_t code) { return code != Column::kMissingCode; });
  }
  return std::ranges::any_of(column.numbers, [](float value) { return !std::isnan(value); });
}

constexpr double kMost = std::numeric_limits<float>::max();
float bounded(double x) { return static_cast<float>(std::clamp(x, -kMost, kMost)); }

// Makes the numbers that are not missing lie kWide times as far from their mean. Where all agree, what they vary by is not known: their own
// size (1 of 0) is taken for their deviation. Returns two numbers that, fitted to beside these, leave it at that. An infinite number is
// left to whoever refuses it.
std::array<float, 2> widen(std::span<float> numbers) {
  std::vector<double> known;
  for (const float x : numbers) {
    if (!std::isnan(x)) known.push_back(static_cast<double>(x));
  }
  if (known.empty()) return {numbers.front(), numbers.front()};
  const auto infinite = std::ranges::find_if(known, [](double x) { return std::isinf(x); });
  if (infinite != known.end()) return {static_cast<float>(*infinite), static_cast<float>(*infinite)};
  const auto count = static_cast<double>(known.size());
  const double first = known.front();
  if (std::ranges::all_of(known, [&](double x) { return x == first; })) {
    const double step = std::sqrt((count + 2) / 2) * (first == 0 ? 1 : std::fabs(first));
    return {bounded(first - step), bounded(first + step)};
  }
  const double mean = std::accumulate(known.begin(), known.end(), 0.0) / count;
  double squares = 0;
  for (const double x : known) squares += (x - mean) * (x - mean);
  const double deviation = double{kWide} * std::sqrt(squares / count);
  for (float& x : numbers) {
    if (!std::isnan(x)) x = bounded(mean + double{kWide} * (static_cast<double>(x) - mean));
  }
  return {bounded(mean - deviation), bounded(mean + deviation)};
}

class MadeUp final : public Method {
 public:
  MadeUp(std::unique_ptr<Method> method, const MetaModel& model, const Preprocessor& preprocessor)
      : method_(std::move(method)), model_(model), preprocessor_(preprocessor) {}

  std::string name() const override { return method_->name(); }
  std::string kind() const override { return method_->kind(); }
  std::size_t minimum_shots() const override { return method_->minimum_shots(); }
  std::size_t inner_steps() const override { return method_->inner_steps(); }
  std::unique_ptr<Scorer> adapt(const Support& support, Stream stream) const override {
    return method_->adapt(with_stand_ins(model_, preprocessor_, support).view(), stream);
  }

 private:
  std::unique_ptr<Method> method_;
  const MetaModel& model_;
  const Preprocessor& preprocessor_;
};

}  // namespace

Preprocessor fit_to_few(const Table& table, std::span<const std::string> features, std::span<const std::uint32_t> normals,
                        std::span<const std::uint32_t> anomalies) {
  std::vector<std::uint32_t> known(normals.begin(), normals.end());
  known.insert(known.end(), anomalies.begin(), anomalies.end());
  Table some = selected_rows(table, features, known);
  std::vector<std::uint32_t> own(normals.size()), others;
  std::iota(own.begin(), own.end(), 0U);
  for (std::size_t i = normals.size(); i < known.size(); ++i) others.push_back(static_cast<std::uint32_t>(i));
  // A row that differs from all others, so that no column is constant; and two that tell a deviation.
  const auto last = static_cast<std::uint32_t>(known.size());
  others.push_back(last);
  own.insert(own.end(), {last + 1, last + 2});
  for (Column& column : some.columns) {
    const bool says = says_something(column);
    if (column.kind == ColumnKind::kNumeric) {
      const float first = column.numbers.front();
      const auto beside = widen(std::span(column.numbers).first(normals.size()));
      column.numbers.push_back(!says ? first : first == 0 ? 1.0F : 0.0F);
      column.numbers.insert(column.numbers.end(), beside.begin(), beside.end());
    } else {
      const std::int32_t first = column.codes.front();
      column.codes.push_back(!says ? Column::kMissingCode : static_cast<std::int32_t>(column.categories.size()));
      if (says) column.categories.emplace_back("another");
      column.codes.insert(column.codes.end(), 2, first);
    }
  }
  return Preprocessor::fit(some, features, own, others, {.numeric = NumericTransform::kIdentity});
}

OwnedSupport with_stand_ins(const MetaModel& model, const Preprocessor& preprocessor, const Support& own) {
  std::vector<std::uint32_t> normals;
  for (std::uint32_t i = 0; i < own.labels.size(); ++i) {
    if (own.labels[i] == 0) normals.push_back(i);
  }
  OwnedSupport out{copied(own.rows), {own.labels.begin(), own.labels.end()}};
  if (normals.size() >= kEnoughNormals) return out;
  const std::size_t known = own.labels.size();
  const std::size_t more = kEnoughNormals - normals.size();
  out.labels.resize(known + more, 0);
  Matrix rows(known + more, own.rows.cols);
  for (std::size_t r = 0; r < known; ++r) std::ranges::copy(own.rows.row(r), rows.row(r).begin());
  if (has_own_preprocessor(model)) {
    if (normals.empty()) throw ArgumentError("no row is known to be normal; adapting needs at least 1");
    shake(own.rows, normals, preprocessor, rows, known);
  } else {
    const Matrix& reference = model.reference;
    for (std::size_t s = 0; s < more; ++s) std::ranges::copy(reference.row(s * reference.rows() / more), rows.row(known + s).begin());
  }
  out.rows = std::move(rows);
  return out;
}

std::size_t fewest_normals(const MetaModel& model, std::size_t normals) {
  if (normals >= kEnoughNormals) return kLeftToAdaptTo;
  return has_own_preprocessor(model) ? 1 : 0;
}

std::unique_ptr<Method> made_up(std::unique_ptr<Method> method, const MetaModel& model, const Preprocessor& preprocessor) {
  return std::make_unique<MadeUp>(std::move(method), model, preprocessor);
}

}  // namespace oddshot
