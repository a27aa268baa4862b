// The parts of the extension, each in a file of its own.
#pragma once

#include <nanobind/nanobind.h>

namespace oddshot::python {

void bind_experts(nanobind::module_& module);
void bind_tables(nanobind::module_& module);
void bind_models(nanobind::module_& module);
void bind_detectors(nanobind::module_& module);  // after bind_models
void bind_suites(nanobind::module_& module);     // after bind_models

}  // namespace oddshot::python
