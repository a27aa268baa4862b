// oddshot score DETECTOR ROWS: a score beside every row, as the rows come.
#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <cerrno>
#include <chrono>
#include <cmath>
#include <filesystem>
#include <memory>
#include <system_error>

#include <fmt/format.h>
#include <unistd.h>

#include "commands.h"
#include "help.h"
#include "interrupt.h"
#include "oddshot/base/error.h"
#include "oddshot/base/text.h"
#include "oddshot/base/thread_pool.h"
#include "oddshot/data/row_stream.h"
#include "oddshot/detector/detector.h"
#include "oddshot/detector/drift.h"
#include "oddshot/detector/row_scorer.h"
#include "oddshot/model_io/atomic_file.h"
#include "options.h"
#include "progress.h"
#include "rows.h"

namespace oddshot::cli {
namespace {

struct Given {
  std::string detector;
  Rows rows;
  std::string columns = "all";
  std::string output_format;
  std::string output;
  RowScorerOptions scorer;
  std::string reasons = "none";
  ReasonOptions reason_options;
  bool watch = false;
  bool follow = false;
  bool json = false;
  unsigned threads = 0;
};

// Whoever reads our output has gone: no error, but the end, and so no std::exception.
class ClosedPipe {};

void write_to_standard_output(std::span<const std::uint8_t> bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(STDOUT_FILENO, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0 && errno == EPIPE) throw ClosedPipe();  // NOLINT(bugprone-std-exception-baseclass)
    if (written < 0) throw IoError(fmt::format("standard output: {}", std::generic_category().message(errno)));
    bytes = bytes.subspan(static_cast<std::size_t>(written));
  }
}

RowFormat output_format(const Given& given, RowFormat read) {
  if (!given.output_format.empty()) return parse_row_format(given.output_format);
  return row_format_of(given.output).value_or(read);
}

RowReadOptions reading(const Given& given, const RowScorer& scorer) {
  RowReadOptions read = scorer.reading();
  if (!given.rows.format.empty()) read.format = parse_row_format(given.rows.format);
  if (given.follow && read.whole) {
    throw UsageError("--follow: this detector's features are made of whole runs of rows (windows), so they cannot be scored as they come");
  }
  if (given.columns != "all") read.carried = parse_names(given.columns);
  read.follow = given.follow;
  if (given.follow) read.stop = [&stop = stop_on_interrupt()] { return stop.load(); };
  return read;
}

// A name that says another format than will be written would be believed.
void check_output_name(const Given& given) {
  const std::string ending = std::filesystem::path(given.output).extension().string();
  if (ending == ".gz") {
    throw UsageError(fmt::format("-o {}: what is written is not packed; write to standard output and through gzip", given.output));
  }
  if (!given.output_format.empty() || ending.empty() || row_format_of(given.output)) return;
  throw UsageError(
      fmt::format("-o {}: rows are not written as {}; end the name in .csv, .tsv, .jsonl, .parquet or .arrow, or name the format "
                  "by --output-format",
                  given.output, ending));
}

// Which rows are given reasons, if any.
std::optional<ReasonOptions> reasons_asked(const Given& given) {
  if (given.reasons == "none") return std::nullopt;
  ReasonOptions options = given.reason_options;
  options.alerts_alone = given.reasons == "alerts";
  return options;
}

void check(const Given& given) {
  as_usage([&] {
    given.reason_options.explain.validate();
    if (!given.rows.format.empty()) parse_row_format(given.rows.format);
    if (!given.output_format.empty()) parse_row_format(given.output_format);
    if (given.scorer.max_false_alarms) check_rate(*given.scorer.max_false_alarms, "--max-false-alarms");
    if (given.scorer.anomaly_share) check_rate(*given.scorer.anomaly_share, "--probability");
    if (given.scorer.false_discovery_rate) check_rate(*given.scorer.false_discovery_rate, "--fdr");
  });
  if (given.reasons != "alerts" && given.reasons != "all" && given.reasons != "none") {
    throw UsageError(fmt::format("--reasons: \"{}\" is none of alerts, all, none", given.reasons));
  }
  if (given.scorer.false_discovery_rate && given.follow) {
    throw UsageError("--fdr: all rows are counted before the first is told an alert, so they cannot be followed");
  }
  check_output_name(given);
  if (given.json && !given.watch)
    throw UsageError("--json is for the report of --watch; rows are written as JSON by --output-format jsonl");
}

// Why a batch of rows may be without an alert whatever its scores are; empty where a single row could have been one.
std::string why_none(const Calibration& calibration, double share, std::size_t rows) {
  const auto needed = static_cast<std::size_t>(std::ceil(static_cast<double>(rows) / share * (1 - 1e-12))) - 1;
  if (calibration.size() >= needed) return {};
  const double smallest = 1 / static_cast<double>(calibration.size() + 1);
  return fmt::format(
      "--fdr {}: no alerts; by {} normal rows no p-value is below {:.3g}, so {} of these {} rows would have to have that one; by {} normal "
      "rows a single row can be an alert\n",
      share, calibration.size(), smallest, static_cast<std::size_t>(std::ceil(smallest * static_cast<double>(rows) / share - 1e-9)), rows,
      needed);
}

int score(Given given) {
  if (given.output == "-") given.output.clear();
  check(given);
  const Detector detector = read_detector("oddshot score DETECTOR ROWS", given.detector, given.rows.file);
  ThreadPool pool(given.threads);
  std::optional<DriftWatch> watch;
  if (given.watch) watch.emplace(detector);
  RowScorerOptions options = given.scorer;
  options.reasons = reasons_asked(given);
  const bool tells_alerts = options.max_false_alarms || options.false_discovery_rate || detector.max_false_alarms();
  if (options.reasons && options.reasons->alerts_alone && !tells_alerts) {
    throw UsageError("--reasons alerts: nothing says which rows are alerts; give --max-false-alarms or --fdr, or --reasons all");
  }
  RowScorer scorer(detector, options, pool, watch ? &*watch : nullptr);
  const RowReadOptions read = reading(given, scorer);
  std::optional<RowSource> source;  // of rows that are gone through twice
  if (given.scorer.false_discovery_rate) {
    source.emplace(given.rows.file);
    const std::unique_ptr<RowReader> first = source->open(read);
    require_columns(*first, read, given.rows.file, "the detector");
    first->read([&](const RowBatch& batch) {
      scorer.count(batch);
      return true;
    });
  }
  const std::unique_ptr<RowReader> reader = source ? source->open(read) : open_rows(given.rows.file, read);
  require_columns(*reader, read, given.rows.file, "the detector");
  std::optional<std::vector<std::string>> kept = read.carried;
  std::optional<AtomicFile> file;
  if (!given.output.empty()) file.emplace(given.output);
  const ByteSink sink = [&](std::span<const std::uint8_t> bytes) { file ? file->write(bytes) : write_to_standard_output(bytes); };
  const auto began = std::chrono::steady_clock::now();
  const auto seconds = [&] { return std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count(); };
  ProgressLine progress;
  try {
    const auto writer =
        make_row_writer(output_format(given, reader->format()), *reader, std::move(kept), scorer.columns(), sink, !given.output.empty());
    reader->read([&](const RowBatch& batch) {
      writer->write(batch, scorer.score(batch));
      if (progress.on_terminal() && progress.due()) {
        progress.show(fmt::format("{} rows scored, {:.0f} rows/s", scorer.rows(), static_cast<double>(scorer.rows()) / seconds()));
      }
      return true;
    });
    writer->finish();
  } catch (const ClosedPipe&) {
    progress.wipe();
    return kDone;
  }
  progress.wipe();
  if (file) {
    file->commit();
    fmt::print(stderr, "{} scored{}: {}\n", counted(scorer.rows(), "row", "rows"),
               tells_alerts ? ", " + counted(scorer.alerts(), "alert", "alerts") : "", given.output);
  }
  if (given.scorer.false_discovery_rate && scorer.alerts() == 0 && scorer.rows() > 0) {
    fmt::print(stderr, "{}", why_none(detector.calibration(), *given.scorer.false_discovery_rate, scorer.rows()));
  }
  if (scorer.rows() == 0) fmt::print(stderr, "{}: a table without rows; what is written has their columns alone\n", given.rows.shown());
  if (scorer.unexplained() > 0) {
    fmt::print(stderr, "reasons: of the first {} {}; {} more have none (--reasons-limit)\n", scorer.explained(),
               options.reasons->alerts_alone ? "alerts" : "rows", scorer.unexplained());
  }
  if (watch) fmt::print(stderr, "{}", describe(*watch, given.json));
  return kDone;
}

}  // namespace

