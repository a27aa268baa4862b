#include "oddshot/experts/input_space.h"

#include <algorithm>
#include <array>

#include "oddshot/base/choice.h"
#include "oddshot/base/error.h"

namespace oddshot {
namespace {

constexpr std::array kSpaces{Choice<Space>{Space::kScores, "scores"}, Choice<Space>{Space::kRaw, "raw"},
                             Choice<Space>{Space::kBoth, "both"}, Choice<Space>{Space::kTable, "table"}};

// [a | b], row by row; either may have no columns.
Matrix side_by_side(MatrixView a, MatrixView b) {
  Matrix out(std::max(a.rows, b.rows), a.cols + b.cols);
  for (std::size_t r = 0; r < out.rows(); ++r) {
    if (a.cols > 0) std::ranges::copy(a.row(r), out.row(r).begin());
    if (b.cols > 0) std::ranges::copy(b.row(r), out.row(r).begin() + static_cast<std::ptrdiff_t>(a.cols));
  }
  return out;
}

// The plain columns of joined rows; without views they are all there is.
MatrixView plain_of(MatrixView joined, const ViewSpan& plain) { return plain.count > 0 ? view(joined, plain) : joined; }

}  // namespace

std::string_view to_string(Space space) { return name_of(kSpaces, space, "space"); }
Space parse_space(std::string_view name) { return choice_of(kSpaces, name, "space"); }

Matrix TaskInput::rows(MatrixView joined) const {
  if (table_) return table_->score(plain_of(joined, plain_));
  if (!raw_) return scores_->score(joined);
  const MatrixView plain = view(joined, plain_);
  return scores_ ? side_by_side(plain, scores_->score(joined)) : side_by_side(plain, {});
}

InputSpace::InputSpace(Space space, std::span<const ViewSpan> views, const Matrix& reference, ScoreList list)
    : space_(space), list_(list), views_(views.size()) {
  if (views.empty() && space != Space::kTable) throw ArgumentError("there is no view of the columns");
  if (!views.empty()) plain_ = views.front();
  if (space == Space::kScores || space == Space::kBoth) scores_.emplace(views, reference, list);
}

std::size_t InputSpace::width_of(Space space, std::size_t plain, std::size_t views, ScoreList list) {
  if (space == Space::kTable) return TableSpace::width();
  return (space == Space::kScores ? 0 : plain) + (space == Space::kRaw ? 0 : ScoreSpace::width_of(views, list));
}

TaskInput InputSpace::fit(const Support& joined) const {
  TaskInput task;
  task.plain_ = plain_;
  if (space_ == Space::kTable) {
    task.table_.emplace(TableSpace::fit(plain_of(joined.rows, plain_), joined.labels, list_));
    task.support_ = side_by_side(task.table_->support(), {});
    return task;
  }
  task.raw_ = space_ != Space::kScores;
  if (scores_) task.scores_.emplace(scores_->fit(joined.rows, joined.labels));
  const MatrixView plain = task.raw_ ? view(joined.rows, plain_) : MatrixView{};
  task.support_ = side_by_side(plain, task.scores_ ? task.scores_->support().view() : MatrixView{});
  return task;
}

Episode InputSpace::map(const Episode& joined) const {
  const TaskInput task = fit(joined.support());
  return {joined.task, task.support(), joined.support_labels, task.rows(joined.query_rows), joined.query_labels};
}

}  // namespace oddshot
