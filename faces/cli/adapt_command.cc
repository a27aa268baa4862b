// oddshot adapt MODEL ROWS: make a detector of a trained model and your own labelled rows.
#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <chrono>
#include <memory>

#include <fmt/format.h>

#include "commands.h"
#include "oddshot/base/thread_pool.h"
#include "oddshot/data/reader.h"
#include "oddshot/detector/detector.h"
#include "oddshot/model_io/shipped_models.h"
#include "options.h"

namespace oddshot::cli {
namespace {

struct Given {
  std::string model = "universal";
  std::vector<std::string> files;  // [MODEL] ROWS
  std::string rows;
  AdaptOptions options;
  std::string ignored = "none";
  std::string output;
  unsigned threads = 0;
};

Table read_rows(const Given& given, const MetaModel& model) {
  ReadOptions read;
  if (model.training.space != Space::kTable) {
    read.numeric = model.preprocessor.numeric_columns();
    read.category = model.preprocessor.category_columns();
  }
  read.category.push_back(given.options.label);
  read.ignored = given.options.ignored;
  return read_table({given.rows}, read);
}

// [MODEL] ROWS, or ROWS alone beside --model.
void take_files(Given& given, bool named) {
  if (named && given.files.size() > 1) {
    throw UsageError(fmt::format("{} and {}: with --model there is one table of rows to give", given.files[0], given.files[1]));
  }
  if (given.files.size() > 1) given.model = given.files.front();
  given.rows = given.files.back();
}

int adapt(Given& given, bool named) {
  take_files(given, named);
  given.options.ignored = parse_names(given.ignored);
  MetaModel model = load_model(find_model(given.model));
  const Table table = read_rows(given, model);
  ThreadPool pool(given.threads);
  const auto began = std::chrono::steady_clock::now();
  const Detector detector = Detector::adapt(std::move(model), table, given.options);
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
  save_detector(detector, given.output);
  for (const std::string& note : detector.notes()) fmt::print(stderr, "{}\n", note);
  fmt::print("rows       {} normal, {} anomalies\n", detector.normals(), detector.anomalies());
  fmt::print("columns    {}, encoded as {} features\n", detector.preprocessor().schema_columns().size(), detector.preprocessor().width());
  if (const auto value = left_out_auroc(detector, pool)) {
    fmt::print("AUROC      {:.3f} on these rows, each scored by an adapting without it\n", *value);
  }
  fmt::print("adapted in {:.0f} ms\n", 1000 * seconds);
  fmt::print(stderr, "detector: {}\n", given.output);
  return kDone;
}

}  // namespace

Command add_adapt(CLI::App& parent) {
  auto given = std::make_shared<Given>();  // shared by the parser and the command
  CLI::App* command = parent.add_subcommand("adapt", "make a detector of a model and your own labelled rows");
  command
      ->add_option("FILES", given->files,
                   "[MODEL] ROWS: a model file or the name of one that ships (else --model), and a table: CSV, TSV, Parquet or Arrow, also "
                   "gzipped")
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
  command->add_option("--ignored", given->ignored, "columns that are no features, a list")->capture_default_str();
  command->add_option("--threads", given->threads, "1 to 1024; 0: one per core; results do not depend on it")->capture_default_str();
  command->add_option("-o,--output", given->output, "the detector file")->required();
  command->footer("Example:  oddshot adapt --model universal rows.csv --label-column label -o detector.safetensors");
  return [given, named] { return adapt(*given, named->count() > 0); };
}

}  // namespace oddshot::cli
