#include "options.h"

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <span>
#include <string_view>

#include <fmt/format.h>

#include "count_option.h"
#include "oddshot/base/error.h"
#include "oddshot/base/text.h"
#include "oddshot/evaluation/methods.h"
#include "oddshot/evaluation/plan_settings.h"

namespace oddshot::cli {
namespace {

constexpr unsigned kMostThreads = 1024;

// The subcommand that parsing had reached.
const CLI::App* deepest(const CLI::App* app) {
  while (!app->get_subcommands().empty()) {
    app = app->get_subcommands().front();
  }
  return app;
}

// "--shots", ...
std::vector<std::string> long_names(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
  }
  return names;
}

// The nearest of the names, or else the only one that begins so; empty if there is none.
std::string meant(const std::string& word, const std::vector<std::string>& names) {
  if (const auto near = nearest(word, std::span<const std::string>(names))) return std::string(*near);
  const auto begins = [&](const std::string& name) { return word.size() > 3 && name.starts_with(word); };
  return std::count_if(names.begin(), names.end(), begins) == 1 ? *std::find_if(names.begin(), names.end(), begins) : "";
}

// Of a name in the file of --config that is none of a section or option: what it is and what was probably meant. Empty for other errors.
std::string slip_of_settings(const CLI::App& app, const CLI::ParseError& error) {
  constexpr std::string_view kUnknown = "INI was not able to parse ";
  const std::string_view words = error.what();
  if (error.get_name() != "ConfigError" || !words.starts_with(kUnknown)) return {};
  const std::string_view key = words.substr(kUnknown.size());
  const std::size_t dot = key.rfind('.');
  const std::string section(dot == std::string_view::npos ? "" : key.substr(0, dot));
  const std::string name(dot == std::string_view::npos ? key : key.substr(dot + 1));
  const std::string file = app.get_option("--config")->as<std::string>();
  const CLI::App* command = nullptr;
  std::vector<std::string> sections;
  for (const CLI::App* one : app.get_subcommands([](const CLI::App*) { return true; })) {
    sections.push_back(one->get_name());
    if (one->get_name() == section) command = one;
  }
  if (section.empty()) {
    return fmt::format("{}: \"{}\" stands in no section; options stand in that of their subcommand, as [adapt]", file, name);
  }
  if (command == nullptr) {
    const std::string near = meant(section, sections);
    return fmt::format("{}: section [{}] is of no subcommand{}", file, section,
                       near.empty() ? "" : fmt::format("; did you mean [{}]?", near));
  }
  std::string near = meant("--" + name, long_names(*command));
  if (!near.empty()) near = fmt::format("; did you mean \"{}\"?", near.substr(2));
  return fmt::format("{}: section [{}] has an option \"{}\", which oddshot {} has not{} (see oddshot {} --help-all)", file, section, name,
                     section, near, section);
}

}  // namespace

void take_defaults_of_space(CLI::App& command, Settings& settings) {
  settings.given = [&command](const char* name) {
    const CLI::Option* option = command.get_option_no_throw(name);
    return option != nullptr && option->count() > 0;
  };
}

std::string refuse_stream(const std::string& file) {
  return file == "-" ? "it is written whole or not at all, so to a file and not to standard output" : "";
}

void add_suite_options(CLI::App& command, Settings& settings) {
  command.add_option("SUITE", settings.suite, "a suite that ships (oddshot suite list) or the path of a manifest")->required();
  command.add_option("--data", settings.data.folder,
                     "the folder with the suite's files (else $ODDSHOT_DATA, ../shared/data, ~/.cache/oddshot)");
  command.add_flag("--no-download", settings.no_download, "do not download files that are not found");
}

void add_common_options(CLI::App& command, Settings& settings) {
  add_count(command, "--seed", settings.plan.evaluation.seed, "everything but the timings depends on it alone")->capture_default_str();
  add_count(command, "--threads", settings.threads, "1 to 1024; 0: one per core; results do not depend on it")->capture_default_str();
}

void add_shots_options(CLI::App& command, Settings& settings) {
  command.add_option("--shots", settings.shots, "labelled anomalies in a support, a list")->capture_default_str();
  add_count(command, "--normals", settings.plan.evaluation.normals, "labelled normal rows in a support")->capture_default_str();
}

