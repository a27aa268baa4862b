// The detectors that adapting makes of trained models.
#include <algorithm>
#include <cstdint>
#include <numeric>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <nanobind/nanobind.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include "arrays.h"
#include "bind.h"
#include "bytes.h"
#include "model.h"
#include "oddshot/base/thread_pool.h"
#include "oddshot/detector/detector.h"
#include "oddshot/detector/drift.h"
#include "oddshot/detector/explain.h"
#include "oddshot/detector/onnx.h"
#include "oddshot/detector/probability.h"
#include "oddshot/model_io/atomic_file.h"
#include "table.h"

namespace nb = nanobind;

namespace oddshot::python {
namespace {

using Names = std::vector<std::string>;

// A detector; what is const may be done by several threads.
struct PyDetector {
  Detector detector;
};

// Called with the GIL free.
template <class Make>
PyDetector* made(unsigned threads, const Make& make) {
  ThreadPool pool(threads);
  return new PyDetector{make(pool)};
}

PyDetector* adapt(const PyModel& model, const PyTable& table, const std::string& label, const std::string& weight, const Names& ignored,
                  const std::string& calibration, std::optional<double> max_false_alarms, double trim, bool fall_back, bool keep_rows,
                  const std::string& when, unsigned threads) {
  const AdaptOptions options{.label = label,
                             .ignored = ignored,
                             .weight = weight,
                             .calibration = parse_calibration(calibration),
                             .max_false_alarms = max_false_alarms,
                             .trim = trim,
                             .fall_back = fall_back,
                             .keep_rows = keep_rows,
                             .when = when};
  options.validate();
  const nb::gil_scoped_release free;
  return made(threads, [&](ThreadPool& pool) { return Detector::adapt(model.model, table.table, options, pool); });
}

PyDetector* updated(const PyDetector& before, const PyTable& table, const std::string& when, unsigned threads) {
  const nb::gil_scoped_release free;
  return made(threads, [&](ThreadPool& pool) { return before.detector.updated(table.table, pool, when); });
}

PyDetector* without(const PyDetector& before, const PyTable& table, const std::string& when, unsigned threads) {
  const nb::gil_scoped_release free;
  return made(threads, [&](ThreadPool& pool) { return before.detector.without(table.table, pool, when); });
}

void score(const PyDetector& detector, const PyTable& table, nb::handle out, unsigned threads) {
  const Floats scores(out, table.table.rows(), "out");
  const nb::gil_scoped_release free;
  ThreadPool pool(threads);
  std::ranges::copy(detector.detector.score(table.table, pool), scores.span().begin());
}

// Of an array whose columns are called `names`.
void score_rows(const PyDetector& detector, nb::handle array, const Names& names, nb::handle out, unsigned threads) {
  score(detector, table_of_rows(array, names, "X"), out, threads);
}

void export_onnx(const PyDetector& detector, const std::string& path) {
  const nb::gil_scoped_release free;
  write_file_atomically(path, to_onnx(detector.detector));
}

// weights: None, or as many as there are scores.
void p_values(const PyDetector& detector, nb::handle scores, nb::handle weights, nb::handle out, std::size_t count) {
  const Weights given(scores, count, "scores");
  const Doubles found(out, count, "out");
  std::optional<Weights> heavy;
  if (!weights.is_none()) heavy.emplace(weights, count, "weight");
  const nb::gil_scoped_release free;
  const Calibration& calibration = detector.detector.calibration();
  for (std::size_t i = 0; i < count; ++i) {
    const auto weight = heavy ? std::optional(heavy->span()[i]) : std::nullopt;
    found.span()[i] = calibration.p_value(given.span()[i], weight);
  }
}

// Of an anomaly, where `share` of the rows are anomalies.
void probabilities(const PyDetector& detector, nb::handle scores, double share, nb::handle out, std::size_t count) {
  const Weights given(scores, count, "scores");
  const Doubles found(out, count, "out");
  const nb::gil_scoped_release free;
  const AnomalyProbability probability(detector.detector, share);
  std::ranges::transform(given.span(), found.span().begin(), probability);
}

std::optional<double> cut_of(nb::handle p_values, std::size_t count, double share) {
  const PValues given(p_values, count, "p_values");
  PValueBatch batch;
  for (const double p : given.span()) batch.add(p);
  return batch.cut(share);
}

// Of every row (JSON, card).
nb::list explanations(const PyDetector& detector, const PyTable& table, std::size_t background, std::size_t evaluations,
                      std::size_t neighbours, std::size_t columns, unsigned threads) {
  const ExplainOptions options{.background = background, .evaluations = evaluations, .neighbours = neighbours};
  options.validate();
  std::vector<std::uint32_t> rows(table.table.rows());
  std::iota(rows.begin(), rows.end(), 0U);
  std::vector<Explanation> found;
  {
    const nb::gil_scoped_release free;
    ThreadPool pool(threads);
    found = explain(detector.detector, table.table, rows, options, pool);
  }
  nb::list all;
  for (const Explanation& one : found) all.append(nb::make_tuple(to_json(one), card(one, columns)));
  return all;
}

std::string drift(const PyDetector& detector, const PyTable& table, bool json, unsigned threads) {
  const nb::gil_scoped_release free;
  ThreadPool pool(threads);
  const Detector& of = detector.detector;
  DriftWatch watch(of);
  const Matrix rows = of.encode(table.table);
  watch.add(rows, of.score_encoded(rows, pool));
  return describe(watch, json);
}

std::optional<double> left_out(const PyDetector& detector, unsigned threads) {
  const nb::gil_scoped_release free;
  ThreadPool pool(threads);
  return detector.detector.left_out_auroc(pool);
}

// (name, whether it is numeric) of each column of the rows that are kept, but label and weight.
nb::list kept_columns(const PyDetector& detector) {
  const AdaptOptions& options = detector.detector.options();
  nb::list all;
  for (const Column& column : detector.detector.rows().table.columns) {
    if (column.name == options.label || column.name == options.weight) continue;
    all.append(nb::make_tuple(column.name, column.kind == ColumnKind::kNumeric));
  }
  return all;
}

nb::list history(const PyDetector& detector) {
  nb::list all;
  for (const DetectorEvent& event : detector.detector.history()) {
    nb::dict one;
    one["when"] = event.when;
    one["what"] = event.what;
    one["added"] = event.added;
    one["removed"] = event.removed;
    one["normals"] = event.normals;
    one["anomalies"] = event.anomalies;
    all.append(one);
  }
  return all;
}

}  // namespace

void bind_detectors(nb::module_& module) {
  module.def("false_discovery_cut", &cut_of, nb::arg("p_values"), nb::arg("count"), nb::arg("share"),
             "Alerts are the p-values up to this, so that at most the share of them is false on average; None if there are no alerts.");
  nb::class_<PyDetector>(module, "Detector", "A model adapted to one table.")
      .def_static("adapt", &adapt, nb::arg("model"), nb::arg("table"), nb::arg("label"), nb::kw_only(), nb::arg("weight"),
                  nb::arg("ignored"), nb::arg("calibration"), nb::arg("max_false_alarms").none(), nb::arg("trim"), nb::arg("fall_back"),
                  nb::arg("keep_rows"), nb::arg("when"), nb::arg("threads"),
                  "To rows of which the column `label` says \"normal\" or \"anomaly\", or nothing.")
      .def_static(
          "load", [](const std::string& path) { return new PyDetector{load_detector(path)}; }, nb::arg("path"))
      .def_static(
          "parse", [](const nb::bytes& bytes, const std::string& name) { return new PyDetector{parse_detector(bytes_of(bytes), name)}; },
          nb::arg("bytes"), nb::arg("name"))
      .def("updated", &updated, nb::arg("table"), nb::arg("when"), nb::arg("threads"))
      .def("without", &without, nb::arg("table"), nb::arg("when"), nb::arg("threads"))
      .def(
          "save", [](const PyDetector& detector, const std::string& path) { save_detector(detector.detector, path); }, nb::arg("path"))
      .def("export_onnx", &export_onnx, nb::arg("path"))
      .def("serialise", [](const PyDetector& detector) { return to_bytes(serialise(detector.detector)); })
      .def(
          "describe", [](const PyDetector& detector, bool json) { return describe(detector.detector, json); }, nb::arg("json"))
      .def("score", &score, nb::arg("table"), nb::arg("out"), nb::arg("threads"), "Scores of the rows to out [N] of float32.")
      .def("score_rows", &score_rows, nb::arg("X"), nb::arg("names"), nb::arg("out"), nb::arg("threads"),
           "The same of X [N x D], whose columns are called `names`.")
      .def("p_values", &p_values, nb::arg("scores"), nb::arg("weight").none(), nb::arg("out"), nb::arg("count"),
           "Of scores [count] of float32, with weights [count] of float32 or None, to out [count] of float64.")
      .def("probabilities", &probabilities, nb::arg("scores"), nb::arg("share"), nb::arg("out"), nb::arg("count"),
           "Of scores [count] of float32, where this share of rows are anomalies, to out [count] of float64.")
      .def("explain", &explanations, nb::arg("table"), nb::arg("background"), nb::arg("evaluations"), nb::arg("neighbours"),
           nb::arg("columns"), nb::arg("threads"), "(JSON, card) of every row.")
      .def("drift", &drift, nb::arg("table"), nb::arg("json"), nb::arg("threads"))
      .def("left_out_auroc", &left_out, nb::arg("threads"))
      .def(
          "threshold", [](const PyDetector& detector, double rate) { return detector.detector.calibration().threshold(rate); },
          nb::arg("rate"), "A row is an alert where its score is above this.")
      .def("kept_columns", &kept_columns, "(name, whether it is numeric) of the columns of the rows that are kept.")
      .def("history", &history)
      .def_prop_ro("notes", [](const PyDetector& detector) { return detector.detector.notes(); })
      .def_prop_ro("normals", [](const PyDetector& detector) { return detector.detector.normals(); })
      .def_prop_ro("anomalies", [](const PyDetector& detector) { return detector.detector.anomalies(); })
      .def_prop_ro("method", [](const PyDetector& detector) { return detector.detector.method(); })
      .def_prop_ro("label", [](const PyDetector& detector) { return detector.detector.options().label; })
      .def_prop_ro("weight", [](const PyDetector& detector) { return detector.detector.options().weight; })
      .def_prop_ro(
          "words",
          [](const PyDetector& detector) {
            const AdaptOptions& options = detector.detector.options();
            return nb::make_tuple(options.normal.empty() ? "normal" : options.normal.front(),
                                  options.anomaly.empty() ? "anomaly" : options.anomaly.front());
          },
          "The labels (normal, anomaly) as the kept rows spell them.")
      .def_prop_ro(
          "knows_probabilities",
          [](const PyDetector& detector) {
            const Detector& of = detector.detector;
            return of.model().profile.has_value() && of.method().empty() && of.normals() >= kEnoughNormals;
          },
          "Whether the model kept how its scores become probabilities, serves itself, and was adapted to normals enough.")
      .def_prop_ro("max_false_alarms", [](const PyDetector& detector) { return detector.detector.max_false_alarms(); })
      .def_prop_ro("calibration",
                   [](const PyDetector& detector) { return std::string(to_string(detector.detector.calibration().scheme())); })
      .def_prop_ro("calibrators", [](const PyDetector& detector) { return detector.detector.calibration().size(); })
      .def_prop_ro("weighted", [](const PyDetector& detector) { return detector.detector.calibration().weighted(); })
      .def_prop_ro("numeric", [](const PyDetector& detector) { return detector.detector.preprocessor().numeric_columns(); })
      .def_prop_ro("category", [](const PyDetector& detector) { return detector.detector.preprocessor().category_columns(); });
}

}  // namespace oddshot::python
