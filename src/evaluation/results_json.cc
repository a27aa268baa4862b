// results.json, field by field as docs/results.md tells.
#include <nlohmann/json.hpp>

#include "evaluation/metric_fields.h"
#include "oddshot/evaluation/evaluate.h"

namespace oddshot {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kFormatVersion = 1;

template <class T>
Json or_null(const std::optional<T>& value) {
  return value ? Json(*value) : Json(nullptr);
}

Json interval(const std::optional<Interval>& value) {
  if (!value) return nullptr;
  return {{"mean", value->mean}, {"low", value->low}, {"high", value->high}};
}

Json task(const TaskResult& result) {
  Json json = {{"task", result.task}, {"prevalence", result.prevalence}};
  for (const MetricField& metric : kMetrics) json[metric.name] = or_null(result.*metric.task);
  return json;
}

Json reliability(const Reliability& result) {
  Json json = {{"error", result.error}, {"share", result.share}, {"bins", Json::array()}};
  for (const Reliability::Bin& bin : result.bins) {
    json["bins"].push_back({{"rows", bin.rows}, {"probability", bin.probability}, {"share", bin.share}});
  }
  return json;
}

Json method(const MethodResult& result) {
  Json json = {{"name", result.name}, {"kind", result.kind}, {"shots", result.shots}};
  for (const MetricField& metric : kMetrics) json[metric.name] = interval(result.*metric.interval);
  json["threshold"] = or_null(result.threshold);
  json["undefined_draws"] = result.undefined;
  json["best_baseline"] = result.best_baseline.empty() ? Json(nullptr) : Json(result.best_baseline);
  json["auprc_over_best_baseline"] = interval(result.auprc_over_best_baseline);
  json["adapt_ms"] = result.adapt_ms;
  json["score_rows_per_s"] = result.score_rows_per_s;
  if (result.reliability) json["reliability"] = reliability(*result.reliability);
  json["tasks"] = Json::array();
  for (const TaskResult& t : result.tasks) json["tasks"].push_back(task(t));
  return json;
}

Json adaptation(const AdaptationCurve& curve) {
  return {{"method", curve.method}, {"shots", curve.shots}, {"steps", curve.steps}, {"auprc", curve.auprc}};
}

}  // namespace

std::string results_json(const EvaluationResult& result, const RunSettings& settings) {
  const EvaluationOptions& options = result.options;
  Json json = {
      {"format_version", kFormatVersion},
      {"version", ODDSHOT_VERSION},
      {"suite", result.suite},
      {"title", settings.title},
      {"description", settings.description},
      {"domain", settings.domain},
      {"simulated", settings.simulated},
      {"seed", options.seed},
      {"shots", options.shots},
      {"normals", options.normals},
      {"query_normals", options.query_normals},
      {"query_anomalies", options.query_anomalies},
      {"repeats", options.repeats},
      {"threshold_repeats", options.threshold_repeats},
      {"training_tasks", settings.training_tasks},
      {"methods", Json::array()},
      {"adaptation", Json::array()},
      {"settings", Json::object()},
      {"notes", result.notes},
      {"suite_notes", settings.notes},
      {"timings", {{"training_seconds", settings.training_seconds}, {"evaluation_seconds", result.seconds}}},
  };
  for (const MethodResult& m : result.methods) json["methods"].push_back(method(m));
  for (const AdaptationCurve& curve : result.adaptation) json["adaptation"].push_back(adaptation(curve));
  for (const auto& [name, value] : settings.settings) json["settings"][name] = value;
  // Task names come from files: bytes that are no UTF-8 become U+FFFD.
  return json.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace oddshot
