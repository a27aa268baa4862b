#include "oddshot/evaluation/evaluate.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <iterator>
#include <set>

#include "evaluation/curves.h"
#include "evaluation/draws.h"
#include "evaluation/measure.h"
#include "evaluation/progress.h"
#include "evaluation/summary.h"
#include "evaluation/thresholds.h"
#include "oddshot/base/error.h"

namespace oddshot {
namespace {

constexpr std::array<std::string_view, 4> kKinds = {"learner", "expert", "supervised", "pooled"};

std::string at(std::size_t shots) { return std::to_string(shots) + " shots: "; }

void check_methods(std::span<const std::unique_ptr<Method>> methods) {
  if (methods.empty()) throw ArgumentError("there is no method to evaluate");
  std::set<std::string> names;
  for (const auto& method : methods) {
    if (!names.insert(method->name()).second) throw ArgumentError("method \"" + method->name() + "\" is given twice");
    if (std::find(kKinds.begin(), kKinds.end(), method->kind()) == kKinds.end()) {
      throw ArgumentError("method \"" + method->name() + "\" is of kind \"" + method->kind() +
                          "\", which is none of learner, expert, supervised, pooled");
    }
  }
}

void check_tasks(std::span<const Task> held_out) {
  if (held_out.empty()) throw ArgumentError("there is no held-out task to evaluate on");
  std::set<std::string> names;
  for (const Task& task : held_out) {
    if (!names.insert(task.name).second) throw ArgumentError("held-out task \"" + task.name + "\" is given twice");
  }
}

// Supports that are smaller than asked for, lest nothing be left for the query.
void note_smaller_supports(std::span<const Task> held_out, const EvaluationOptions& options, std::vector<std::string>& notes) {
  std::string list;
  for (const Task& task : held_out) {
    const std::size_t normals = fitted_to(task, held_out_spec(options, 0)).normals;
    if (normals < options.normals) list += (list.empty() ? "" : ", ") + task.name + " " + std::to_string(normals);
  }
  if (list.empty()) return;
  notes.push_back("tasks with too few normals for a support of " + std::to_string(options.normals) +
                  "; theirs has two thirds of what there is: " + list);
}

// Why the task cannot be drawn from in this repeat; empty if it can.
std::string obstacle(const Task& task, const EvaluationOptions& options, const DrawKey& key) {
  try {
    draw_episode(task, held_out_spec(options, key.shots), options.seed, key);
    return {};
  } catch (const ArgumentError& error) {
    return error.what();
  }
}

// `why` names the task.
std::string left_out(std::size_t shots, const std::string& why) { return at(shots) + "a held-out task is left out: " + why; }

// What can be evaluated at so many shots, by the first draw of each task. What cannot is noted.
Field make_field(std::size_t shots, std::span<const Task> held_out, std::span<const std::unique_ptr<Method>> methods,
                 const EvaluationOptions& options, std::vector<std::string>& notes) {
  Field field{shots, {}, {}};
  for (const auto& method : methods) {
    if (method->minimum_shots() <= shots) {
      field.methods.push_back(method.get());
    } else {
      notes.push_back(at(shots) + method->name() + " is left out: it needs at least " + std::to_string(method->minimum_shots()));
    }
  }
  for (std::size_t task = 0; task < held_out.size(); ++task) {
    const std::string why = obstacle(held_out[task], options, {Purpose::kTestEpisode, task, 0, shots});
    if (why.empty()) {
      field.tasks.push_back(task);
    } else {
      notes.push_back(left_out(shots, why));
    }
  }
  return field;
}

bool is_empty(const Field& field) { return field.methods.empty() || field.tasks.empty(); }

[[noreturn]] void throw_nothing_left(const std::vector<std::string>& notes) {
  std::string message = "nothing is left to evaluate";
  for (const std::string& note : notes) message += "; " + note;
  throw ArgumentError(message);
}

MeasuredDraw measure_draw(Draw& draw, const Field& field, std::span<const std::optional<float>> thresholds) {
  const std::vector<std::uint8_t>& labels = draw.episode.query_labels;
  MeasuredDraw measured;
  measured.query_rows = labels.size();
  measured.query_anomalies = static_cast<std::size_t>(std::count(labels.begin(), labels.end(), std::uint8_t{1}));
  for (std::size_t m = 0; m < field.methods.size(); ++m) {
    const ScoredDraw scored = adapt_and_score(*field.methods[m], draw);
    ReliabilityCounts reliability;
    if (const ScoreProfile* profile = field.methods[m]->profile()) {
      reliability = reliability_of(*profile, field.shots, scored.scores, labels);
    }
    measured.methods.push_back({measure(scored, draw, thresholds[m]), scored.adapt_ms, scored.score_seconds, reliability});
  }
  return measured;
}

// Every draw of every task of the field. A task that a later draw finds too small (duplicates of its support may leave no query) leaves the
// field.
Measured measure_field(std::span<const Task> held_out, Field& field, std::vector<std::optional<float>> thresholds,
                       const EvaluationOptions& options, ThreadPool& pool, Progress& progress, std::vector<std::string>& notes) {
  const std::size_t repeats = options.repeats;
  std::vector<MeasuredDraw> draws(field.tasks.size() * repeats);
  std::vector<std::string> obstacles(draws.size());
  pool.parallel_for(draws.size(), [&](std::size_t i, unsigned) {
    const DrawKey key = {Purpose::kTestEpisode, field.tasks[i / repeats], i % repeats, field.shots};
    std::optional<Draw> draw;
    try {
      draw = draw_episode(held_out[key.task], held_out_spec(options, field.shots), options.seed, key);
    } catch (const ArgumentError& error) {
      obstacles[i] = error.what();
    }
    if (draw) draws[i] = measure_draw(*draw, field, thresholds);
    progress.done_one();
  });

  Measured measured{field.shots, repeats, field.methods, std::move(thresholds), {}, {}};
  std::vector<std::size_t> kept;
  for (std::size_t t = 0; t < field.tasks.size(); ++t) {
    const auto first = static_cast<std::ptrdiff_t>(t * repeats);
    const auto last = first + static_cast<std::ptrdiff_t>(repeats);
    const Task& task = held_out[field.tasks[t]];
    const auto why = std::find_if(obstacles.begin() + first, obstacles.begin() + last, [](const std::string& o) { return !o.empty(); });
    if (why != obstacles.begin() + last) {
      notes.push_back(left_out(field.shots, *why));
      continue;
    }
    kept.push_back(field.tasks[t]);
    measured.tasks.push_back(task.name);
    std::move(draws.begin() + first, draws.begin() + last, std::back_inserter(measured.draws));
  }
  field.tasks = std::move(kept);
  return measured;
}

// One line for all methods with undefined metrics, unless no threshold explains them all.
void note_undefined(std::span<const MethodResult> results, std::size_t draws, std::vector<std::string>& notes) {
  std::string methods;
  for (const MethodResult& result : results) {
    if (!result.threshold || result.undefined == 0) continue;
    methods += (methods.empty() ? "" : ", ") + result.name + " in " + std::to_string(result.undefined);
  }
  if (methods.empty()) return;
  notes.push_back(at(results.front().shots) + "of " + std::to_string(draws) +
                  " draws a metric at the threshold is undefined (no row is called an anomaly) for " + methods);
}

template <class T>
void append(std::vector<T>& to, std::vector<T> from) {
  to.insert(to.end(), std::make_move_iterator(from.begin()), std::make_move_iterator(from.end()));
}

}  // namespace

EvaluationResult evaluate(std::string_view suite, std::span<const Task> training, std::span<const Task> held_out,
                          std::span<const std::unique_ptr<Method>> methods, const EvaluationOptions& options, ThreadPool& pool,
                          const std::function<void(double)>& progress) {
  const auto start = std::chrono::steady_clock::now();
  options.validate();
  check_methods(methods);
  check_tasks(held_out);

  EvaluationResult result;
  result.suite = suite;
  result.options = options;
  note_smaller_supports(held_out, options, result.notes);
  std::vector<Field> fields;
  std::size_t pieces = 0;
  for (const std::size_t shots : options.shots) {
    Field field = make_field(shots, held_out, methods, options, result.notes);
    if (is_empty(field)) continue;
    pieces += training.size() * options.threshold_repeats + field.tasks.size() * (options.repeats + 1);
    fields.push_back(std::move(field));
  }

  Progress done(progress, pieces);
  for (Field& field : fields) {
    auto thresholds = suggest_thresholds(training, field.methods, options, field.shots, pool, done, result.notes);
    const Measured measured = measure_field(held_out, field, std::move(thresholds), options, pool, done, result.notes);
    if (field.tasks.empty()) continue;
    std::vector<MethodResult> results = summarise(measured, options.seed, pool);
    note_undefined(results, measured.draws.size(), result.notes);
    append(result.adaptation, adaptation_curves(held_out, field, options, pool, done));
    append(result.curves, task_curves(held_out, field, results, options, pool));
    append(result.methods, std::move(results));
  }
  if (result.methods.empty()) throw_nothing_left(result.notes);
  done.finish();
  result.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return result;
}

}  // namespace oddshot
