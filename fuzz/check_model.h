// What holds of any bytes given to the reader of models: a FormatError, or a model that can be shown and comes back from its own bytes.
#pragma once

#include "oddshot/base/error.h"
#include "oddshot/model_io/model_file.h"
#include "require.h"

namespace oddshot {

inline void check_model(std::span<const std::uint8_t> input) {
  MetaModel model;
  try {
    model = parse_model(input, "input");
  } catch (const FormatError&) {
    return;
  }
  ODDSHOT_REQUIRE(!describe(model).empty());
  ODDSHOT_REQUIRE(!describe(model, true).empty());
  const std::vector<std::uint8_t> bytes = serialise(model);
  ODDSHOT_REQUIRE(serialise(parse_model(bytes, "again")) == bytes);
}

}  // namespace oddshot
