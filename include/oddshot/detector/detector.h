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
#include "oddshot/detector/calibration.h"
#include "oddshot/experts/expert.h"
#include "oddshot/model_io/model_file.h"
#include "oddshot/tasks/task.h"

namespace oddshot {

// What the rows to adapt to say of themselves, and what is asked of the detector.
struct AdaptOptions {
  std::string label;                             // column; rows without a value there are not used
  std::vector<std::string> normal = {"normal"};  // values of that column
  std::vector<std::string> anomaly = {"anomaly"};
  std::vector<std::string> unknown = {"unknown"};  // as if there were no value
  std::vector<std::string> ignored;                // columns that are no features
  // Column of numbers of 0 or more, or empty: how much likelier such a row is where the detector will be used than among these rows. Weighs
  // the calibration, and which rows serve where they are too many.
  std::string weight = {};  // NOLINT(readability-redundant-member-init): may be left out of a designated initialiser
  CalibrationScheme calibration = CalibrationScheme::kAuto;
  // Of all normal rows to come, so many may be alerts: sees to it that there are calibrators enough. Above 0, below 1.
  std::optional<double> max_false_alarms = std::nullopt;
  // Share of the support's normals, those that look least normal to an adapting without them, which are not fitted to; 0 to below 0.5. For
  // normals among which there may be anomalies. Calibrators are not trimmed: anomalies among them cost alerts, not the promise.
  double trim = 0;
  // A simple method serves instead of the model where it is clearly better on the rows given, each scored by an adapting without it;
  // not judged by fewer than kEnoughNormals normals.
  bool fall_back = true;
  // Keeps the rows as they were given, so that labels can be added, corrected and withdrawn later.
  bool keep_rows = true;
  // For the history, in any form; may be empty.
  std::string when = {};  // NOLINT(readability-redundant-member-init): likewise

  // Throws ArgumentError.
  void validate() const;
};

inline constexpr std::size_t kFewestNormals = 1;          // rows that are known to be normal, to adapt to
inline constexpr std::size_t kEnoughNormals = 10;         // where they are fewer, rows stand beside them that the table does not hold
inline constexpr std::size_t kLargestSupportClass = 512;  // rows of a class that a support holds; of more, so many are chosen
inline constexpr std::size_t kMostHeldBack = 20'000;      // normals to calibrate by

// Normals that a table must have so that adapting can promise so small a rate of false alarms. Throws ArgumentError unless 0 < rate < 1.
std::size_t normals_needed(double rate, CalibrationScheme scheme);

// The rows that a detector is made of: what its file keeps of the table.
struct DetectorRows {
  Preprocessor own;                  // of a model of space "table"; empty otherwise
  Matrix support;                    // [S x width] encoded
  std::vector<std::uint8_t> labels;  // [S]; 1 anomaly, 0 normal
  // [H x width] encoded normals that adapting has not seen: those held back to calibrate by, or those trimmed where it is cross-fitted.
  Matrix held_back;
  // The same rows as they were given, with labels and weights, in the order of the table; without columns if they are not kept.
  Table table;
};

// What happened to a detector's labels.
struct DetectorEvent {
  std::string when;  // as AdaptOptions has it
  std::string what;  // "adapted", "updated", "withdrawn"
  std::size_t added = 0;
  std::size_t removed = 0;
  std::size_t normals = 0;  // afterwards, those held back included
  std::size_t anomalies = 0;
  bool operator==(const DetectorEvent&) const = default;
};

// All that a detector is besides its model.
struct DetectorParts {
  DetectorRows rows;
  Calibration calibration;
  AdaptOptions options;  // as it was adapted; of a file of format 1 without a label
  std::string method;    // an expert that serves instead of the model; empty: the model
  std::vector<DetectorEvent> history;
};

// A finished object; const methods may be called concurrently.
class Detector {
 public:
  // A model of space "table" takes any table: a preprocessor is fitted on its normal rows, and identifiers, row counters and columns that
  // are constant are left out (of fewer than kEnoughNormals normals: columns without a value). A model of another space takes tables with
  // the columns that it was trained on. Throws ArgumentError if a column that is named is not there, rows are too few (also to calibrate
  // by), no column is left or the model is a checkpoint; FormatError for a label that is neither normal nor anomalous nor unknown, or a
  // weight that is none (by place), or a table without the model's columns.
  static Detector adapt(MetaModel model, const Table& table, const AdaptOptions& options, ThreadPool& pool);
  static Detector adapt(MetaModel model, const Table& table, const AdaptOptions& options);  // on one thread
  // From its parts, as a file holds them. Throws ShapeError, ArgumentError.
  Detector(MetaModel model, DetectorParts parts);

