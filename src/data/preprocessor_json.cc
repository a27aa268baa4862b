// The preprocessor as a JSON text:
//   {"format": "oddshot preprocessor", "version": 1, "transform": "signed-log", "dropped": ["num_outbound_cmds"], "columns": [
//     {"name": "duration", "kind": "numeric", "missing": false, "mean": 0.94, "deviation": 2.1},
//     {"name": "service", "kind": "category", "missing": false, "categories": ["http", "smtp"]}]}
// and, where there are windows (their columns are among "columns" by name, "flow (mean of 5)"),
//   "windows": {"group": "run", "time": "sample", "columns": ["flow"], "means": [5], "deviations": [], "changes": [], "lags": []}
// Numbers are written with the digits that read back to the same double.
#include <cmath>
#include <nlohmann/json.hpp>
#include <unordered_set>

#include <fmt/format.h>

#include "data/cell.h"
#include "data/json_members.h"
#include "data/strict_json.h"
#include "oddshot/base/error.h"
#include "oddshot/data/preprocessor.h"

namespace oddshot {
namespace {

using Json = nlohmann::json;
using data::in_quotes;
using data::Members;

constexpr std::string_view kFormat = "oddshot preprocessor";
constexpr int kVersion = 1;

[[noreturn]] void refuse(const std::string& what) { throw FormatError("preprocessor: " + what); }

Json windows_json(const WindowOptions& windows, const std::vector<std::string>& columns) {
  return {{"group", windows.group},           {"time", windows.time},       {"columns", columns},  {"means", windows.means},
          {"deviations", windows.deviations}, {"changes", windows.changes}, {"lags", windows.lags}};
}

WindowOptions read_windows(const Members& members) {
  const auto numbers = [&](const char* name) {
    std::vector<std::size_t> out;
    for (const Json& item : members.list(name)) {
      if (!item.is_number_unsigned()) members.refuse(fmt::format("{} is not a list of whole numbers", in_quotes(name)));
      out.push_back(item.get<std::size_t>());
    }
    return out;
  };
  WindowOptions windows{.means = numbers("means"),
                        .deviations = numbers("deviations"),
                        .changes = numbers("changes"),
                        .lags = numbers("lags"),
                        .group = members.text("group"),
                        .time = members.text("time")};
  try {
    windows.validate();
  } catch (const ArgumentError& error) {
    refuse(error.what());
  }
  if (windows.empty()) members.refuse("there are no windows");
  return windows;
}

}  // namespace

std::string Preprocessor::to_json() const {
  Json columns = Json::array();
  for (const SchemaColumn& column : schema_) {
    if (column.kind == ColumnKind::kNumeric) {
      const NumericColumn& c = numeric_[column.index];
      columns.push_back(
          {{"name", c.name}, {"kind", "numeric"}, {"missing", c.missing_feature}, {"mean", c.mean}, {"deviation", c.deviation}});
    } else {
      const CategoryColumn& c = category_[column.index];
      columns.push_back({{"name", c.name}, {"kind", "category"}, {"missing", c.missing_feature}, {"categories", c.categories}});
    }
  }
  Json out = {{"format", kFormat},
              {"version", kVersion},
              {"transform", options_.numeric == NumericTransform::kSignedLog ? "signed-log" : "identity"},
              {"dropped", dropped_},
              {"columns", std::move(columns)}};
  if (!options_.windows.empty()) out["windows"] = windows_json(options_.windows, windowed_);
  return out.dump();
}

Preprocessor Preprocessor::from_json(std::string_view json) {
  const Json document = data::parse_json(json, "preprocessor");
  const Members members("preprocessor", document, "the text", {"format", "version", "transform", "dropped", "columns", "windows"});
  if (members.text("format") != kFormat)
    refuse(fmt::format("the format is {}, not {}", in_quotes(members.text("format")), in_quotes(kFormat)));
  if (members.at("version") != kVersion) refuse(fmt::format("version {} is not known, only {}", members.at("version").dump(), kVersion));

  Preprocessor out;
  const std::string& transform = members.text("transform");
  if (transform != "signed-log" && transform != "identity") refuse(fmt::format("the transform {} is not known", in_quotes(transform)));
  out.options_.numeric = transform == "identity" ? NumericTransform::kIdentity : NumericTransform::kSignedLog;
  out.dropped_ = members.texts("dropped");

  std::unordered_set<std::string_view> names(out.dropped_.begin(), out.dropped_.end());
  for (const Json& item : members.list("columns")) {
    const std::string place = fmt::format("column {}", out.schema_.size());
    const bool numeric = item.is_object() && item.contains("mean");
    const Members column = numeric ? Members("preprocessor", item, place, {"name", "kind", "missing", "mean", "deviation"})
                                   : Members("preprocessor", item, place, {"name", "kind", "missing", "categories"});
    const std::string& name = column.text("name");
    if (!names.insert(name).second) refuse(fmt::format("two columns are called {}", in_quotes(name)));
    if (column.text("kind") != (numeric ? "numeric" : "category"))
      refuse(fmt::format("{} is of kind {}", place, in_quotes(column.text("kind"))));
    if (numeric) {
      const NumericColumn c{name, column.number("mean"), column.number("deviation"), column.flag("missing")};
      if (!std::isfinite(c.mean) || !std::isfinite(c.deviation) || !(c.deviation > 0)) {
        refuse(fmt::format("{} has mean {} and deviation {}", place, c.mean, c.deviation));
      }
      out.schema_.push_back({ColumnKind::kNumeric, static_cast<std::uint32_t>(out.numeric_.size())});
      out.numeric_.push_back(c);
    } else {
      CategoryColumn c{name, column.texts("categories"), column.flag("missing")};
      if (c.categories.empty() && !c.missing_feature) refuse(place + " has no categories");
      out.schema_.push_back({ColumnKind::kCategory, static_cast<std::uint32_t>(out.category_.size())});
      out.category_.push_back(std::move(c));
    }
  }
  if (out.schema_.empty()) refuse("there are no columns");
  out.name_features();
  if (document.contains("windows")) {
    const Members windows("preprocessor", document["windows"], "\"windows\"",
                          {"group", "time", "columns", "means", "deviations", "changes", "lags"});
    out.options_.windows = read_windows(windows);
    out.set_windowed(windows.texts("columns"));
  }
  return out;
}

}  // namespace oddshot
