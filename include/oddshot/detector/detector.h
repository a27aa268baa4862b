// A detector: a trained model adapted to one table of your own. It scores rows of that table, and is saved as one file.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "oddshot/base/thread_pool.h"
#include "oddshot/data/preprocessor.h"
#include "oddshot/data/table.h"
#include "oddshot/experts/expert.h"
#include "oddshot/model_io/model_file.h"
#include "oddshot/tasks/task.h"

namespace oddshot {

// What the rows to adapt to say of themselves.
struct AdaptOptions {
  std::string label;                             // column; rows without a value there are not used
  std::vector<std::string> normal = {"normal"};  // values of that column
  std::vector<std::string> anomaly = {"anomaly"};
  std::vector<std::string> ignored;  // columns that are no features
};

inline constexpr std::size_t kFewestNormals = 10;         // rows that are known to be normal, to adapt to
inline constexpr std::size_t kLargestSupportClass = 512;  // rows of a class that a support holds; of more, so many evenly spaced

// A finished object; const methods may be called concurrently.
class Detector {
 public:
  // A model of space "table" takes any table: a preprocessor is fitted on its normal rows, and identifiers, row counters and columns that
  // are constant are left out. A model of another space takes tables with the columns that it was trained on. Throws ArgumentError if a
  // column that is named is not there, rows are too few, no column is left or the model is a checkpoint; FormatError for a label that is
  // neither normal nor anomalous (by place), or a table without the model's columns.
  static Detector adapt(MetaModel model, const Table& table, const AdaptOptions& options);
  // From rows that are encoded, as a file holds them. `own`: the preprocessor of a model of space "table", unused otherwise; rows [S x
  // width] encoded, labels [S]. Throws ShapeError, ArgumentError.
  Detector(MetaModel model, Preprocessor own, Matrix rows, std::vector<std::uint8_t> labels);

  // A score a row of the table, rising with abnormality. Throws FormatError naming a column that the table lacks or that is of another
  // kind.
  std::vector<float> score(const Table& table, ThreadPool& pool) const;

  const MetaModel& model() const { return model_; }
  // Of the columns that it needs.
  const Preprocessor& preprocessor() const;
  // Encoded rows that it was adapted to.
  Support support() const { return {rows_, labels_}; }
  std::size_t normals() const;
  std::size_t anomalies() const { return labels_.size() - normals(); }
  // What a user should know of the adapting: columns left out and why, rows not used. Empty for a detector from a file.
  const std::vector<std::string>& notes() const { return notes_; }

 private:
  MetaModel model_;
  Preprocessor own_;
  Matrix rows_;
  std::vector<std::uint8_t> labels_;
  std::vector<std::string> notes_;
  std::unique_ptr<Scorer> scorer_;
};

// How well the model tells the detector's own anomalies from its normals, each scored by an adapting that has not seen it: the mean AUROC
// over folds, as many as there are anomalies, 2 to 5, that leave their share of both classes out. Nothing without an anomaly, or where a
// fold has too few rows left to adapt to. Nearly equal rows, which most tables have, make it look better than rows to come will be.
std::optional<double> left_out_auroc(const Detector& detector, ThreadPool& pool);

// A detector file: that of its model (docs/model-file.md) with the rows. Errors as of save_model and load_model.
std::vector<std::uint8_t> serialise(const Detector& detector);
void save_detector(const Detector& detector, const std::filesystem::path& file);
Detector load_detector(const std::filesystem::path& file);
Detector parse_detector(std::span<const std::uint8_t> bytes, const std::string& name);
// Whether the bytes are of a detector, not of a model. Throws FormatError if they are no file in the safetensors layout.
bool is_detector(std::span<const std::uint8_t> bytes, const std::string& name);
// For people: what `oddshot inspect` prints. With json: the same for programs.
std::string describe(const Detector& detector, bool json = false);

}  // namespace oddshot
