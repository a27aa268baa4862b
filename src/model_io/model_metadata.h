// All of a model but its numbers, as the texts of a tensor file's metadata.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "oddshot/model_io/model_file.h"

namespace oddshot {

// `options` are the learner's own, with the encoder's outputs as it sets them.
std::map<std::string, std::string> write_metadata(const MetaModel& model, const LearnerOptions& options);

// A model without views, reference, params, losses and moments. `file` is what messages call it. Throws FormatError.
MetaModel read_metadata(const std::map<std::string, std::string>& metadata, const std::string& file);
// The views of such metadata. Throws FormatError.
Views read_views(const std::map<std::string, std::string>& metadata, std::vector<NamedTensor> tensors, const std::string& file);

// The model's learner; throws ArgumentError if it is not known, options are out of range, or the preprocessor has another width than the
// encoder or the views have inputs.
std::unique_ptr<Learner> make_learner(const MetaModel& model);

}  // namespace oddshot
