// The library's errors as Python exceptions: the one place where a type is translated.
#pragma once

#include <nanobind/nanobind.h>

namespace oddshot::python {

// Makes the exceptions of `module`, each an oddshot.Error and what Python calls such a thing, and has nanobind raise them.
void bind_errors(nanobind::module_& module);

}  // namespace oddshot::python
