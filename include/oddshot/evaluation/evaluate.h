// The protocol: adapt every method to every held-out task, on the same draws, and measure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "oddshot/base/thread_pool.h"
#include "oddshot/evaluation/metrics.h"
#include "oddshot/experts/expert.h"
#include "oddshot/tasks/task.h"

namespace oddshot {

// Anything that becomes a scorer by a support. Const methods may be called concurrently.
class Method {
 public:
  virtual ~Method() = default;
  virtual std::string name() const = 0;
  virtual std::string kind() const = 0;  // "learner", "expert", "supervised", "pooled"
  virtual std::size_t minimum_shots() const = 0;
  virtual std::unique_ptr<Scorer> adapt(const Support& support, Stream stream) const = 0;
  // Inner steps that adapting takes, for the curve of adaptation; 0: none to show.
  virtual std::size_t inner_steps() const { return 0; }
  virtual std::unique_ptr<Scorer> adapt_partly(const Support& support, Stream stream, std::size_t /*steps*/) const {
    return adapt(support, stream);
  }
};

struct EvaluationOptions {
  std::vector<std::size_t> shots = {1, 5, 10};  // each a table of its own
  std::size_t normals = 50;
  std::size_t query_normals = 2000;
  std::size_t query_anomalies = 200;
  std::size_t repeats = 20;
  std::uint64_t seed = 1;
  void validate() const;
};

struct Interval {
  double mean = 0, low = 0, high = 0;  // 95% bootstrap over tasks and repeats
};

// Metrics of one method on one task: means over the repeats in which they are defined.
struct TaskResult {
  std::string task;
  std::optional<double> auroc, auprc, accuracy, precision, recall, f1, recall_at_1_percent;
};

// A method's metrics of every repeat: [repeats]; nothing where undefined.
struct RepeatMetrics {
  std::vector<std::optional<double>> auroc, auprc, accuracy, precision, recall, f1, recall_at_1_percent;
};

// One method at one number of shots.
struct MethodResult {
  std::string name;
  std::string kind;
  std::size_t shots = 0;
  std::optional<float> threshold;  // suggested by training tasks
  std::optional<Interval> auroc, auprc, accuracy, precision, recall, f1, recall_at_1_percent;
  std::size_t undefined = 0;    // (task, repeat) pairs in which a metric at the threshold was undefined
  double adapt_ms = 0;          // median over episodes
  double score_rows_per_s = 0;  // total rows over total time
  std::vector<TaskResult> tasks;
  std::vector<RepeatMetrics> repeats;  // [tasks]
  // Difference in AUPRC to the best baseline at these shots, paired by draw; nothing for a baseline.
  std::optional<Interval> auprc_over_best_baseline;
  std::string best_baseline;
};

struct AdaptationCurve {  // AUPRC after 0..K inner steps, mean over held-out tasks, one draw each
  std::string method;
  std::size_t shots = 0;
  std::vector<double> auprc;
};

struct TaskCurves {  // of one draw
  std::string task, method;
  std::size_t shots = 0;
  std::vector<CurvePoint> roc, precision_recall;
};

struct EvaluationResult {
  std::string suite;
  EvaluationOptions options;
  std::vector<MethodResult> methods;  // by shots, then in the order of the methods
  std::vector<AdaptationCurve> adaptation;
  std::vector<TaskCurves> curves;
  std::vector<std::string> notes;  // methods left out and why; undefined metrics
  double seconds = 0;
};

// Thresholds come from episodes of `training` tasks, everything else from `held_out`. Every method sees the same draws: the draw of a
// task's repeat depends on (seed, task index, repeat, shots) alone. A method that cannot adapt on so few shots is left out and noted.
// `progress` gets the share done, 0 to 1.
EvaluationResult evaluate(std::string_view suite, std::span<const Task> training, std::span<const Task> held_out,
                          std::span<const std::unique_ptr<Method>> methods, const EvaluationOptions& options, ThreadPool& pool,
                          const std::function<void(double)>& progress = {});

// What results and report say beside the numbers.
struct RunSettings {
  std::string title;  // of the suite
  std::string description;
  std::string domain;
  bool simulated = false;
  std::vector<std::string> training_tasks;
  std::vector<std::pair<std::string, std::string>> settings;  // (name, value) as given
  std::vector<std::string> notes;                             // of the suite: files, dropped columns
  double training_seconds = 0;
};

// results.json, as documented in docs/results.md. Everything but the timings depends on the seed alone.
std::string results_json(const EvaluationResult& result, const RunSettings& settings);
// report.html: one self-contained page.
std::string report_html(const EvaluationResult& result, const RunSettings& settings);
// The table for a terminal.
std::string results_table(const EvaluationResult& result);

}  // namespace oddshot
