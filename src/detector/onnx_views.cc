// Features and views in ONNX.
#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include <fmt/format.h>

#include "detector/onnx_parts.h"
#include "oddshot/base/error.h"
#include "oddshot/data/fitted_columns.h"

namespace oddshot::onnx {
namespace {

using data::FittedViews;

constexpr double kLargestScore = 1e30;  // as Preprocessor clips

// Rounded to float, as the library keeps it.
Value rounded(Graph& g, const Value& value) { return g.cast(g.cast(value, Type::kFloat), Type::kDouble); }

// sign(x) log(1 + |x|)
Value signed_log(Graph& g, const Value& x) { return g.multiply(g.op("Sign", {x}), g.op("Log", {g.add(g.op("Abs", {x}), g.number(1))})); }

// log(1 + x) of x >= 0.
Value log1p(Graph& g, const Value& x) { return g.op("Log", {g.add(x, g.number(1))}); }

// [N x 1] text -> [N x features] ones and zeros, as Preprocessor::transform has them.
Value one_hot(Graph& g, const Value& column, const FittedColumn& fitted) {
  const auto unseen = static_cast<std::int64_t>(fitted.categories.size());
  std::vector<std::string> keys = fitted.categories;
  std::vector<std::int64_t> places(keys.size());
  for (std::size_t i = 0; i < places.size(); ++i) places[i] = static_cast<std::int64_t>(i);
  keys.emplace_back();  // missing
  places.push_back(unseen + 1);
  const Value place =
      g.op("LabelEncoder", {column}, {{"keys_strings", keys}, {"values_int64s", places}, {"default_int64", unseen}}, kLearning);
  std::vector<std::int64_t> all(fitted.features);
  for (std::size_t i = 0; i < all.size(); ++i) all[i] = static_cast<std::int64_t>(i);
  return g.cast(g.op("Equal", {place, g.whole_numbers(all)}), Type::kDouble);
}

// The number of values below x (or not above it, `with_equal`) among K ascending statistics a column: [N x columns], by halving.
// `flat`: all columns' statistics one after the other; `first`: [1 x columns] where each begins.
Value count_below(Graph& g, const Value& x, const Value& flat, const Value& first, std::size_t kept, bool with_equal) {
  const auto at = [&](const Value& place) { return g.op("Gather", {flat, place}, {{"axis", std::int64_t{0}}}); };
  const auto below = [&](const Value& place) { return g.cast(g.op(with_equal ? "LessOrEqual" : "Less", {at(place), x}), Type::kInt64); };
  // Of the shape of x: first + 0 * x.
  Value base = g.add(first, g.cast(g.multiply(x, g.number(0)), Type::kInt64));
  std::size_t n = kept;
  while (n > 1) {
    const auto half = static_cast<std::int64_t>(n / 2);
    const Value probe = below(g.op("Add", {base, g.whole_numbers({half - 1})}));
    base = g.add(base, g.multiply(probe, g.whole_numbers({half})));
    n -= static_cast<std::size_t>(half);
  }
  return g.add(g.subtract(base, first), below(base));
}

// The rank view of numeric features [N x columns]; the cases are those of rank_gaussian in src/data/views.cc.
Value say_rank(Graph& g, const FittedViews& fitted, double limit, const Value& x) {
  const Matrix& statistics = fitted.order_statistics;
  const std::size_t columns = statistics.rows();
  const std::size_t kept = statistics.cols();
  const auto last = static_cast<std::int64_t>(kept) - 1;
  std::vector<double> flat_values(statistics.data(), statistics.data() + columns * kept);
  const Value flat = g.op("Reshape", {g.row(std::span<const double>(flat_values)), g.whole_numbers({-1})});
  std::vector<std::int64_t> starts(columns);
  for (std::size_t c = 0; c < columns; ++c) starts[c] = static_cast<std::int64_t>(c * kept);
  const Value first = g.whole_numbers(starts);
  std::vector<double> quantile_values(fitted.quantiles.begin(), fitted.quantiles.end());
  const Value quantiles = g.op("Reshape", {g.row(std::span<const double>(quantile_values)), g.whole_numbers({-1})});

  const auto limited = [&](const Value& place, std::int64_t low, std::int64_t high) {
    return g.op("Min", {g.op("Max", {place, g.whole_numbers({low})}), g.whole_numbers({high})});
  };
  const auto statistic = [&](const Value& place) { return g.op("Gather", {flat, g.add(first, limited(place, 0, last))}); };
  const auto quantile = [&](const Value& place) { return g.op("Gather", {quantiles, limited(place, 0, 2 * last)}); };
  const Value one = g.whole_numbers({1});
  const Value two = g.whole_numbers({2});
  const Value zero = g.number(0);

  const Value less = count_below(g, x, flat, first, kept, false);
  const Value up_to = count_below(g, x, flat, first, kept, true);
  const Value low = statistic(g.subtract(less, one));
  const Value high = statistic(less);
  const Value gap = g.subtract(high, low);
  const Value share = g.divide(g.subtract(x, low), g.choose(g.op("Greater", {gap, zero}), gap, g.number(1)));
  const Value from = quantile(g.multiply(g.subtract(less, one), two));
  const Value between = g.add(from, g.multiply(share, g.subtract(quantile(g.multiply(less, two)), from)));
  const Value equal = quantile(g.subtract(g.add(less, up_to), one));
  const Value below =
      g.subtract(g.number(quantile_values.front()), log1p(g, g.op("Max", {g.subtract(statistic(g.whole_numbers({0})), x), zero})));
  const Value above =
      g.add(g.number(quantile_values.back()), log1p(g, g.op("Max", {g.subtract(x, statistic(g.whole_numbers({last}))), zero})));
  Value rank = g.choose(g.op("Equal", {less, g.whole_numbers({0})}), below, between);
  rank = g.choose(g.op("Greater", {up_to, less}), equal, rank);
  rank = g.choose(g.op("Equal", {less, g.whole_numbers({last + 1})}), above, rank);
  return rounded(g, g.clip(rank, -limit, limit));
}

}  // namespace

Features say_features(Graph& g, const Preprocessor& preprocessor, float plain_clip) {
  if (!preprocessor.windows().empty()) {
    throw ArgumentError("windows of a time series cannot be exported: a row of an ONNX model does not know those before it");
  }
  const std::vector<FittedColumn> fitted = fitted_columns(preprocessor);
  std::vector<Value> inputs;
  std::vector<Value> numbers;
  std::vector<double> mean;
  std::vector<double> deviation;
  for (const FittedColumn& column : fitted) {
    const bool numeric = column.kind == ColumnKind::kNumeric;
    inputs.push_back(g.input(column.name, numeric ? Type::kFloat : Type::kString));
    if (!numeric) continue;
    numbers.push_back(inputs.back());
    mean.push_back(column.mean);
    deviation.push_back(column.deviation);
  }
  Features out;
  Value missing;
  Value clipped;
  if (!numbers.empty()) {
    const Value raw = g.joined(numbers);
    missing = g.op("IsNaN", {raw});
    const Value wide = g.cast(raw, Type::kDouble);
    const Value t = numeric_transform(preprocessor) == NumericTransform::kIdentity ? wide : signed_log(g, wide);
    const Value z = g.divide(g.subtract(t, g.row(std::span<const double>(mean))), g.row(std::span<const double>(deviation)));
    out.numeric = rounded(g, g.choose(missing, g.number(0), g.clip(z, -kLargestScore, kLargestScore)));
    clipped = g.clip(out.numeric, -plain_clip, plain_clip);
  }
  // Side by side by kind, then in the order of the features.
  std::vector<Value> parts;
  std::vector<std::uint32_t> order(preprocessor.width());
  std::uint32_t next = 0;
  if (!numbers.empty()) {
    parts = {clipped, g.cast(missing, Type::kDouble)};
    for (const FittedColumn& column : fitted) {
      if (column.kind != ColumnKind::kNumeric) continue;
      order[column.first_feature] = next;
      if (column.missing_feature) order[column.first_feature + 1] = next + static_cast<std::uint32_t>(numbers.size());
      ++next;
    }
    next += static_cast<std::uint32_t>(numbers.size());
  }
  for (std::size_t c = 0; c < fitted.size(); ++c) {
    if (fitted[c].kind == ColumnKind::kNumeric) continue;
    parts.push_back(one_hot(g, inputs[c], fitted[c]));
    for (std::size_t f = 0; f < fitted[c].features; ++f) order[fitted[c].first_feature + f] = next++;
  }
  out.plain = g.columns(g.joined(parts), order);
  return out;
}

std::vector<ViewValue> say_views(Graph& g, const Views& views, const Features& features) {
  std::vector<ViewValue> out{{features.plain, features.plain}};
  Value both = features.plain;
  const FittedViews fitted = data::fitted_views(views);
  if (!fitted.numeric.empty()) {
    const Value rank = say_rank(g, fitted, views.options().rank_clip, features.numeric);
    out.push_back({rank, rank});
    both = g.joined({features.plain, rank});
  }
  for (const FittedViews::Whitening& whitening : fitted.whitenings) {
    const Value inputs = g.columns(both, whitening.columns);
    const Value centred = rounded(g, g.subtract(inputs, g.row(std::span<const float>(whitening.mean))));
    const double limit = views.options().whitened_clip;
    out.push_back({g.clip(g.product(centred, g.matrix(whitening.matrix)), -limit, limit), inputs});
  }
  return out;
}

Matrix view_inputs(const Views& views, std::size_t span, MatrixView joined) {
  const FittedViews fitted = data::fitted_views(views);
  const std::size_t slices = views.spans().size() - fitted.whitenings.size();
  if (span < slices) return copied(view(joined, views.spans()[span]));
  const std::vector<std::uint32_t>& columns = fitted.whitenings[span - slices].columns;
  Matrix out(joined.rows, columns.size());
  for (std::size_t r = 0; r < joined.rows; ++r) {
    for (std::size_t c = 0; c < columns.size(); ++c) out(r, c) = joined(r, columns[c]);
  }
  return out;
}

BasicMatrix<double> view_of(const Views& views, std::size_t span, MatrixView joined) {
  const Matrix inputs = view_inputs(views, span, joined);
  const FittedViews fitted = data::fitted_views(views);
  const std::size_t slices = views.spans().size() - fitted.whitenings.size();
  BasicMatrix<double> out(inputs.rows(), inputs.cols());
  if (span < slices) {
    std::copy_n(inputs.data(), inputs.rows() * inputs.cols(), out.data());
    return out;
  }
  const FittedViews::Whitening& whitening = fitted.whitenings[span - slices];
  const double limit = views.options().whitened_clip;
  for (std::size_t r = 0; r < inputs.rows(); ++r) {
    for (std::size_t c = 0; c < inputs.cols(); ++c) {
      const float centred = inputs(r, c) - whitening.mean[c];
      for (std::size_t k = 0; k < inputs.cols(); ++k) {
        out(r, k) += static_cast<double>(centred) * static_cast<double>(whitening.matrix(c, k));
      }
    }
    for (double& value : out.row(r)) value = std::clamp(value, -limit, limit);
  }
  return out;
}

}  // namespace oddshot::onnx
