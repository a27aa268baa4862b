// Score space: a row described by simple detectors' standardised answers in several views, instead of by its columns. The same few numbers
// whatever the table's width, so that what a learner learns on them holds for the next task, and for the next table.
//
// For each view (columns [first, first + count) of a joined row; oddshot/data/views.h) the scores of src/experts/scores, one small file a
// family. They are fitted on the support: N normals, K anomalies; and on R reference rows, normals of training. Each score is
//   standardised   t = (s - m) / d,  m and d the mean and deviation of the support normals' leave-one-out scores,
//   squashed       sign(t) log(1 + |t|),
// and 0 where it says nothing (a score by the anomalies where there are none). A support row's own scores are leave-one-out: in-sample ones
// would make its label plain, and an inner loop on them trivial.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "oddshot/base/matrix.h"
#include "oddshot/data/views.h"
#include "oddshot/experts/score_list.h"

namespace oddshot {
class TaskScores;
namespace scores {
struct ViewTask;
std::span<const ViewTask> views_of(const TaskScores& scores);  // experts/scores/view_task.h, for the library itself
}  // namespace scores

// Everything about one task that scoring rows needs. Const methods may be called concurrently. Keeps what it was fitted on.
class TaskScores {
 public:
  ~TaskScores();
  TaskScores(TaskScores&&) noexcept;
  TaskScores& operator=(TaskScores&&) noexcept;

  // [S x width], leave-one-out, in the order of the support's rows.
  const Matrix& support() const;
  // rows [M x inputs] joined rows; the result is [M x width]. A row's scores do not depend on the rows beside it.
  // Throws ShapeError if the columns differ.
  Matrix score(MatrixView rows) const;
  // Of the standardisation t = (s - middle) * scale: [width] each.
  std::span<const float> middle() const;
  std::span<const float> scale() const;

 private:
  friend class ScoreSpace;
  friend std::span<const scores::ViewTask> scores::views_of(const TaskScores& scores);
  struct Fitted;
  explicit TaskScores(std::unique_ptr<Fitted> fitted);
  std::unique_ptr<Fitted> fitted_;
};

class ScoreSpace {
 public:
  // views: at least one; reference [R x inputs] joined rows, R >= 2. Both are copied. O(views * d^3 + R d^2) for the widest view's d.
  // Throws ArgumentError if there is no view or too little reference, ShapeError if a view lies beyond the row.
  ScoreSpace(std::span<const ViewSpan> views, const Matrix& reference, ScoreList list = kLatestScores);
  ~ScoreSpace();
  ScoreSpace(ScoreSpace&&) noexcept;
  ScoreSpace& operator=(ScoreSpace&&) noexcept;

  std::size_t inputs() const;
  std::size_t width() const;
  // Of a space of so many views.
  static std::size_t width_of(std::size_t views, ScoreList list = kLatestScores);
  // One name a score: "whitened/nearest-5".
  const std::vector<std::string>& names() const;

  // labels [S]: 1 anomaly, 0 normal; at least two normals. The space must outlive the result.
  // Throws ArgumentError, ShapeError.   O(views * (S^2 + S R) d); ridge regression works on at most 256 normals.
  TaskScores fit(MatrixView rows, std::span<const std::uint8_t> labels) const;

 private:
  struct Shared;
  friend class TaskScores;
  std::unique_ptr<const Shared> shared_;
};

}  // namespace oddshot