Command add_score(CLI::App& parent) {
  auto given = std::make_shared<Given>();  // shared by the parser and the command
  CLI::App* command = parent.add_subcommand("score", "score rows by a detector: columns score, p_value, alert, reasons");
  command->add_option("DETECTOR", given->detector, "a file of oddshot adapt")->required();
  command->add_option("ROWS", given->rows.file, fmt::format("a table with the detector's columns, in any order: {}", kRowsHelp))
      ->required();
  command->add_option("--columns", given->columns, "of the rows, to write before the score: all, none or a list")->capture_default_str();
  command->add_option("--max-false-alarms", given->scorer.max_false_alarms,
                      "share of the normal rows that may be alerts, instead of the detector's own");
  command->add_option("--fdr", given->scorer.false_discovery_rate,
                      "alerts of which at most this share is false, of all rows as one batch: a stream is put aside in $TMPDIR");
  command->add_option("--weight-column", given->scorer.weight, "weights of the rows, as of oddshot adapt");
  command->add_option("--probability", given->scorer.anomaly_share,
                      "a column of the probability that a row is an anomaly, where this share of all rows are");
  command->add_option("--reasons", given->reasons, "a column that says which columns raise the score most: of alerts, of all rows, or none")
      ->capture_default_str();
  command->add_option("--reasons-limit", given->reason_options.limit, "so many rows are given reasons, the first; 0: without a limit")
      ->capture_default_str();
  command
      ->add_option("--evaluations", given->reason_options.explain.evaluations,
                   "with --reasons: rows to score for one row explained, 64 to 10000000; more: less error")
      ->capture_default_str();
  command->add_flag("--watch", given->watch, "in the end, tell on standard error how far the rows have drifted from those adapted to");
  command->add_flag("--json", given->json, "the report of --watch for programs");
  command->add_flag("--follow", given->follow, "wait for rows that are added to a CSV or JSON lines file, until Ctrl-C");
  add_format_option(*command, given->rows.format);
  command->add_option("--output-format", given->output_format, "likewise (default: by the name of -o, else as the rows)");
  command->add_option("--threads", given->threads, "1 to 1024; 0: one per core; results do not depend on it")->capture_default_str();
  command->add_option("-o,--output", given->output, "the file to write, whole or not at all (default: standard output)");
  often_used(*command, {"columns", "max-false-alarms", "fdr", "reasons", "watch", "follow", "format", "output-format", "output"});
  command->footer(
      "Example:  oddshot score detector.safetensors rows.csv -o scores.csv\n"
      "          tail -f log.jsonl | oddshot score detector.safetensors - >scores.jsonl");
  return [given] { return score(*given); };
}

}  // namespace oddshot::cli
