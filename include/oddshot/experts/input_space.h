// What a learner sees of a row: its columns, its scores (score_space.h), both side by side, or what holds for any table (table_space.h).
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include "oddshot/base/matrix.h"
#include "oddshot/data/views.h"
#include "oddshot/experts/score_space.h"
#include "oddshot/experts/table_space.h"
#include "oddshot/tasks/task.h"

namespace oddshot {

enum class Space : std::uint8_t {
  kScores,  // standardised scores of simple detectors in every view, fitted on the support
  kRaw,     // the plain view
  kBoth,    // the plain view, then the scores
  kTable,   // detectors fitted on the support alone, in the plain view: the same width whatever the table
};
std::string_view to_string(Space space);
Space parse_space(std::string_view name);  // throws ArgumentError naming the choices

// One task's rows as a learner sees them. Const methods may be called concurrently. Made by InputSpace::fit, which it must not outlive.
class TaskInput {
 public:
  // [S x width] the support's rows; scores among them are leave-one-out.
  const Matrix& support() const { return support_; }
  // [M x width] of joined rows [M x inputs]; for kTable the plain columns suffice.
  Matrix rows(MatrixView joined) const;

 private:
  friend class InputSpace;
  ViewSpan plain_;
  std::optional<TaskScores> scores_;
  std::optional<TableScores> table_;
  bool raw_ = false;
  Matrix support_;
};

// A value that owns what it needs, but for its tasks' data. Const methods may be called concurrently.
class InputSpace {
 public:
  // views: of the joined rows, the first being the plain one; reference [R x joined width] training normals (needed for scores only).
  // Without views, which kTable alone does not need, a row is its plain columns, and tasks may differ in them. Throws as ScoreSpace does.
  InputSpace(Space space, std::span<const ViewSpan> views, const Matrix& reference, ScoreList list = kLatestScores);

  Space space() const { return space_; }
  std::size_t width() const { return width_of(space_, plain_.count, views_, list_); }
  // Of a space on views [views] of which the plain one has `plain` columns; kTable's does not depend on either.
  static std::size_t width_of(Space space, std::size_t plain, std::size_t views, ScoreList list = kLatestScores);

  // Throws as ScoreSpace::fit and TableSpace::fit do: scores need at least two normals.
  TaskInput fit(const Support& joined) const;
  // An episode of joined rows as a learner sees it.
  Episode map(const Episode& joined) const;

 private:
  Space space_;
  ScoreList list_;
  ViewSpan plain_;
  std::size_t views_;
  std::optional<ScoreSpace> scores_;
};

}  // namespace oddshot
