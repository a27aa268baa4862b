#include "detector/familiarity.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "detector/encode.h"
#include "oddshot/data/fitted_columns.h"
#include "oddshot/data/views.h"

namespace oddshot {
namespace {

constexpr double kManyRows = 0.1;
constexpr std::size_t kColumnsNamed = 5;
constexpr std::size_t kFewestAnomalies = 3;

bool beyond(const FittedColumn& column, std::span<const float> row) {
  if (column.kind == ColumnKind::kNumeric) return std::fabs(row[column.first_feature]) >= ViewOptions{}.plain_clip;
  return row[column.first_feature + column.categories.size()] == 1;  // the one for categories that were not there
}

void judge_columns(const Detector& detector, std::vector<std::string>& found) {
  if (has_own_preprocessor(detector.model())) return;  // its columns are the table's own
  const Support support = detector.support();
  std::vector<std::string> names;
  const std::vector<FittedColumn> columns = fitted_columns(detector.preprocessor());
  for (const FittedColumn& column : columns) {
    std::size_t rows = 0;
    for (std::size_t r = 0; r < support.labels.size(); ++r) rows += support.labels[r] == 0 && beyond(column, support.rows.row(r)) ? 1 : 0;
    if (static_cast<double>(rows) > kManyRows * static_cast<double>(detector.normals())) names.push_back(column.name);
  }
  if (names.empty()) return;
  const std::size_t all = names.size();
  names.resize(std::min(all, kColumnsNamed));
  found.push_back(fmt::format("{} of {} columns hold values in normal rows that no training row had (\"{}\"{})", all, columns.size(),
                              fmt::join(names, "\", \""), all > names.size() ? ", ..." : ""));
}

double median(std::vector<double> values) {
  std::ranges::sort(values);
  return values[values.size() / 2];
}

void judge_scores(const Detector& detector, std::span<const LeftOut> by_model, std::vector<std::string>& found) {
  const auto& profile = detector.model().profile;
  if (!profile || !detector.calibration().present() || detector.normals() < kEnoughNormals || !detector.method().empty()) return;
  const ScoreProfile::AtShots& at = profile->at(detector.anomalies());
  const ScoreScale scale(detector.calibration().scores());
  // Nine in ten draws lie within low and high; a like width beyond is no surprise of a new task.
  const double width = at.normal_high - at.normal_low;
  if (scale.middle() < at.normal_low - width || scale.middle() > at.normal_high + width) {
    found.push_back(fmt::format("normal rows have scores about {:.3g}, where those of training tasks had {:.3g} to {:.3g}", scale.middle(),
                                at.normal_low, at.normal_high));
  }
  if (detector.anomalies() < kFewestAnomalies) return;
  std::vector<double> standardised;
  for (const float score : anomaly_scores_of(by_model)) standardised.push_back(scale.standardised(score));
  if (!standardised.empty() && median(standardised) < at.anomaly_low) {
    found.push_back("the known anomalies stand out less than in nine of ten draws of training tasks");
  }
}

}  // namespace

std::vector<std::string> unfamiliar(const Detector& detector, std::span<const LeftOut> by_model) {
  std::vector<std::string> found;
  judge_columns(detector, found);
  judge_scores(detector, by_model, found);
  return found;
}

}  // namespace oddshot
