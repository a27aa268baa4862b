#include "oddshot/data/fitted_columns.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "data/fitted_views.h"
#include "data/normal_quantile.h"

namespace oddshot {

// Both are read off the texts that model files keep (docs/model-file.md): these say all that was fitted.
std::vector<FittedColumn> fitted_columns(const Preprocessor& preprocessor) {
  const nlohmann::json fitted = nlohmann::json::parse(preprocessor.to_json());
  std::vector<FittedColumn> columns;
  std::size_t next = 0;
  for (const nlohmann::json& one : fitted.at("columns")) {
    FittedColumn column;
    column.name = one.at("name").get<std::string>();
    column.missing_feature = one.at("missing").get<bool>();
    column.first_feature = next;
    if (one.at("kind") == "numeric") {
      column.mean = one.at("mean").get<double>();
      column.deviation = one.at("deviation").get<double>();
      column.features = 1;
    } else {
      column.kind = ColumnKind::kCategory;
      column.categories = one.at("categories").get<std::vector<std::string>>();
      column.features = column.categories.size() + 1;
    }
    column.features += column.missing_feature ? 1 : 0;
    next += column.features;
    columns.push_back(std::move(column));
  }
  return columns;
}

NumericTransform numeric_transform(const Preprocessor& preprocessor) {
  const nlohmann::json fitted = nlohmann::json::parse(preprocessor.to_json());
  return fitted.at("transform") == "identity" ? NumericTransform::kIdentity : NumericTransform::kSignedLog;
}

namespace data {

FittedViews fitted_views(const Views& views) {
  const nlohmann::json text = nlohmann::json::parse(views.to_json());
  FittedViews fitted;
  fitted.numeric = text.at("numeric").get<std::vector<std::uint32_t>>();
  for (const char* name : {"whitened", "joined"}) {
    auto columns = text.at(std::string(name) + "_columns").get<std::vector<std::uint32_t>>();
    if (!columns.empty()) fitted.whitenings.push_back({std::move(columns), {}, {}});
  }
  const auto matrix = [](NamedTensor& tensor) {
    Matrix out(tensor.shape.at(0), tensor.shape.at(1));
    std::ranges::copy(tensor.values, out.data());
    return out;
  };
  for (NamedTensor& tensor : views.tensors()) {
    FittedViews::Whitening& whitening = tensor.name.starts_with("joined") ? fitted.whitenings.back() : fitted.whitenings.front();
    if (tensor.name.ends_with(".order_statistics")) {
      fitted.order_statistics = matrix(tensor);
    } else if (tensor.name.ends_with(".mean")) {
      whitening.mean = std::move(tensor.values);
    } else {
      whitening.matrix = matrix(tensor);
    }
  }
  // As Views::finish: order statistic k stands for the row of rank k (N - 1) / (K - 1), counted from 0.
  const std::size_t kept = fitted.order_statistics.cols();
  const auto n = text.at("rows").get<double>();
  fitted.quantiles.assign(fitted.numeric.empty() ? 0 : 2 * kept - 1, 0.0F);
  for (std::size_t h = 0; 2 * h + 1 < fitted.quantiles.size(); ++h) {
    const double rank = static_cast<double>(h) / 2 * (n - 1) / static_cast<double>(kept - 1);
    fitted.quantiles[h] = static_cast<float>(normal_quantile((rank + 0.5) / n));
    fitted.quantiles[fitted.quantiles.size() - 1 - h] = -fitted.quantiles[h];
  }
  return fitted;
}

}  // namespace data
}  // namespace oddshot
