// A trained model as Python holds it.
#pragma once

#include "oddshot/model_io/model_file.h"

namespace oddshot::python {

struct PyModel {
  MetaModel model;
};

}  // namespace oddshot::python
