// Scores a stream of rows batch by batch: what a detector adds to each row.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "oddshot/base/thread_pool.h"
#include "oddshot/data/row_stream.h"
#include "oddshot/detector/detector.h"
#include "oddshot/detector/drift.h"

namespace oddshot {

// Texts that say why, one for each row of a batch, empty where there is nothing to say. rows: the detector's columns; encoded, scores and
// alerts of the same rows. May be called from the thread that scores alone.
using Reasons = std::function<std::vector<std::string>(const Table& rows, MatrixView encoded, std::span<const float> scores,
                                                       const std::vector<bool>& alerts)>;

struct RowScorerOptions {
  // Alerts: the share of normal rows that may be any; nothing: what the detector was adapted for, if anything.
  std::optional<double> max_false_alarms;
  // Alerts instead: the share of false ones among them. The rows are then to be counted first, as one batch.
  std::optional<double> false_discovery_rate;
  std::string weight;  // column of weights of the rows, where the calibration has weights; empty: as the heaviest calibrator
  Reasons reasons;     // empty: no column of reasons
};

// Not for concurrent use.
class RowScorer {
 public:
  // The detector, the pool and the watch (which may be null) must live on. Throws ArgumentError if the calibration cannot promise what is
  // asked for.
  RowScorer(const Detector& detector, RowScorerOptions options, ThreadPool& pool, DriftWatch* watch = nullptr);

  // What of the rows must be read.
  RowReadOptions reading() const;
  // The columns that are added, without values: "score", "p_value" with a calibration, "alert" if someone asked for a rate, "reasons".
  std::vector<AddedColumn> columns() const;

  // With a false discovery rate: to be called for every batch before the first is scored.
  void count(const RowBatch& batch);
  // The columns with their values. Throws FormatError for a column of the detector that the rows lack, or a weight that is none.
  std::vector<AddedColumn> score(const RowBatch& batch);

  std::uint64_t rows() const { return rows_; }
  std::uint64_t alerts() const { return alerts_; }

 private:
  struct Scored {
    Matrix encoded;
    std::vector<float> scores;
    std::vector<double> p_values;
  };
  Scored scored(const RowBatch& batch);
  bool alert(float score, double p) const;

  const Detector& detector_;
  RowScorerOptions options_;
  ThreadPool& pool_;
  DriftWatch* watch_;
  std::optional<double> rate_;      // alerts are p-values up to this
  std::optional<float> threshold_;  // or scores above this, the same in fewer words
  bool tells_alerts_ = false;
  PValueBatch batch_;
  bool cut_known_ = false;
  std::uint64_t rows_ = 0;
  std::uint64_t alerts_ = 0;
};

}  // namespace oddshot
