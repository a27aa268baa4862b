// Explanations in words and as JSON.
#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "model_io/printable.h"
#include "oddshot/evaluation/explanation.h"

namespace oddshot {
namespace {

using nlohmann::ordered_json;

constexpr std::size_t kBar = 20;  // letters of the longest bar
constexpr std::size_t kValueWidth = 24;
constexpr std::size_t kFew = 4;  // columns named where many differ

// "alike in 92% of its columns, unlike in src_bytes, flag"
std::string likeness(const KnownRow& known) {
  std::string out = fmt::format("{:.0f}% alike", 100 * (1 - known.distance));
  if (known.unlike.empty()) return out;
  std::vector<std::string> names;
  for (std::size_t i = 0; i < std::min(kFew, known.unlike.size()); ++i) names.push_back(printable(known.unlike[i], kNameWidth));
  out += fmt::format(", unlike in {}", fmt::join(names, ", "));
  if (known.unlike.size() > kFew) out += fmt::format(" and {} more", known.unlike.size() - kFew);
  return out;
}

ordered_json to_object(const std::vector<KnownRow>& rows) {
  ordered_json out = ordered_json::array();
  for (const KnownRow& one : rows) out.push_back({{"number", one.number}, {"distance", one.distance}, {"unlike", one.unlike}});
  return out;
}

}  // namespace

std::string card(const Explanation& explanation, std::size_t most, std::size_t first) {
  std::string out = fmt::format("row {}: score {:.4g}; normal rows most like it have {:.4g}\n", explanation.row + first, explanation.score,
                                explanation.baseline);
  const auto& columns = explanation.columns;
  std::size_t shown = std::min(most, columns.size());
  while (shown > 0 && columns[shown - 1].share == 0) --shown;  // those without a share are not worth a line
  std::size_t width = 0;
  for (std::size_t i = 0; i < shown; ++i) width = std::max(width, printable(columns[i].column, kNameWidth).size());
  const double largest = shown > 0 ? std::fabs(columns[0].share) : 1;
  for (std::size_t i = 0; i < shown; ++i) {
    const ColumnShare& one = columns[i];
    const auto bar = static_cast<std::size_t>(std::lround(kBar * std::fabs(one.share) / largest));
    const std::string usual = one.usual ? fmt::format(", usually {}", printable(*one.usual, kValueWidth)) : "";
    out +=
        fmt::format("  {:<{}} {:>+9.3f}  {:<{}}  {}{}\n", printable(one.column, kNameWidth), width, one.share,
                    std::string(std::max<std::size_t>(bar, 1), one.share > 0 ? '+' : '-'), kBar, printable(one.value, kValueWidth), usual);
  }
  double rest = 0;
  for (std::size_t i = shown; i < columns.size(); ++i) rest += columns[i].share;
  if (shown < columns.size()) out += fmt::format("  {} more, in all {:+.3f}\n", columns.size() - shown, rest);
  if (!explanation.anomalies.empty()) {
    const KnownRow& nearest = explanation.anomalies.front();
    out += fmt::format("  {} known anomaly {}: {}\n", explanation.looks_like_anomaly() ? "looks like" : "normal rows are nearer than",
                       nearest.number, likeness(nearest));
  }
  if (!explanation.normals.empty()) {
    out += fmt::format("  nearest normal row {}: {}\n", explanation.normals.front().number, likeness(explanation.normals.front()));
  }
  return out;
}

std::string to_json(const Explanation& explanation, std::size_t first) {
  ordered_json columns = ordered_json::array();
  for (const ColumnShare& one : explanation.columns) {
    columns.push_back({{"column", one.column},
                       {"value", one.value},
                       {"usual", one.usual ? ordered_json(*one.usual) : ordered_json(nullptr)},
                       {"share", one.share},
                       {"error", one.error}});
  }
  const ordered_json out = {{"row", explanation.row + first},
                            {"score", explanation.score},
                            {"baseline", explanation.baseline},
                            {"exact", explanation.exact},
                            {"looks_like_anomaly", explanation.looks_like_anomaly()},
                            {"columns", columns},
                            {"anomalies", to_object(explanation.anomalies)},
                            {"normals", to_object(explanation.normals)}};
  return out.dump(2, ' ', false, ordered_json::error_handler_t::replace);
}

std::string reasons(const Explanation& explanation, std::size_t most) {
  std::string out;
  for (const ColumnShare& one : explanation.columns) {
    if (most == 0) break;
    if (!(one.share > 0)) continue;
    out += fmt::format("{}{}={} ({:+.2f})", out.empty() ? "" : "; ", one.column, one.value, one.share);
    --most;
  }
  return out;
}

}  // namespace oddshot
