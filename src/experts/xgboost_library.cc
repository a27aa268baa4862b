#include "experts/xgboost_library.h"

#include <cstdlib>

#include <dlfcn.h>
#include <fmt/format.h>

namespace oddshot {
namespace {

constexpr const char* kVariable = "ODDSHOT_XGBOOST";

// Fills `function` with the symbol, or `missing` with its name.
template <class Function>
void find(void* library, const char* name, Function& function, std::string& missing) {
  function = reinterpret_cast<Function>(dlsym(library, name));  // NOLINT(cppcoreguidelines-pro-type-reinterpret-cast): what dlsym is for
  if (function == nullptr && missing.empty()) missing = name;
}

XgboostLibrary load() {
  XgboostLibrary found;
  const char* asked = std::getenv(kVariable);  // NOLINT(concurrency-mt-unsafe): nothing here sets variables
  const std::string path = asked != nullptr && *asked != '\0' ? asked : "libxgboost.so";
  void* library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    const char* reason = dlerror();  // NOLINT(concurrency-mt-unsafe): of this thread
    found.missing = fmt::format(
        "needs XGBoost's library, which cannot be loaded ({}); set {} to the path of libxgboost.so, for instance of the Python package "
        "xgboost",
        reason != nullptr ? reason : path, kVariable);
    return found;
  }
  std::string missing;
  find(library, "XGDMatrixCreateFromMat", found.matrix_create, missing);
  find(library, "XGDMatrixSetFloatInfo", found.matrix_set_floats, missing);
  find(library, "XGDMatrixFree", found.matrix_free, missing);
  find(library, "XGBoosterCreate", found.booster_create, missing);
  find(library, "XGBoosterSetParam", found.booster_set, missing);
  find(library, "XGBoosterUpdateOneIter", found.booster_update, missing);
  find(library, "XGBoosterPredictFromDMatrix", found.booster_predict, missing);
  find(library, "XGBoosterFree", found.booster_free, missing);
  find(library, "XGBGetLastError", found.last_error, missing);
  if (!missing.empty()) found.missing = fmt::format("needs XGBoost 1.6 or later; {} has no {}", path, missing);
  return found;
}

}  // namespace

const XgboostLibrary& xgboost_library() {
  static const XgboostLibrary library = load();
  return library;
}

}  // namespace oddshot
