// A tiny model with every part filled, the same bits wherever it is made: no training and no random start enters.
#pragma once

#include "oddshot/model_io/model_file.h"

namespace oddshot {

// MAML with learned inner rates over a numeric column with missing values, a category column and a dropped one. With moments if
// `checkpoint`.
MetaModel sample_model(bool checkpoint);

// One line for each part that differs; empty if the models are equal, bit for bit.
std::string difference(const MetaModel& a, const MetaModel& b);

}  // namespace oddshot
