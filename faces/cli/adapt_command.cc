// oddshot adapt MODEL ROWS: make a detector of a trained model and your own labelled rows.
#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <algorithm>
#include <chrono>
#include <memory>
#include <utility>

#include <fmt/format.h>

#include "commands.h"
#include "detector_output.h"
#include "help.h"
#include "oddshot/base/thread_pool.h"
#include "oddshot/data/reader.h"
#include "oddshot/detector/detector.h"
#include "oddshot/model_io/shipped_models.h"
#include "options.h"
#include "rows.h"

namespace oddshot::cli {
namespace {

struct Given {
  std::string model = "universal";
  std::vector<std::string> files;  // [MODEL] ROWS
  Rows rows;
  AdaptOptions options;
  std::string ignored = "none";
  std::string calibration = "auto";
  bool forget_rows = false;
  bool json = false;
  std::string output;
  unsigned threads = 0;
};

Table read_rows(const Given& given, const MetaModel& model) {
  if (model.training.space != Space::kTable) {
    const std::vector<std::string> columns = model.preprocessor.schema_columns();
    for (const auto& [option, name] :
         {std::pair("--label-column", given.options.label), std::pair("--weight-column", given.options.weight)}) {
      if (std::ranges::find(columns, name) == columns.end()) continue;
      throw UsageError(fmt::format("{} {}: a column that the model scores rows by, so it cannot say what they are or weigh; name another",
                                   option, name));
    }
    std::vector<std::string> numeric;
    if (!given.options.weight.empty()) numeric.push_back(given.options.weight);
    return read_columns_of(given.rows, model.preprocessor, std::move(numeric), {given.options.label});
  }
  ReadOptions read;
  read.category.push_back(given.options.label);
  if (!given.options.weight.empty()) read.numeric.push_back(given.options.weight);
  read.ignored = given.options.ignored;
  return read_all(given.rows, std::move(read));
}

// [MODEL] ROWS, or ROWS alone beside --model.
void take_files(Given& given, bool named) {
  if (named && given.files.size() > 1) {
    throw UsageError(fmt::format("{} and {}: with --model there is one table of rows to give", given.files[0], given.files[1]));
  }
  if (given.files.size() > 1) given.model = given.files.front();
  given.rows.file = given.files.back();
  check_order("oddshot adapt MODEL ROWS", given.model, given.rows.file);
}

int adapt(Given& given, bool named) {
  take_files(given, named);
  check_format(given.rows.format);
  given.options.ignored = parse_names(given.ignored);
  given.options.keep_rows = !given.forget_rows;
  given.options.when = now();
  as_usage([&] {
    given.options.calibration = parse_calibration(given.calibration);
    given.options.validate();
  });
  MetaModel model = load_model(find_model(given.model));
  const Table table = read_rows(given, model);
  if (model.training.space == Space::kTable) given.options.ignored.clear();  // they have not been read
  ThreadPool pool(given.threads);
  const auto began = std::chrono::steady_clock::now();
  const Detector detector = Detector::adapt(std::move(model), table, given.options, pool);
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
  save_detector(detector, given.output);
  print_detector(detector, {.file = given.output, .milliseconds = 1000 * seconds, .again = false}, given.json, pool);
  return kDone;
}

}  // namespace

Command add_adapt(CLI::App& parent) {
  auto given = std::make_shared<Given>();  // shared by the parser and the command
  CLI::App* command = parent.add_subcommand("adapt", "make a detector of a model and your own labelled rows");
  command
      ->add_option("FILES", given->files,
                   fmt::format("[MODEL] ROWS: a model file or the name of one that ships (else --model), and a table: {}", kRowsHelp))
      ->required()
      ->expected(1, 2);
  CLI::Option* named =
      command
          ->add_option("--model", given->model, "a model file or the name of one that ships; of space table it takes rows of any columns")
          ->capture_default_str();
  command->add_option("--label-column", given->options.label, "tells normal rows from anomalies; empty where it is not known")->required();
  command->add_option("--normal-value", given->options.normal, "a label that means normal; may be given again")
      ->allow_extra_args(false)
      ->capture_default_str();
  command->add_option("--anomaly-value", given->options.anomaly, "a label that means anomaly; may be given again")
      ->allow_extra_args(false)
      ->capture_default_str();
  command->add_option("--unknown-value", given->options.unknown, "a label that says nothing, as an empty one does; may be given again")
      ->allow_extra_args(false)
      ->capture_default_str();
  command->add_option("--max-false-alarms", given->options.max_false_alarms,
                      "share of the normal rows to come that may be alerts, above 0 and below 1: kept, and scoring then tells alerts");
  command->add_option("--calibration", given->calibration, "normal rows behind p-values: auto, held-back, cross-fitted or none")
      ->capture_default_str();
  command
      ->add_option("--contamination-robust", given->options.trim,
                   "there may be anomalies among the normal rows: the least normal of them, this share (0.1), are not fitted to")
      ->expected(0, 1)
      ->default_str("0.1");
  command->add_flag("!--no-fall-back", given->options.fall_back, "the model serves even where a simple method does better on these rows");
  command->add_flag("--forget-rows", given->forget_rows, "keep the rows encoded alone: labels can then not be added or withdrawn later");
  command->add_option("--weight-column", given->options.weight,
                      "how much likelier a row is where the detector will be used than in these rows; weighs the calibration");
  command->add_option("--ignored", given->ignored, "columns that are no features, a list")->capture_default_str();
  add_format_option(*command, given->rows.format);
  command->add_flag("--json", given->json, "what was learned as JSON, for programs");
  command->add_option("--threads", given->threads, "1 to 1024; 0: one per core; results do not depend on it")->capture_default_str();
  command->add_option("-o,--output", given->output, "the detector file")->required()->check(refuse_stream)->check(refuse_table_name);
  often_used(*command, {"model", "label-column", "normal-value", "anomaly-value", "max-false-alarms", "ignored", "format", "output"});
  command->footer("Example:  oddshot adapt rows.csv --label-column label -o detector.safetensors");
  return [given, named] { return adapt(*given, named->count() > 0); };
}

}  // namespace oddshot::cli
