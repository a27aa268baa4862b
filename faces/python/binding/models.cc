// Trained models and the detectors that adapting makes of them.
#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nanobind/nanobind.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include "arrays.h"
#include "bind.h"
#include "model.h"
#include "oddshot/base/thread_pool.h"
#include "oddshot/detector/detector.h"
#include "oddshot/evaluation/methods.h"
#include "oddshot/model_io/atomic_file.h"
#include "table.h"

namespace nb = nanobind;

namespace oddshot::python {
namespace {

std::span<const std::uint8_t> bytes_of(const nb::bytes& bytes) { return {static_cast<const std::uint8_t*>(bytes.data()), bytes.size()}; }

nb::bytes to_bytes(const std::vector<std::uint8_t>& bytes) { return nb::bytes(bytes.data(), bytes.size()); }

// A detector; scoring is const and may be done by several threads.
struct PyDetector {
  Detector detector;
};

PyDetector* adapt(const PyModel& model, const PyTable& table, const std::string& label, const std::string& normal,
                  const std::string& anomaly) {
  const nb::gil_scoped_release free;
  return new PyDetector{
      Detector::adapt(model.model, table.table, {.label = label, .normal = {normal}, .anomaly = {anomaly}, .ignored = {}})};
}

void score(const PyDetector& detector, const PyTable& table, nb::handle out, unsigned threads) {
  const Floats scores(out, table.table.rows(), "out");
  const nb::gil_scoped_release free;
  ThreadPool pool(threads);
  std::ranges::copy(detector.detector.score(table.table, pool), scores.span().begin());
}

std::optional<double> left_out(const PyDetector& detector, unsigned threads) {
  const nb::gil_scoped_release free;
  ThreadPool pool(threads);
  return left_out_auroc(detector.detector, pool);
}

}  // namespace

void bind_models(nb::module_& module) {
  module.def(
      "write_file", [](const std::string& path, const std::string& text) { write_file_atomically(path, std::string_view(text)); },
      nb::arg("path"), nb::arg("text"), "Replaces the file, or makes it, in one step.");
  nb::class_<PyModel>(module, "MetaModel", "What was meta-learned.")
      .def_static(
          "load", [](const std::string& path) { return PyModel{load_model(path)}; }, nb::arg("path"))
      .def_static(
          "parse", [](const nb::bytes& bytes, const std::string& name) { return PyModel{parse_model(bytes_of(bytes), name)}; },
          nb::arg("bytes"), nb::arg("name"))
      .def(
          "save", [](const PyModel& model, const std::string& path) { save_model(model.model, path); }, nb::arg("path"))
      .def("serialise", [](const PyModel& model) { return to_bytes(serialise(model.model)); })
      .def(
          "describe", [](const PyModel& model, bool json) { return describe(model.model, json); }, nb::arg("json"))
      .def_prop_ro("learner", [](const PyModel& model) { return model.model.selection ? std::string(kAutoLearner) : model.model.learner; })
      .def_prop_ro("space", [](const PyModel& model) { return std::string(to_string(model.model.training.space)); })
      .def_prop_ro("suite", [](const PyModel& model) { return model.model.suite; })
      .def_prop_ro("training_tasks", [](const PyModel& model) { return model.model.training_tasks; })
      .def_prop_ro("losses", [](const PyModel& model) { return model.model.losses; })
      .def_prop_ro("steps", [](const PyModel& model) { return model.model.steps_done; })
      .def_prop_ro("seed", [](const PyModel& model) { return model.model.training.seed; });

  nb::class_<PyDetector>(module, "Detector", "A model adapted to one table.")
      .def_static("adapt", &adapt, nb::arg("model"), nb::arg("table"), nb::arg("label"), nb::arg("normal"), nb::arg("anomaly"))
      .def_static(
          "load", [](const std::string& path) { return new PyDetector{load_detector(path)}; }, nb::arg("path"))
      .def_static(
          "parse", [](const nb::bytes& bytes, const std::string& name) { return new PyDetector{parse_detector(bytes_of(bytes), name)}; },
          nb::arg("bytes"), nb::arg("name"))
      .def(
          "save", [](const PyDetector& detector, const std::string& path) { save_detector(detector.detector, path); }, nb::arg("path"))
      .def("serialise", [](const PyDetector& detector) { return to_bytes(serialise(detector.detector)); })
      .def(
          "describe", [](const PyDetector& detector, bool json) { return describe(detector.detector, json); }, nb::arg("json"))
      .def("score", &score, nb::arg("table"), nb::arg("out"), nb::arg("threads"))
      .def("left_out_auroc", &left_out, nb::arg("threads"))
      .def_prop_ro("notes", [](const PyDetector& detector) { return detector.detector.notes(); })
      .def_prop_ro("normals", [](const PyDetector& detector) { return detector.detector.normals(); })
      .def_prop_ro("anomalies", [](const PyDetector& detector) { return detector.detector.anomalies(); })
      .def_prop_ro("numeric", [](const PyDetector& detector) { return detector.detector.preprocessor().numeric_columns(); })
      .def_prop_ro("category", [](const PyDetector& detector) { return detector.detector.preprocessor().category_columns(); });
}

}  // namespace oddshot::python
