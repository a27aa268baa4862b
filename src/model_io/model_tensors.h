// A model as the content of a tensor file, for files that hold more than a model.
#pragma once

#include <string>

#include "oddshot/model_io/model_file.h"
#include "oddshot/model_io/tensor_file.h"

namespace oddshot {

// What a model file holds. Throws as serialise(model) does.
TensorFile to_tensor_file(const MetaModel& model);
// The model of such content; `name` is what messages call the file. Throws FormatError, also for metadata and tensors that are not a
// model's.
MetaModel from_tensor_file(TensorFile content, const std::string& name);

}  // namespace oddshot
