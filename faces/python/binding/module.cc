// oddshot._core: the library as Python sees it, one class or function for each of C++. What users call is in the Python files beside it.
#include <nanobind/nanobind.h>

#include "bind.h"
#include "errors.h"

NB_MODULE(_core, module) {
  module.attr("__version__") = ODDSHOT_VERSION;
  oddshot::python::bind_errors(module);
  oddshot::python::bind_experts(module);
  oddshot::python::bind_tables(module);
  oddshot::python::bind_models(module);
  oddshot::python::bind_detectors(module);
  oddshot::python::bind_suites(module);
}