void add_training_options(CLI::App& command, Settings& settings) {
  LearnerOptions& learner = settings.plan.learner;
  TrainingOptions& training = settings.plan.training;
  command
      .add_option("--learner", settings.learners,
                  "meta-learners, a list, in which auto stands for what leaving training tasks out shows to be best; or none")
      ->capture_default_str();
  command
      .add_option(
          "--space", settings.space,
          "what learners see of a row: scores of simple detectors, raw columns (with defaults of its own for --steps, --episodes, "
          "--dropout, --rate, --warmup, --weight-decay and --hidden), both, or table (detectors fitted on the support alone, the same "
          "width for any table; with as many --normals as serve there)")
      ->capture_default_str();
  add_count(command, "--steps", training.steps, "outer steps of meta-training")->capture_default_str();
  add_count(command, "--episodes", training.episodes, "training episodes made once and drawn from; 0: new ones at every step")
      ->capture_default_str();
  add_count(command, "--tasks-per-step", training.tasks_per_step, "episodes that one outer step averages over")->capture_default_str();
  command.add_option("--dropout", training.dropout, "share of the columns that each use of an episode does without")->capture_default_str();
  command.add_option("--rate", training.rate, "step size of the outer loop")->capture_default_str();
  command.add_option("--warmup", training.warmup, "share of the steps over which the rate first rises")->capture_default_str();
  command.add_option("--weight-decay", training.weight_decay, "share of the weights that a step takes away, times the rate")
      ->capture_default_str();
  command.add_option("--optimizer", settings.optimizer, "of the outer loop: adam or sgd")->capture_default_str();
  command
      .add_option(
          "--augment", settings.augment,
          "where training episodes come from, by weight: real=W, mixtures=W, clusters=W, ... (docs/augmentation.md); or none: real alone")
      ->capture_default_str();
  add_count(command, "--inner-steps", learner.inner_steps, "steps of the inner loop")->capture_default_str();
  command.add_option("--inner-rate", learner.inner_rate, "step size of the inner loop, or its start where it is learned")
      ->capture_default_str();
  command.add_option("--inner-momentum", learner.inner_momentum, "momentum of the inner loop, 0 to below 1 (learned-optimizer has none)")
      ->capture_default_str();
  command.add_flag("--multi-step-loss", learner.multi_step_loss,
                   "maml, fomaml, meta-sgd, anil, learned-optimizer: a query loss after every inner step, not the last alone");
  command.add_flag("--learn-inner-rates", learner.learn_inner_rates, "maml, fomaml, anil: learn one inner rate per step and tensor");
  add_count(command, "--finetune-steps", learner.finetune_steps, "steps of pooled-finetuned on the support")->capture_default_str();
  command.add_option("--hidden", settings.hidden, "widths of the encoder's hidden layers, a list; or none")->capture_default_str();
  add_count(command, "--embedding", learner.embedding, "siamese, proto, ridge, in-context: width of the embedding")->capture_default_str();
  add_count(command, "--prototypes", learner.prototypes, "proto: prototypes a class")->capture_default_str();
  command.add_option("--metric", settings.metric, "proto: euclidean, cosine or diagonal (learned weights)")->capture_default_str();
  command.add_option("--margin", learner.margin, "siamese: distance that pairs of different classes should keep")->capture_default_str();
  command.add_option("--contrast", settings.contrast, "siamese: linear or squared contrastive loss")->capture_default_str();
  command.add_option("--mining", settings.mining, "siamese: train on all, random or semi-hard pairs")->capture_default_str();
  command.add_option("--proximity", learner.proximity, "imaml: weight of the pull towards the start")->capture_default_str();
  add_count(command, "--conjugate-steps", learner.conjugate_steps, "imaml: steps of the conjugate gradients")->capture_default_str();
  add_count(command, "--optimizer-width", learner.optimizer_width, "learned-optimizer: width of its hidden layer")->capture_default_str();
  add_count(command, "--members", learner.members, "score-net, gate: networks whose scores are averaged")->capture_default_str();
  command.add_option("--committee", settings.committee, "committee: the learners it is made of, a list (score-net,in-context,gate)");
  command.add_option("--activation", settings.activation, "relu, tanh or gelu")->capture_default_str();
  command.add_flag("--layer-norm", learner.encoder.layer_norm, "normalise each hidden layer");
}

void add_evaluation_options(CLI::App& command, Settings& settings) {
  EvaluationOptions& evaluation = settings.plan.evaluation;
  command
      .add_option("--baselines", settings.baselines,
                  "none, or a list; all: every one on plain columns, everywhere: every simple method on every view; knn@whitened is knn on "
                  "another view: rank, whitened or joined (of a suite of tables: rank; oddshot baselines lists them)")
      ->capture_default_str();
  add_count(command, "--repeats", evaluation.repeats, "draws from each held-out task")->capture_default_str();
  add_count(command, "--query-normals", evaluation.query_normals, "normal rows to judge by in a draw")->capture_default_str();
  add_count(command, "--query-anomalies", evaluation.query_anomalies, "anomalies to judge by in a draw (or all that are left)")
      ->capture_default_str();
}

std::vector<std::string> parse_names(const std::string& text) {
  std::vector<std::string> names;
  if (text == "none") {
    return names;
  }
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find(',', begin), text.size());
    std::string name = text.substr(begin, end - begin);
    name.erase(0, name.find_first_not_of(' '));
    name.erase(name.find_last_not_of(' ') + 1);
    names.push_back(std::move(name));
    begin = end + 1;
  }
  return names;
}

