// From a table's rows to those that a model is adapted to and scores.
#pragma once

#include <span>

#include "oddshot/data/preprocessor.h"
#include "oddshot/data/table.h"
#include "oddshot/detector/detector.h"
#include "oddshot/model_io/model_file.h"

namespace oddshot {

// A model of space "table" has no preprocessor: every table brings one.
inline bool has_own_preprocessor(const MetaModel& model) { return model.training.space == Space::kTable; }

std::size_t encoded_width(const MetaModel& model, const Preprocessor& preprocessor);
// Rows of features, as a preprocessor gives them, encoded: numeric ones clipped, or all views side by side.
Matrix encode_features(const MetaModel& model, const Preprocessor& preprocessor, Matrix features);
// [rows.size() x encoded_width]: the plain view, or all views side by side that the model was trained on. Errors as of
// Preprocessor::transform.
Matrix encode_rows(const MetaModel& model, const Preprocessor& preprocessor, const Table& table, std::span<const std::uint32_t> rows);

// Throws as Detector::adapt does for labels and weights that are none.
void check_labels(const Table& table, const AdaptOptions& options);

}  // namespace oddshot
