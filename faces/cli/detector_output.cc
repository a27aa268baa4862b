#include "detector_output.h"

#include <ctime>
#include <nlohmann/json.hpp>

#include <fmt/format.h>

#include "oddshot/base/text.h"

namespace oddshot::cli {
namespace {

using nlohmann::ordered_json;

// What scores are compared with, and what is promised of an alert.
void print_calibration(const Detector& detector) {
  const Calibration& calibration = detector.calibration();
  if (!calibration.present()) return;
  const bool held_back = calibration.scheme() == CalibrationScheme::kHeldBack;
  fmt::print("p-values   by {}{}\n", counted(calibration.size(), "normal row", "normal rows"),
             held_back ? ", held back from adapting" : ", each scored by an adapting without it");
  const auto& rate = detector.max_false_alarms();
  if (!rate) return;
  const std::string where = calibration.weighted() ? "by p-value" : fmt::format("above {:.4g}", calibration.threshold(*rate));
  std::string promise = "at most, guaranteed for rows like those held back";
  if (!held_back) {
    const std::size_t needed = normals_needed(*rate, CalibrationScheme::kHeldBack);
    const bool enough = detector.normals() + detector.rows().held_back.rows() >= needed;
    promise = fmt::format("or so are false alarms; {}--calibration held-back guarantees it",
                          enough ? "" : fmt::format("with {} normal rows ", needed));
  }
  fmt::print("alert      {}: {}% of normal rows {}\n", where, 100 * *rate, promise);
}

// What of the rows is in the file.
std::string kept(const Detector& detector) {
  const DetectorRows& rows = detector.rows();
  const std::size_t encoded = rows.support.rows() + rows.held_back.rows();
  if (rows.table.columns.empty()) {
    return fmt::format("{}, encoded alone ({} each), of which values can be computed back: labels cannot be added or withdrawn",
                       counted(encoded, "row", "rows"), counted(rows.support.cols(), "number", "numbers"));
  }
  return fmt::format("{} as they were given, for labels that come later", counted(rows.table.rows(), "row", "rows"));
}

ordered_json calibration_of(const Detector& detector) {
  const Calibration& calibration = detector.calibration();
  const auto& rate = detector.max_false_alarms();
  ordered_json out = {{"scheme", to_string(calibration.scheme())}, {"rows", calibration.size()}};
  out["max_false_alarms"] = rate ? ordered_json(*rate) : ordered_json();
  const bool one = rate && calibration.present() && !calibration.weighted();
  out["threshold"] = one ? ordered_json(calibration.threshold(*rate)) : ordered_json();
  out["guaranteed"] = rate.has_value() && calibration.scheme() == CalibrationScheme::kHeldBack;
  return out;
}

std::string as_json(const Detector& detector, const Adapted& adapted, const std::optional<double>& auroc) {
  const DetectorEvent& event = detector.history().back();
  const ordered_json out = {{"detector", adapted.file},
                            {"normals", detector.normals()},
                            {"anomalies", detector.anomalies()},
                            {"added", event.added},
                            {"removed", event.removed},
                            {"columns", detector.preprocessor().schema_columns()},
                            {"features", detector.preprocessor().width()},
                            {"serves", detector.method().empty() ? "model" : detector.method()},
                            {"calibration", calibration_of(detector)},
                            {"rows_kept", !detector.rows().table.columns.empty()},
                            {"left_out_auroc", auroc ? ordered_json(*auroc) : ordered_json()},
                            {"notes", detector.notes()},
                            {"adapt_ms", adapted.milliseconds}};
  return out.dump(2, ' ', false, ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace

void print_detector(const Detector& detector, const Adapted& adapted, bool json, ThreadPool& pool) {
  const std::optional<double> auroc = detector.left_out_auroc(pool);
  if (json) {
    fmt::print("{}", as_json(detector, adapted, auroc));
    return;
  }
  for (const std::string& note : detector.notes()) fmt::print(stderr, "{}\n", note);
  const DetectorEvent& event = detector.history().back();
  if (adapted.again) fmt::print("{} added, {} removed\n", counted(event.added, "row", "rows"), event.removed);
  fmt::print("rows       {} normal, {}\n", detector.normals(), counted(detector.anomalies(), "anomaly", "anomalies"));
  fmt::print("columns    {}, encoded as {} features\n", detector.preprocessor().schema_columns().size(), detector.preprocessor().width());
  print_calibration(detector);
  const std::string of = fmt::format("{} and {}", counted(detector.normals(), "normal row", "normal rows"),
                                     counted(detector.anomalies(), "anomaly", "anomalies"));
  if (auroc) {
    fmt::print("AUROC      {:.3f} on these rows, each scored by an adapting without it{}\n", *auroc,
               detector.normals() < kEnoughNormals ? fmt::format("; of {} it says little", of) : "");
  } else if (detector.anomalies() > 0) {
    fmt::print("AUROC      not known: of {} none can be left out and the others adapted to\n", of);
  }
  fmt::print("kept       {}\n", kept(detector));
  fmt::print("adapted in {:.0f} ms\n", adapted.milliseconds);
  fmt::print(stderr, "detector: {}\n", adapted.file);
}

std::string now() {
  const std::time_t seconds = std::time(nullptr);
  std::tm utc{};
  ::gmtime_r(&seconds, &utc);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", utc.tm_year + 1900, utc.tm_mon + 1, utc.tm_mday, utc.tm_hour, utc.tm_min,
                     utc.tm_sec);
}

}  // namespace oddshot::cli
