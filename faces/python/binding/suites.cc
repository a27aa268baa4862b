// Suites of tables at hand, meta-training on them, and judging what came of it.
#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include <nanobind/nanobind.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include "bind.h"
#include "model.h"
#include "oddshot/base/error.h"
#include "oddshot/base/text.h"
#include "oddshot/base/thread_pool.h"
#include "oddshot/evaluation/experiment.h"
#include "oddshot/evaluation/methods.h"
#include "oddshot/evaluation/plan_settings.h"
#include "oddshot/tasks/suite.h"
#include "table.h"

namespace nb = nanobind;

namespace oddshot::python {
namespace {

using Names = std::vector<std::string>;

struct PySuite {
  std::shared_ptr<const SuiteRows> rows;  // shared with the suite's pool
  TaskSuite suite;
};

PySuite encoded(SuiteRows read) {
  auto rows = std::make_shared<const SuiteRows>(std::move(read));
  TaskSuite suite = encode(rows);
  return {std::move(rows), std::move(suite)};
}

SuiteManifest manifest_of(const std::string& name, const std::string& label, const Names& normal, const Names& ignored,
                          std::size_t minimum) {
  SuiteManifest manifest;
  manifest.file = name;  // what messages call it
  manifest.name = name;
  manifest.title = name;
  manifest.domain = "other";
  manifest.label = label;
  manifest.normal = normal;
  manifest.ignored = ignored;
  manifest.minimum_anomalies = minimum;
  return manifest;
}

PySuite suite_of_frames(const std::string& name, const nb::list& tables, const std::string& label, const Names& normal,
                        const Names& ignored, std::size_t minimum) {
  SuiteManifest manifest = manifest_of(name, label, normal, ignored, minimum);
  manifest.cut = Cut::kTable;
  manifest.preprocessor.numeric = NumericTransform::kIdentity;  // as adapting to a table has it
  std::vector<NamedTable> named;
  for (const nb::handle item : tables) {
    const auto [task, table, held_out] = nb::cast<std::tuple<std::string, const PyTable*, bool>>(item);
    named.push_back({task, table->table, held_out});
  }
  const nb::gil_scoped_release free;
  return encoded(suite_of_tables(manifest, std::move(named)));
}

PySuite suite_of_frame(const std::string& name, const PyTable& table, const std::string& label, const Names& normal, const Names& ignored,
                       std::size_t minimum, const Names& training, const Names& held_out, double held_out_normals,
                       const std::string& group) {
  SuiteManifest manifest = manifest_of(name, label, normal, ignored, minimum);
  manifest.training = training;
  manifest.held_out = held_out;
  manifest.held_out_normals = held_out_normals;
  manifest.group = group;
  const nb::gil_scoped_release free;
  return encoded(suite_of(manifest, table.table));
}

PySuite simulated(const std::string& name) {
  const nb::gil_scoped_release free;
  const SuiteManifest manifest = load_manifest(find_manifest(name));
  if (manifest.simulator.empty()) throw ArgumentError("suite \"" + name + "\" is of files, not of a simulator");
  return encoded(simulated_suite(manifest));
}

nb::list tasks(const PySuite& suite) {
  nb::list all;
  for (const bool held_out : {false, true}) {
    for (const Task& task : held_out ? suite.suite.held_out : suite.suite.training) {
      all.append(nb::make_tuple(task.name, held_out, task.normals.size(), task.anomalies.size()));
    }
  }
  return all;
}

nb::list too_small(const PySuite& suite) {
  nb::list all;
  for (const auto& task : suite.rows->too_small) all.append(task.name);
  return all;
}

// ---- options by their names, which are those of the command line ------------------------------------------------------------------------

// "inner_steps" for "inner-steps".
std::string python_name(std::string_view setting) {
  std::string name(setting);
  std::ranges::replace(name, '-', '_');
  return name;
}

Names option_names() {
  ExperimentPlan plan;
  Names names;
  for_each_setting([&](std::string_view setting, auto&) { names.push_back(python_name(setting)); }, plan);
  return names;
}

template <class T>
void take(T& field, nb::handle value) {
  if constexpr (requires { read_setting(std::string_view(), field); }) {
    read_setting(nb::cast<std::string>(value), field);
  } else {
    field = nb::cast<T>(value);
  }
}

void set_option(ExperimentPlan& plan, const std::string& name, nb::handle value) {
  bool found = false;
  const auto set = [&](std::string_view setting, auto& field) {
    if (python_name(setting) != name) return;
    found = true;
    try {
      take(field, value);
    } catch (const nb::cast_error&) {
      throw ArgumentError(name + " cannot be " + nb::repr(value).c_str());
    }
  };
  for_each_setting(set, plan);
  if (found) return;
  const Names names = option_names();
  const auto near = nearest(name, std::vector<std::string_view>(names.begin(), names.end()));
  throw ArgumentError("there is no option " + name + (near ? "; did you mean " + std::string(*near) + "?" : ""));
}

// The defaults of the space come first, then what is given.
ExperimentPlan plan_of(const nb::dict& given, bool of_tables) {
  ExperimentPlan chosen;
  chosen.training.space = default_space(of_tables);
  if (given.contains("space")) set_option(chosen, "space", given["space"]);
  ExperimentPlan plan = default_plan(chosen.training.space, of_tables);
  for (const auto [name, value] : given) set_option(plan, nb::cast<std::string>(name), value);
  plan.train_as_judged();
  return plan;
}

// Once a progress callback, or a signal, has an exception.
void tell(const nb::object& callback, const nb::tuple& arguments) {
  if (PyErr_CheckSignals() != 0) throw nb::python_error();
  if (!callback.is_none()) callback(*arguments);
}

PyModel train_suite(const PySuite& suite, const std::string& learner, const nb::dict& given, unsigned threads, const nb::object& progress) {
  ExperimentPlan plan = plan_of(given, suite.suite.of_tables());
  plan.learners = {learner};
  plan.validate();
  const TrainingHooks hooks{.progress = [&](std::string_view which, const TrainingProgress& at) {
    const nb::gil_scoped_acquire hold;
    tell(progress, nb::make_tuple(nb::str(which.data(), which.size()), at.step, at.steps, at.loss));
  }};
  const nb::gil_scoped_release free;
  ThreadPool pool(threads);
  return {train_model(learner, plan.learner, plan.training, suite.suite, pool, hooks)};
}

nb::object value_or_none(const std::optional<double>& value) { return value ? nb::cast(*value) : nb::none(); }

nb::list rows_of(const EvaluationResult& result) {
  nb::list all;
  for (const MethodResult& method : result.methods) {
    for (const TaskResult& task : method.tasks) {
      nb::dict row;
      row["method"] = method.name;
      row["kind"] = method.kind;
      row["shots"] = method.shots;
      row["task"] = task.task;
      row["prevalence"] = task.prevalence;
      row["auroc"] = value_or_none(task.auroc);
      row["auprc"] = value_or_none(task.auprc);
      row["precision"] = value_or_none(task.precision);
      row["recall"] = value_or_none(task.recall);
      row["f1"] = value_or_none(task.f1);
      row["recall_at_1_percent"] = value_or_none(task.recall_at_1_percent);
      all.append(row);
    }
  }
  return all;
}

// (rows of results, table for a terminal, results.json, report.html)
nb::tuple evaluate_suite(const PySuite& suite, const nb::list& models, const Names& baselines, const nb::dict& given, unsigned threads,
                         const nb::object& progress) {
  ExperimentPlan plan = plan_of(given, suite.suite.of_tables());
  std::vector<MetaModel> copies;
  for (const nb::handle model : models) copies.push_back(nb::cast<const PyModel&>(model).model);
  plan.learners.clear();
  for (const MetaModel& model : copies) plan.learners.push_back(model.selection ? std::string(kAutoLearner) : model.learner);
  if (!copies.empty()) {
    plan.learner = copies.front().learner_options;
    plan.training = copies.front().training;
  }
  plan.baselines = expanded_baselines(baselines, suite.suite);
  if (needs_pooled(plan)) throw ArgumentError("the pooled baselines are for the command line: oddshot run");
  EvaluationResult result;
  {
    const nb::gil_scoped_release free;
    plan.evaluation.validate();
    std::optional<TaskSuite> seen;  // as the models see the rows
    if (!copies.empty() && copies.front().training.space != Space::kTable) {
      const MetaModel& first = copies.front();
      for (const MetaModel& model : copies) {
        if (!see_alike(first, model)) throw ArgumentError("the models see rows by different preprocessors: judge them one by one");
      }
      seen = encode(suite.rows, first.preprocessor, first.views, first.reference);
    }
    const TaskSuite& tasks = seen ? *seen : suite.suite;
    ThreadPool pool(threads);
    const auto methods = plan_methods(plan, copies, nullptr, tasks.views.spans(), tasks.reference);
    result = evaluate(tasks.name, tasks.training, tasks.held_out, methods, plan.evaluation, pool, [&](double share) {
      const nb::gil_scoped_acquire hold;
      tell(progress, nb::make_tuple(share));
    });
  }
  const RunSettings settings = run_settings(*suite.rows, suite.suite, plan);
  return nb::make_tuple(rows_of(result), results_table(result), results_json(result, settings), report_html(result, settings));
}

Names names_of_baselines() {
  Names names;
  for (const std::string_view name : baseline_names()) names.emplace_back(name);
  return names;
}

}  // namespace

void bind_suites(nb::module_& module) {
  nb::class_<PySuite>(module, "Suite", "Tasks cut from tables, encoded.")
      .def_static("of_frames", &suite_of_frames, nb::arg("name"), nb::arg("tables"), nb::arg("label"), nb::arg("normal"),
                  nb::arg("ignored"), nb::arg("minimum"))
      .def_static("of_frame", &suite_of_frame, nb::arg("name"), nb::arg("table"), nb::arg("label"), nb::arg("normal"), nb::arg("ignored"),
                  nb::arg("minimum"), nb::arg("training"), nb::arg("held_out"), nb::arg("held_out_normals"), nb::arg("group"))
      .def_static("simulated", &simulated, nb::arg("name"))
      .def("tasks", &tasks, "(name, held out, normals, anomalies) of each task.")
      .def("too_small", &too_small, "Names of the kinds or tables with fewer anomalies than minimum_anomalies.")
      .def_prop_ro("minimum_anomalies", [](const PySuite& suite) { return suite.rows->manifest.minimum_anomalies; })
      .def("describe", [](const PySuite& suite) { return describe(*suite.rows); })
      .def_prop_ro("name", [](const PySuite& suite) { return suite.suite.name; })
      .def_prop_ro("of_tables", [](const PySuite& suite) { return suite.suite.of_tables(); })
      .def_prop_ro("notes", [](const PySuite& suite) { return suite.rows->notes; });
  module.def("train", &train_suite, nb::arg("suite"), nb::arg("learner"), nb::arg("options"), nb::arg("threads"),
             nb::arg("progress").none());
  module.def("evaluate", &evaluate_suite, nb::arg("suite"), nb::arg("models"), nb::arg("baselines"), nb::arg("options"), nb::arg("threads"),
             nb::arg("progress").none());
  module.def("baselines", &names_of_baselines);
  module.def("options", &option_names);
  module.def("learners", [] {
    nb::list all;
    for (const LearnerEntry& entry : learner_table()) {
      if (entry.kind == "learner") all.append(nb::make_tuple(std::string(entry.name), std::string(entry.summary)));
    }
    return all;
  });
}

}  // namespace oddshot::python
