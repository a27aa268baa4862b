// Scores a stream of rows batch by batch: what a detector adds to each row.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "oddshot/base/thread_pool.h"
#include "oddshot/data/row_stream.h"
#include "oddshot/detector/detector.h"
#include "oddshot/detector/drift.h"
#include "oddshot/detector/explain.h"
#include "oddshot/detector/probability.h"

namespace oddshot {

// The columns that raise a row's score most, beside the score. Explaining a row takes thousands of times as long as scoring it.
struct ReasonOptions {
  bool alerts_alone = true;      // of other rows the text is empty
  std::size_t columns = 3;       // at most, >= 1
  std::uint64_t limit = 10'000;  // rows to explain, the first of the stream; 0: without a limit
  ExplainOptions explain = {};   // NOLINT(readability-redundant-member-init): may be left out of a designated initialiser
};

struct RowScorerOptions {
  // Alerts: the share of normal rows that may be any; nothing: what the detector was adapted for, if anything.
  std::optional<double> max_false_alarms;
  // Alerts instead: the share of false ones among them. The rows are then to be counted first, as one batch.
  std::optional<double> false_discovery_rate;
  // Column of weights of the rows, where the calibration has weights; empty: as the heaviest calibrator.
  std::string weight = {};  // NOLINT(readability-redundant-member-init): likewise
  // The share of anomalies expected among the rows: asks for a column of probabilities (probability.h).
  std::optional<double> anomaly_share = std::nullopt;
  std::optional<ReasonOptions> reasons;  // nothing: no column of reasons
};

// Not for concurrent use.
class RowScorer {
 public:
  // The detector, the pool and the watch (which may be null) must live on. Throws ArgumentError if the calibration cannot promise what is
  // asked for, or reasons are asked for of alerts where none are told; and as AnomalyProbability does.
  RowScorer(const Detector& detector, RowScorerOptions options, ThreadPool& pool, DriftWatch* watch = nullptr);

  // What of the rows must be read.
  RowReadOptions reading() const;
  // The columns that are added, without values: "score", "p_value" with a calibration, "probability" if asked for, "alert" if someone asked
  // for a rate, "reasons" if they are asked for: "src_bytes=54540 (+4.12); flag=RSTR (+2.01)".
  std::vector<AddedColumn> columns() const;

  // With a false discovery rate: to be called for every batch before the first is scored.
  void count(const RowBatch& batch);
  // The columns with their values. Throws FormatError for a column of the detector that the rows lack, or a weight that is none.
  std::vector<AddedColumn> score(const RowBatch& batch);

  std::uint64_t rows() const { return rows_; }
  std::uint64_t alerts() const { return alerts_; }
  // Rows that reasons were asked for and given, or, beyond the limit, not given.
  std::uint64_t explained() const { return explained_; }
  std::uint64_t unexplained() const { return unexplained_; }

 private:
  struct Scored {
    Matrix encoded;
    std::vector<float> scores;
    std::vector<double> p_values;
  };
  Scored scored(const RowBatch& batch);
  bool alert(float score, double p) const;
  std::vector<std::string> reasons_of(const Table& rows, const std::vector<bool>& alerts);

  const Detector& detector_;
  RowScorerOptions options_;
  ThreadPool& pool_;
  DriftWatch* watch_;
  std::optional<double> rate_;      // alerts are p-values up to this
  std::optional<float> threshold_;  // or scores above this, the same in fewer words
  bool tells_alerts_ = false;
  PValueBatch batch_;
  bool cut_known_ = false;
  std::optional<AnomalyProbability> probability_;
  std::optional<Explainer> explainer_;  // with reasons
  std::uint64_t explained_ = 0;
  std::uint64_t unexplained_ = 0;
  std::uint64_t rows_ = 0;
  std::uint64_t alerts_ = 0;
};

}  // namespace oddshot
