#include "oddshot/model_io/shipped_models.h"

#include "oddshot/base/error.h"
#include "oddshot/base/text.h"
#include "tasks/shipped.h"

namespace oddshot {

namespace {

constexpr std::string_view kExtension = ".safetensors";

std::vector<std::filesystem::path> model_folders() { return shipped_folders("models", "ODDSHOT_MODELS"); }

}  // namespace

std::vector<std::string> shipped_models() { return shipped_names(model_folders(), kExtension); }

std::filesystem::path find_model(std::string_view model) {
  std::filesystem::path found = find_shipped(model, model_folders(), kExtension);
  if (!found.empty()) return found;
  const auto names = shipped_models();
  std::string message = "there is no model \"" + std::string(model) + "\": no such file, and the models that ship are";
  for (const auto& name : names) message += (name == names.front() ? " " : ", ") + name;
  if (const auto near = nearest(model, names)) message += "; did you mean " + std::string(*near) + "?";
  throw ArgumentError(message);
}

}  // namespace oddshot
