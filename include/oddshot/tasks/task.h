// A task: one detection problem, normal rows and the anomalies of one kind. An episode is drawn from it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "oddshot/base/matrix.h"
#include "oddshot/base/random.h"
#include "oddshot/data/view_span.h"

namespace oddshot {

// Rows that several tasks draw from: held, or, where that would take too much memory, made whenever they are asked for, to the same bits.
struct RowPool {
  Matrix rows;  // [N x W] joined rows: every view side by side; empty where `make` gives them
  // [numbers.size() x columns of that view] of the pool rows of these numbers; may be called concurrently. Empty where `rows` holds them.
  std::function<Matrix(std::span<const std::uint32_t> numbers, std::string_view view)> make;
  // [N]; equal for rows with equal features (the plain view) and equal class (normal or anomaly): duplicates of one row.
  std::vector<std::uint32_t> identity;
  std::vector<ViewSpan> views;  // of the columns; empty: there is one, "plain", of all of them. Not empty where there is `make`.

  std::size_t width() const;  // W
  // Throws ArgumentError if there is no such view.
  ViewSpan span(std::string_view name) const;
  // The rows of these numbers, in this order: [numbers.size() x columns of `view`], or joined rows if it is empty. Throws ArgumentError if
  // there is no such view.   O(numbers * columns) where rows are held; else what encoding those rows takes.
  Matrix gather(std::span<const std::uint32_t> numbers, std::string_view view = {}) const;
};

// Numbers of rows that do not change any more, shared by all copies: tasks by the dozen have the same normals, most of their table.
class RowNumbers {
 public:
  RowNumbers() = default;
  RowNumbers(std::vector<std::uint32_t> numbers)  // NOLINT(google-explicit-constructor): a list is what it is
      : numbers_(std::make_shared<const std::vector<std::uint32_t>>(std::move(numbers))) {}

  operator const std::vector<std::uint32_t>&() const { return *numbers_; }  // NOLINT(google-explicit-constructor): likewise
  std::size_t size() const { return numbers_->size(); }
  bool empty() const { return numbers_->empty(); }
  std::uint32_t operator[](std::size_t i) const { return (*numbers_)[i]; }
  const std::uint32_t* data() const { return numbers_->data(); }
  auto begin() const { return numbers_->begin(); }
  auto end() const { return numbers_->end(); }
  bool operator==(const RowNumbers& other) const { return numbers_ == other.numbers_ || *numbers_ == *other.numbers_; }

 private:
  std::shared_ptr<const std::vector<std::uint32_t>> numbers_ = std::make_shared<const std::vector<std::uint32_t>>();
};

// Indices into the pool. `pool` is shared by all tasks cut from the same table and by nobody else.
struct Task {
  std::string name;
  std::shared_ptr<const RowPool> pool;
  RowNumbers normals;
  std::vector<std::uint32_t> anomalies;
};

// Training normals that go with a suite or a model, at most: what any detector may compare with besides its support.
inline constexpr std::size_t kMostReferences = 256;

// A few labelled rows to adapt on.
struct Support {
  MatrixView rows;                       // [S x W] of the views that were drawn
  std::span<const std::uint8_t> labels;  // [S]; 1 anomaly, 0 normal
};

// A draw from a task. Values, so that an episode outlives nothing.
struct Episode {
  std::string task;
  Matrix support_rows;                       // [S x W]
  std::vector<std::uint8_t> support_labels;  // [S]
  Matrix query_rows;                         // [Q x W]
  std::vector<std::uint8_t> query_labels;    // [Q]

  Support support() const { return {support_rows, support_labels}; }
};

// How many rows of each class an episode has. The class ratio of the query is query_anomalies to query_normals.
struct EpisodeSpec {
  std::size_t shots = 5;             // anomalies in the support, >= 0
  std::size_t normals = 50;          // normals in the support, >= 1
  std::size_t query_normals = 64;    // at most; fewer if the task has no more
  std::size_t query_anomalies = 64;  // at most; fewer if the task has no more
};

// The same with fewer support normals where the task has too few: two thirds of its normals at most, so that some are left for the query.
EpisodeSpec fitted_to(const Task& task, EpisodeSpec spec);

// Draws without replacement: support normals and anomalies first, then the query from rows of which no duplicate is in the support, so that
// no row and no duplicate of a row is on both sides. Depends on the task, the spec and the stream alone. Support rows come normals first;
// query rows likewise. Their columns are those of `view`, or of all views (joined rows) if it is empty; which rows are drawn does not
// depend on it. Throws ArgumentError, naming task and counts, if the task has too few rows for the support, or no normal or no anomaly is
// left for the query that asks for some; or if there is no such view. O(rows drawn), whatever the size of the task, unless most rows are
// duplicates; and what it takes to gather() them.
Episode sample_episode(const Task& task, const EpisodeSpec& spec, Stream stream, std::string_view view = {});

}  // namespace oddshot
