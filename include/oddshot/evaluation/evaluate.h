// The protocol: adapt every method to every held-out task, on the same draws, and measure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "oddshot/base/thread_pool.h"
#include "oddshot/evaluation/explanation.h"
#include "oddshot/evaluation/metrics.h"
#include "oddshot/experts/expert.h"
#include "oddshot/experts/input_space.h"
#include "oddshot/model_io/score_profile.h"
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
  // The space that it sees joined rows in, if it is one that methods may share: then a draw's rows are mapped once for all of them, the
  // support handed to adapt_mapped, and the query to its scorer. Null: it takes joined rows.
  virtual const InputSpace* space(const Support& /*joined*/) const { return nullptr; }
  // `steps`: inner steps to take, or Learner::kAllSteps.
  virtual std::unique_ptr<Scorer> adapt_mapped(const Support& mapped, Stream stream, std::size_t /*steps*/) const {
    return adapt(mapped, stream);
  }
  // How its scores lie on the tasks that it was trained on, from which they become probabilities; null where nobody knows.
  virtual const ScoreProfile* profile() const { return nullptr; }
};

struct EvaluationOptions {
  std::vector<std::size_t> shots = {1, 5, 10};  // each a table of its own; 1 to 32 different ones, 0 to 10000
  std::size_t normals = 50;                     // in the support (two thirds of a task's, if it has too few); 2 to 1000000
  std::size_t query_normals = 2000;             // or all that are left; 1 to 10000000
  std::size_t query_anomalies = 200;            // or all that are left; 1 to 10000000
  std::size_t repeats = 20;                     // draws from each held-out task; 1 to 10000
  std::size_t threshold_repeats = 3;            // draws from each training task that suggest the thresholds; 1 to 1000
  std::uint64_t seed = 1;
  // Throws ArgumentError naming the value and its limits.
  void validate() const;
};

// A mean over tasks of the mean over their repeats, where they are defined, with its 95% interval: the percentiles of 2000 bootstrap
// resamples, each of tasks and then of repeats within them.
struct Interval {
  double mean = 0, low = 0, high = 0;
};

// Metrics of one method on one task: means over the repeats in which they are defined.
struct TaskResult {
  std::string task;
  double prevalence = 0;  // share of anomalies among the query rows, mean over the repeats: the AUPRC of chance
  std::optional<double> auroc, auprc, accuracy, precision, recall, f1, recall_at_1_percent;
};

// A method's metrics of every repeat on one task: [repeats]; nothing where undefined.
struct RepeatMetrics {
  std::vector<std::optional<double>> auroc, auprc, accuracy, precision, recall, f1, recall_at_1_percent;
};

// Whether what is said to be an anomaly with a probability of p is one in a share p of the cases: the query rows of all draws but those
// that calibrate (half of the normals, at most 200 of a draw), each draw at its own share of anomalies.
struct Reliability {
  struct Bin {
    std::size_t rows = 0;
    double probability = 0;  // mean; 0 without a row
    double share = 0;        // of anomalies; 0 without a row
  };
  std::vector<Bin> bins;  // [10] by tenths of the probability
  double error = 0;       // expected calibration error: the mean over rows of what probability and share of their bin differ by
  double share = 0;       // of anomalies among all rows
};

// One method at one number of shots.
struct MethodResult {
  std::string name;
  std::string kind;
  std::size_t shots = 0;
  std::optional<float> threshold;  // suggested by training tasks
  std::optional<Interval> auroc, auprc, accuracy, precision, recall, f1, recall_at_1_percent;
  std::size_t undefined = 0;               // (task, repeat) pairs in which a metric at the threshold was undefined
  double adapt_ms = 0;                     // median over draws
  double score_rows_per_s = 0;             // total rows over total time, of one thread
  std::optional<Reliability> reliability;  // of its probabilities, if it tells any
  std::vector<TaskResult> tasks;           // the same for every method at these shots
  std::vector<RepeatMetrics> repeats;      // [tasks]
  // Difference in AUPRC to the best baseline at these shots, paired by draw; nothing for a baseline.
  std::optional<Interval> auprc_over_best_baseline;
  std::string best_baseline;  // of those of another kind than "learner", the one with the highest mean AUPRC; empty if there is none
};

struct AdaptationCurve {  // AUPRC by inner steps, mean over held-out tasks, the first draw of each
  std::string method;
  std::size_t shots = 0;
  std::vector<std::size_t> steps;  // 0 to all of them: each, or eleven evenly spaced where there are more than ten
  std::vector<double> auprc;       // [steps]
};

// Of the first draw from the tasks that the best learner finds hardest, middling and easiest (by AUPRC), in this order; for each the best
// learner and the best baseline. At most 200 points a curve.
struct TaskCurves {
  std::string task, method;
  std::size_t shots = 0;
  std::vector<CurvePoint> roc, precision_recall;
};

// An anomaly of the first draw from a held-out task, and why a method scores it as it does.
struct ExplainedAnomaly {
  std::string task, method;
  std::size_t shots = 0;
  std::size_t place = 0;  // by falling score among the query rows, from 1
  std::size_t query_rows = 0, query_anomalies = 0;
  Explanation explanation;  // of the row as its features have it: numbers clipped

  // Whether it is among as many rows as there are anomalies.
  bool caught() const { return place <= query_anomalies; }
};

struct EvaluationResult {
  std::string suite;
  EvaluationOptions options;
  std::vector<MethodResult> methods;  // by shots, then in the order of the methods
  std::vector<AdaptationCurve> adaptation;
  std::vector<TaskCurves> curves;
  std::vector<ExplainedAnomaly> examples;  // empty unless added (examples.h)
  std::vector<std::string> notes;          // methods and tasks left out and why; undefined metrics
  double seconds = 0;
};

// Thresholds come from episodes of `training` tasks, everything else from `held_out`. Every method sees the same draws: the draw of a
// task's repeat, and the randomness a method is handed with it, depend on (seed, task index, repeat, shots) alone. A method that cannot
// adapt on so few shots is left out and noted; so, for every method, is a task with too few rows. Without training tasks there are no
// thresholds, and the metrics at them are undefined.
// `progress` gets the share done, rising from above 0 to 1, one call at a time, from any of the pool's threads; an exception it throws ends
// the evaluation and comes out of it.
// The result depends on the arguments alone, not on the number of threads: all but adapt_ms, score_rows_per_s and seconds.
// Throws ArgumentError if options are out of range, a name occurs twice or nothing is left to evaluate; NumericError if a method gives a
// NaN score, naming method, task and repeat. Memory: metrics of every draw, scores of the draws in work only.
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
  // (name, value) as given: what numbers depend on; so not threads or folders, that the same run gives the same bytes.
  std::vector<std::pair<std::string, std::string>> settings;
  std::vector<std::string> notes;  // of the suite: files, dropped columns
  double training_seconds = 0;
};

// results.json, as documented in docs/results.md. Everything but the timings depends on the seed alone.
std::string results_json(const EvaluationResult& result, const RunSettings& settings);
// report.html: one self-contained page.
std::string report_html(const EvaluationResult& result, const RunSettings& settings);
// The table for a terminal.
std::string results_table(const EvaluationResult& result);

}  // namespace oddshot