  // Adapted anew to its rows and these, with the same options. A row that equals one there but for its label corrects it; with an unknown
  // label it withdraws it. Where no row was left out for want of room, that is the detector adapted to all these rows at once. Throws
  // ArgumentError if the rows were not kept, FormatError if the table lacks a column, and as adapt does.
  Detector updated(const Table& table, ThreadPool& pool, const std::string& when = {}) const;
  // Adapted anew to its rows without those that equal one of these (whatever the label, if there is a column of labels): nothing of them
  // is left. Throws FormatError, by place, for a row that is not there; and as updated does.
  Detector without(const Table& table, ThreadPool& pool, const std::string& when = {}) const;

  // A score a row of the table, rising with abnormality. Throws FormatError naming a column that the table lacks or that is of another
  // kind.
  std::vector<float> score(const Table& table, ThreadPool& pool) const;
  // The same in two steps: the rows as the scorer sees them, [N x width], and their scores.
  Matrix encode(const Table& table) const;
  std::vector<float> score_encoded(MatrixView rows, ThreadPool& pool) const;
  const Scorer& scorer() const { return *scorer_; }  // of encoded rows

  const MetaModel& model() const { return model_; }
  // Of the columns that it needs.
  const Preprocessor& preprocessor() const;
  const DetectorRows& rows() const { return parts_.rows; }
  // Encoded rows that it was adapted to.
  Support support() const { return {parts_.rows.support, parts_.rows.labels}; }
  std::size_t normals() const;
  std::size_t anomalies() const { return parts_.rows.labels.size() - normals(); }
  // What turns a score into a p-value and a rate of false alarms into a threshold; not present() if adapting was asked for none, for a
  // single normal in space "table", or for a file of format 1.
  const Calibration& calibration() const { return parts_.calibration; }
  const AdaptOptions& options() const { return parts_.options; }
  // As adapting was asked, for whoever scores and asks for no other.
  const std::optional<double>& max_false_alarms() const { return parts_.options.max_false_alarms; }
  // The expert that serves instead of the model, or empty.
  const std::string& method() const { return parts_.method; }
  const std::vector<DetectorEvent>& history() const { return parts_.history; }
  // What a user should know of the adapting: columns left out and why, rows not used. Empty for a detector from a file.
  const std::vector<std::string>& notes() const { return notes_; }
  // How well it tells its own anomalies from its normals, each scored by an adapting that has not seen it: the mean AUROC over folds, as
  // many as there are anomalies, 2 to 5, that leave their share of both classes out. Nothing without an anomaly, or where every fold has
  // too few rows left to adapt to. Nearly equal rows, which most tables have, make it look better than rows to come will be. Takes as long
  // as adapting to each fold, unless adapting has been through them.
  std::optional<double> left_out_auroc(ThreadPool& pool) const;

 private:
  // scorer: of an adapting to these rows that has been made already, or null.
  Detector(MetaModel model, DetectorParts parts, std::unique_ptr<Scorer> scorer);

  MetaModel model_;
  DetectorParts parts_;
  std::vector<std::string> notes_;
  std::vector<std::optional<double>> fold_aurocs_;  // of what serves, where adapting has been through the folds; else empty
  std::unique_ptr<Scorer> scorer_;
};

inline constexpr int kDetectorFormatVersion = 2;

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
