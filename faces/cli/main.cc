// oddshot: few-shot anomaly detection by meta-learning, on the command line. Parses, calls the library, prints.
#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <exception>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "commands.h"
#include "environment.h"
#include "help.h"
#include "oddshot/base/error.h"
#include "options.h"

namespace {

using oddshot::cli::Command;

int fail(int status, const std::string& words) {
  std::fprintf(stderr, "oddshot: %s\n", words.c_str());
  return status;
}

// The status, once all that was printed has arrived. Whoever reads it may have gone: no error.
int written(int status) {
  if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0) return status;
  if (errno == EPIPE || status != oddshot::cli::kDone) return status;
  return fail(oddshot::cli::kWrongInput, std::string("standard output: ") + std::generic_category().message(errno));
}

int run(int argc, char** argv) {
  CLI::App app{"Oddshot finds a new kind of anomaly from a handful of labelled examples."};
  app.name("oddshot");
  app.formatter(oddshot::cli::help_format());
  CLI::Option* everything = app.set_help_all_flag("--help-all", "Print this help message with every option and exit");
  app.set_version_flag("--version", "oddshot " ODDSHOT_VERSION);
  app.require_subcommand(1);
  app.set_config("--config", "", "a file of settings: [adapt], then threads = 2");
  app.allow_config_extras(CLI::config_extras_mode::error);
  app.footer("First success:  oddshot run payment-fraud --steps 200  (with data: nsl-kdd)");
  const std::vector<std::pair<const char*, Command>> commands{{"run", oddshot::cli::add_run(app)},
                                                              {"train", oddshot::cli::add_train(app)},
                                                              {"evaluate", oddshot::cli::add_evaluate(app)},
                                                              {"adapt", oddshot::cli::add_adapt(app)},
                                                              {"score", oddshot::cli::add_score(app)},
                                                              {"update", oddshot::cli::add_update(app)},
                                                              {"explain", oddshot::cli::add_explain(app)},
                                                              {"export", oddshot::cli::add_export(app)},
                                                              {"suite", oddshot::cli::add_suite(app)},
                                                              {"inspect", oddshot::cli::add_inspect(app)},
                                                              {"learners", oddshot::cli::add_learners(app)},
                                                              {"baselines", oddshot::cli::add_baselines(app)},
                                                              {"ablation", oddshot::cli::add_ablation(app)},
                                                              {"bench", oddshot::cli::add_bench(app)},
                                                              {"completion", oddshot::cli::add_completion(app)}};
  everything->group("");  // of subcommands alone: here there is no more to tell
  try {
    std::vector<std::string> words = oddshot::cli::with_environment(app, {argv + 1, argv + argc});
    words = oddshot::cli::with_left_out_values(app, std::move(words));
    std::reverse(words.begin(), words.end());  // as the parser takes them
    app.parse(std::move(words));
  } catch (const CLI::Success& asked) {  // --help, --version
    return written(app.exit(asked));
  } catch (const CLI::ParseError& error) {
    return fail(oddshot::cli::kWrongUsage, oddshot::cli::explain(app, error, argc, argv));
  }
  for (const auto& [name, command] : commands) {
    if (!app.got_subcommand(name)) continue;
    try {
      return written(command());
    } catch (const std::system_error& error) {
      if (std::ferror(stdout) == 0) throw;
      return fail(oddshot::cli::kWrongInput, "standard output: " + error.code().message());
    }
  }
  return oddshot::cli::kWrongUsage;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const oddshot::cli::UsageError& error) {
    return fail(oddshot::cli::kWrongUsage, error.what());
  } catch (const oddshot::Error& error) {
    return fail(oddshot::cli::kWrongInput, error.what());
  } catch (const std::bad_alloc&) {
    return fail(oddshot::cli::kWrongInput, "there is not enough memory for this; fewer rows, narrower layers or fewer threads may help");
  } catch (const std::exception& error) {
    return fail(oddshot::cli::kWrongInput, error.what());
  }
}
