// Trained models.
#include <string>
#include <string_view>

#include <nanobind/nanobind.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include "bind.h"
#include "bytes.h"
#include "model.h"
#include "oddshot/evaluation/methods.h"
#include "oddshot/model_io/atomic_file.h"
#include "oddshot/model_io/shipped_models.h"

namespace nb = nanobind;

namespace oddshot::python {

void bind_models(nb::module_& module) {
  module.def(
      "write_file", [](const std::string& path, const std::string& text) { write_file_atomically(path, std::string_view(text)); },
      nb::arg("path"), nb::arg("text"), "Replaces the file, or makes it, in one step.");
  module.def("shipped_models", &shipped_models, "Names of the models that ship, sorted.");
  module.def(
      "find_model", [](const std::string& model) { return find_model(model).string(); }, nb::arg("model"),
      "The file of a model that ships, or the path itself.");
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
}

}  // namespace oddshot::python
