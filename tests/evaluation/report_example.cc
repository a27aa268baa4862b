#include "evaluation/report_example.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <utility>

#include "oddshot/base/random.h"
#include "oddshot/evaluation/metrics.h"

namespace oddshot {
namespace {

constexpr std::size_t kRepeats = 20;

double within(double value) { return std::clamp(value, 0.02, 0.999); }

// The same ease of a task for every method, so that columns of the heat map resemble each other.
double ease(std::size_t task) { return 0.35 * static_cast<double>(Stream(7, Purpose::kTest, task).normal()); }

Interval around(double mean, double half) { return {mean, within(mean - half), within(mean + half)}; }

TaskResult task_result(const ExampleMethod& method, std::size_t number, std::size_t at, const std::string& name, std::size_t shots) {
  Stream stream(11, Purpose::kTest, (number * 1000 + at) * 100 + shots);
  const double learned = method.gain * std::log1p(static_cast<double>(shots)) / std::log1p(100.0);
  const double level = std::log((method.without + learned) / (1 - method.without - learned));
  const double noise = 0.3 * static_cast<double>(stream.normal());
  const double auprc = within(1 / (1 + std::exp(-(level + 3 * ease(at) + noise))));
  TaskResult t;
  t.task = name;
  t.prevalence = at % 5 == 4 ? 0.008 : 200.0 / 2200.0;
  t.auprc = auprc;
  t.auroc = within(0.5 + 0.5 * std::sqrt(auprc));
  t.f1 = within(auprc - 0.06);
  t.precision = within(auprc - 0.02 + 0.05 * static_cast<double>(stream.normal()));
  t.recall = within(auprc - 0.1 + 0.05 * static_cast<double>(stream.normal()));
  t.accuracy = within(0.9 + 0.1 * auprc);
  t.recall_at_1_percent = within(auprc * auprc);
  return t;
}

double mean_of(const std::vector<TaskResult>& tasks, std::optional<double> TaskResult::* metric) {
  double sum = 0;
  for (const TaskResult& t : tasks) sum += (t.*metric).value();
  return sum / static_cast<double>(tasks.size());
}

MethodResult method_result(const ExampleMethod& method, std::size_t at, const std::vector<std::string>& tasks, std::size_t shots) {
  MethodResult m;
  m.name = method.name;
  m.kind = method.kind;
  m.shots = shots;
  m.threshold = 0.5F;
  for (std::size_t t = 0; t < tasks.size(); ++t) m.tasks.push_back(task_result(method, at, t, tasks[t], shots));
  m.repeats.resize(tasks.size());
  const double half = 0.16 / std::sqrt(static_cast<double>(tasks.size()));
  m.auroc = around(mean_of(m.tasks, &TaskResult::auroc), half / 2);
  m.auprc = around(mean_of(m.tasks, &TaskResult::auprc), half);
  m.accuracy = around(mean_of(m.tasks, &TaskResult::accuracy), half / 4);
  m.precision = around(mean_of(m.tasks, &TaskResult::precision), half);
  m.recall = around(mean_of(m.tasks, &TaskResult::recall), half);
  m.f1 = around(mean_of(m.tasks, &TaskResult::f1), half);
  m.recall_at_1_percent = around(mean_of(m.tasks, &TaskResult::recall_at_1_percent), half);
  m.adapt_ms = 0.04 * std::pow(1.6, static_cast<double>(at));
  m.score_rows_per_s = 4.1e6 / (1 + static_cast<double>(at * at));
  return m;
}

// ROC and precision-recall curves of scores that separate about as well as `auprc` says.
TaskCurves curves_of(const MethodResult& method, const TaskResult& task) {
  Stream stream(13, Purpose::kTest, method.name.size());
  const auto shift = static_cast<float>(4 * task.auprc.value());
  std::vector<float> scores;
  std::vector<std::uint8_t> labels;
  for (std::size_t i = 0; i < 2200; ++i) {
    const bool anomaly = i < 200;
    scores.push_back(stream.normal() + (anomaly ? shift : 0.0F));
    labels.push_back(anomaly ? 1 : 0);
  }
  return {task.task, method.name, method.shots, thin_curve(roc_curve(scores, labels), 200),
          thin_curve(precision_recall_curve(scores, labels), 200)};
}

AdaptationCurve adaptation_of(const MethodResult& method) {
  AdaptationCurve curve{method.name, method.shots, {0, 1, 2, 3, 4, 5}, {}};
  for (const std::size_t k : curve.steps) curve.auprc.push_back(method.auprc->mean * (1 - 0.5 * std::pow(0.35, static_cast<double>(k))));
  return curve;
}

// Rather too sure of itself.
Reliability reliability_of(std::size_t method) {
  Reliability out;
  for (std::size_t i = 0; i < 10; ++i) {
    const double p = (static_cast<double>(i) + 0.5) / 10;
    out.bins.push_back(
        {.rows = i == 4 ? std::size_t{7} : 4000 / (i + 1), .probability = p, .share = p * (0.9 - 0.03 * static_cast<double>(method))});
  }
  out.error = 0.021 + 0.004 * static_cast<double>(method);
  out.share = 0.1;
  return out;
}

ExplainedAnomaly explained(const MethodResult& best, std::size_t place) {
  ExplainedAnomaly out{.task = best.tasks[0].task,
                       .method = best.name,
                       .shots = best.shots,
                       .place = place,
                       .query_rows = 2200,
                       .query_anomalies = 200,
                       .explanation = {}};
  out.explanation.score = 4;
  out.explanation.baseline = -3;
  const char* names[] = {"src_bytes", "flag", "count", "serror_rate", "dst_bytes", "service", "duration", "hot"};
  double share = 4;
  for (const char* name : names) {
    out.explanation.columns.push_back({.column = name, .value = "17", .usual = "0", .share = share, .error = 0});
    share = -share / 2;
  }
  out.explanation.columns.back().share = 0;
  return out;
}

void compare(std::vector<MethodResult*>& field) {
  const MethodResult* best = nullptr;
  for (const MethodResult* m : field) {
    if (m->kind != "learner" && (best == nullptr || m->auprc->mean > best->auprc->mean)) best = m;
  }
  if (best == nullptr) return;
  for (MethodResult* m : field) {
    if (m->kind != "learner") continue;
    const double difference = m->auprc->mean - best->auprc->mean;
    m->best_baseline = best->name;
    m->auprc_over_best_baseline = Interval{difference, difference - 0.021, difference + 0.019};
  }
}

void add_curves(EvaluationResult& result, const std::vector<MethodResult*>& field) {
  for (const bool learner : {true, false}) {
    const MethodResult* best = nullptr;
    for (const MethodResult* m : field) {
      if ((m->kind == "learner") == learner && (best == nullptr || m->auprc->mean > best->auprc->mean)) best = m;
    }
    if (best == nullptr) continue;
    if (learner && result.examples.empty()) result.examples = {explained(*best, 1), explained(*best, 2150)};
    std::vector<std::size_t> places = {0, best->tasks.size() / 2, best->tasks.size() - 1};
    places.erase(std::unique(places.begin(), places.end()), places.end());
    for (const std::size_t t : places) result.curves.push_back(curves_of(*best, best->tasks[t]));
  }
  for (MethodResult* m : field) {
    if (m->kind == "learner") m->reliability = reliability_of(m->name.size());
  }
  for (const MethodResult* m : field) {
    if (m->kind == "learner" || m->name == "pooled-finetuned") result.adaptation.push_back(adaptation_of(*m));
  }
}

}  // namespace

std::vector<ExampleMethod> example_methods() {
  return {{"maml", "learner", 0.52, 0.46},
          {"proto", "learner", 0.50, 0.38},
          {"robust-z", "expert", 0.41, 0},
          {"ecod", "expert", 0.38, 0},
          {"mahalanobis", "expert", 0.55, 0},
          {"knn", "expert", 0.56, 0},
          {"lof", "expert", 0.47, 0},
          {"isolation-forest", "expert", 0.50, 0},
          {"knn-difference", "supervised", 0.5, 0.4},
          {"logistic", "supervised", 0.3, 0.6},
          {"mlp-scratch", "supervised", 0.31, 0.58},
          {"pooled", "pooled", 0.24, 0},
          {"pooled-finetuned", "pooled", 0.27, 0.5},
          {"fomaml", "learner", 0.40, 0.42},
          {"meta-sgd", "learner", 0.5, 0.40}};
}

std::vector<std::string> example_tasks(std::size_t count) {
  static constexpr std::array<const char*, 12> kNames = {"apache2", "httptunnel", "mailbomb", "mscan",         "named",     "processtable",
                                                         "ps",      "saint",      "sendmail", "snmpgetattack", "snmpguess", "xterm"};
  std::vector<std::string> names;
  for (std::size_t i = 0; i < count; ++i) {
    names.emplace_back(kNames[i % kNames.size()]);
    if (i >= kNames.size()) names.back() += "-" + std::to_string(i / kNames.size());
  }
  return names;
}

EvaluationResult example_result(const std::vector<ExampleMethod>& methods, std::size_t tasks, const std::vector<std::size_t>& shots) {
  EvaluationResult result;
  result.suite = "nsl-kdd";
  result.options.shots = shots;
  result.options.repeats = kRepeats;
  const std::vector<std::string> names = example_tasks(tasks);
  for (const std::size_t s : shots) {
    for (std::size_t m = 0; m < methods.size(); ++m) result.methods.push_back(method_result(methods[m], m, names, s));
  }
  for (const std::size_t s : shots) {
    std::vector<MethodResult*> field;
    for (MethodResult& m : result.methods) {
      if (m.shots == s) field.push_back(&m);
    }
    compare(field);
    add_curves(result, field);
  }
  result.seconds = 41.7;
  return result;
}

RunSettings example_settings() {
  RunSettings s;
  s.title = "NSL-KDD: attacks on a network";
  s.description =
      "Network flows of the DARPA testbed. Trained on the attack types of the training file, judged on those that only occur in the test "
      "file.";
  s.domain = "network";
  s.training_tasks = {"back", "ipsweep", "neptune", "nmap", "pod", "portsweep", "satan", "smurf", "teardrop", "warezclient"};
  s.settings = {{"learner", "maml,proto,fomaml,meta-sgd"}, {"baselines", "all"}, {"steps", "1000"}};
  s.notes = {"KDDTest+.txt: 22,544 rows, SHA-256 verified", "column num_outbound_cmds is constant on the training normals and was dropped"};
  s.training_seconds = 63.2;
  return s;
}

}  // namespace oddshot