std::vector<std::size_t> parse_numbers(const std::string& option, const std::string& text) {
  std::vector<std::size_t> numbers;
  for (const std::string& word : parse_names(text)) {
    std::size_t value = 0;
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
    if (error != std::errc{} || end != word.data() + word.size()) {
      throw UsageError(fmt::format("{} {}: \"{}\" is not a whole number of 0 or more; give a list such as 1,5,10", option, text, word));
    }
    numbers.push_back(value);
  }
  return numbers;
}

void Settings::settle(bool of_tables) {
  if (threads > kMostThreads) {
    throw UsageError(fmt::format("--threads is {}; it must be 0 to {}", threads, kMostThreads));
  }
  data.download = !no_download;
  plan.learners = parse_names(learners);
  plan.baselines = expanded_baselines(parse_names(baselines));
  plan.evaluation.shots = parse_numbers("--shots", shots);
  plan.learner.encoder.hidden = parse_numbers("--hidden", hidden);
  if (!committee.empty()) plan.learner.committee = parse_names(committee);
  as_usage([&] {
    plan.training.space = given && !given("--space") ? default_space(of_tables) : parse_space(space);
    plan.learner.encoder.activation = parse_activation(activation);
    plan.learner.metric = parse_metric(metric);
    plan.learner.contrast = parse_contrast(contrast);
    plan.learner.mining = parse_mining(mining);
    plan.training.optimizer = parse_optimizer(optimizer);
    plan.training.augment = parse_augment(augment);
    if (given) take_defaults(of_tables);
    plan.train_as_judged();
    plan.validate();
  });
}

void Settings::take_defaults(bool of_tables) {
  const ExperimentPlan defaults = default_plan(plan.training.space, of_tables);
  const auto choose = [&](std::string_view setting, auto& field, const auto& value) {
    if (!given(fmt::format("--{}", setting).c_str())) field = value;
  };
  for_each_setting(choose, plan, defaults);
}

void Settings::fit_to(const TaskSuite& tasks) {
  const std::vector<std::string> named = parse_names(baselines);
  plan.baselines = expanded_baselines(named, tasks);
  if (plan.baselines == named) return;
  for (const std::string_view baseline : baseline_names()) {
    if (const std::string_view missing = missing_for(baseline); !missing.empty()) {
      fmt::print(stderr, "without baseline {}: it {}\n", baseline, missing);
    }
  }
}

std::filesystem::path Settings::output_folder(const std::string& suite_name) const {
  return output.empty() ? std::filesystem::path("out") / suite_name : std::filesystem::path(output);
}

std::string explain(const CLI::App& app, const CLI::ParseError& error, int argc, char** argv) {
  if (std::string slip = slip_of_settings(app, error); !slip.empty()) return slip;
  const CLI::App* at = deepest(&app);
  std::string words = error.what();
  std::replace(words.begin(), words.end(), '\n', ' ');
  const std::vector<const CLI::App*> below = at->get_subcommands([](const CLI::App*) { return true; });
  const std::string first = argc > 1 ? argv[1] : "";
  if (at == &app && !first.empty() && first.front() != '-') {  // the parser only says that a subcommand is missing
    words = fmt::format("there is no subcommand {}", first);
  }
  // The word that nobody expected, and the nearest that somebody would have.
  std::vector<std::string> known = long_names(*at);
  for (const CLI::App* command : below) {
    known.push_back(command->get_name());
  }
  const auto is_known = [&](const std::string& word) { return std::find(known.begin(), known.end(), word) != known.end(); };
  std::vector<std::string> given;
  for (int i = 1; i < argc; ++i) given.push_back(std::string(argv[i]).substr(0, std::string_view(argv[i]).find('=')));
  if (error.get_name() == "RequiredError" && at != &app) {  // what is missing may have been misspelt, which the parser does not say
    const std::vector<std::string> above = long_names(app);
    const auto strange = std::find_if(given.begin(), given.end(), [&](const std::string& word) {
      return word.size() > 2 && word.starts_with("--") && !is_known(word) && std::find(above.begin(), above.end(), word) == above.end();
    });
    if (strange != given.end()) words = fmt::format("there is no option {}", *strange);
  }
  std::string hint;
  for (const std::string& word : given) {
    if (words.find(word) == std::string::npos || is_known(word)) continue;
    if (const std::string near = meant(word, known); !near.empty()) {
      hint = fmt::format("; did you mean {}?", near);
      break;
    }
  }
  return fmt::format("{}{} (see {} --help)", words, hint, at == &app ? "oddshot" : "oddshot " + at->get_name());
}

}  // namespace oddshot::cli
