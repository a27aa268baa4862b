// XGBoost's library, if this machine has it: loaded when first asked for, by its C interface. Not linked, so that Oddshot builds and runs
// without it.
#pragma once

#include <cstdint>
#include <string>

namespace oddshot {

// The functions used, by the names and with the types that XGBoost's documentation of its C API gives them (versions 1.6 and later).
// Handles are opaque; every function but the last returns 0, or else the last tells why.
struct XgboostLibrary {
  using Handle = void*;
  int (*matrix_create)(const float* data, std::uint64_t rows, std::uint64_t columns, float missing, Handle* out) = nullptr;
  int (*matrix_set_floats)(Handle matrix, const char* field, const float* values, std::uint64_t count) = nullptr;
  int (*matrix_free)(Handle matrix) = nullptr;
  int (*booster_create)(const Handle* matrices, std::uint64_t count, Handle* out) = nullptr;
  int (*booster_set)(Handle booster, const char* name, const char* value) = nullptr;
  int (*booster_update)(Handle booster, int iteration, Handle matrix) = nullptr;
  int (*booster_predict)(Handle booster, Handle matrix, const char* config, const std::uint64_t** shape, std::uint64_t* dimensions,
                         const float** result) = nullptr;
  int (*booster_free)(Handle booster) = nullptr;
  const char* (*last_error)() = nullptr;

  std::string missing;  // why there is none, in a sentence; empty if there is
};

// Of $ODDSHOT_XGBOOST, a path, or else where the system finds libxgboost.so. Loaded once, for as long as the process lives.
const XgboostLibrary& xgboost_library();

}  // namespace oddshot
