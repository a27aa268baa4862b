// oddshot inspect FILE: what a model or detector file holds.
#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <algorithm>
#include <memory>

#include <fmt/format.h>

#include "commands.h"
#include "oddshot/detector/detector.h"
#include "oddshot/model_io/atomic_file.h"
#include "oddshot/model_io/model_file.h"
#include "oddshot/model_io/shipped_models.h"

namespace oddshot::cli {

Command add_inspect(CLI::App& parent) {
  struct Given {
    std::string file;
    bool json = false;
  };
  auto given = std::make_shared<Given>();  // shared by the parser and the command
  CLI::App* command = parent.add_subcommand("inspect", "print what a model or detector file holds");
  command->add_option("FILE", given->file, "a model or detector file, or the name of a model that ships")->required();
  command->add_flag("--json", given->json, "for programs");
  command->footer("Example:  oddshot inspect maml.safetensors");
  return [given] {
    const std::vector<std::string> shipped = shipped_models();
    const bool by_name = !std::filesystem::exists(given->file) && std::ranges::find(shipped, given->file) != shipped.end();
    const std::vector<std::uint8_t> bytes = read_file(by_name ? find_model(given->file) : std::filesystem::path(given->file));
    fmt::print("{}", is_detector(bytes, given->file) ? describe(parse_detector(bytes, given->file), given->json)
                                                     : describe(parse_model(bytes, given->file), given->json));
    return kDone;
  };
}

}  // namespace oddshot::cli
