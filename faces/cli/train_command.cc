// oddshot train SUITE: meta-train one learner and write its model file.
#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <memory>

#include <fmt/format.h>

#include "commands.h"
#include "help.h"
#include "oddshot/base/thread_pool.h"
#include "options.h"
#include "output.h"

namespace oddshot::cli {
namespace {

int train(Settings& settings) {
  settings.baselines = "none";
  const SuiteManifest manifest = load_manifest(find_manifest(settings.suite));
  settings.settle(manifest.encoded_as_tables());
  if (settings.plan.learners.size() != 1) {
    throw UsageError(
        fmt::format("train makes one model, and --learner names {}; use oddshot run for several", settings.plan.learners.size()));
  }
  const std::filesystem::path file = settings.output;
  if (file.has_parent_path()) {
    make_folder(file.parent_path());
  }
  if (std::filesystem::is_directory(file)) {
    throw UsageError(fmt::format("-o {} is a folder; name the model file", file.string()));
  }
  const TaskSuite suite = encode(read_suite(manifest, settings.data));
  ThreadPool pool(settings.threads);
  const auto model = train_with_progress(settings.plan.learners.front(), settings.plan, suite, pool, file, settings.resume);
  if (!model) {
    return kInterrupted;
  }
  fmt::print(stderr, "model: {}\n", file.string());
  return kDone;
}

}  // namespace

Command add_train(CLI::App& parent) {
  auto settings = std::make_shared<Settings>();  // shared by the parser and the command
  CLI::App* command = parent.add_subcommand("train", "meta-train one learner on a suite's training tasks");
  take_defaults_of_space(*command, *settings);
  add_suite_options(*command, *settings);
  add_training_options(*command, *settings);
  add_shots_options(*command, *settings);
  add_common_options(*command, *settings);
  command->add_option("-o,--output", settings->output, "the model file")->required()->check(refuse_stream);
  command->add_flag("--resume", settings->resume, "go on from the checkpoint in the model file, if there is one");
  often_used(*command, {"data", "learner", "space", "steps", "shots", "normals", "augment", "seed", "output", "resume"});
  command->footer("Example:  oddshot train nsl-kdd -o nsl-kdd.safetensors");
  return [settings] { return train(*settings); };
}

}  // namespace oddshot::cli
