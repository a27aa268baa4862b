// oddshot export DETECTOR: a detector for other programs.
#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <memory>

#include <fmt/format.h>

#include "commands.h"
#include "oddshot/detector/onnx.h"
#include "oddshot/model_io/atomic_file.h"
#include "options.h"
#include "rows.h"

namespace oddshot::cli {

Command add_export(CLI::App& parent) {
  struct Given {
    std::string detector;
    std::string format = "onnx";
    std::string output;
  };
  auto given = std::make_shared<Given>();  // shared by the parser and the command
  CLI::App* command = parent.add_subcommand("export", "write a detector as an ONNX model that takes the table's columns");
  command->add_option("DETECTOR", given->detector, "a file of oddshot adapt")->required();
  command->add_option("--format", given->format, "onnx")->capture_default_str();
  command->add_option("-o,--output", given->output, "the file to write")->required()->check(refuse_stream);
  command->footer("Example:  oddshot export detector.safetensors -o detector.onnx");
  return [given] {
    if (given->format != "onnx") throw UsageError(fmt::format("--format {}: there is onnx alone", given->format));
    write_file_atomically(given->output, to_onnx(read_detector("oddshot export DETECTOR -o FILE", given->detector)));
    fmt::print(stderr, "ONNX model: {}\n", given->output);
    return kDone;
  };
}

}  // namespace oddshot::cli
