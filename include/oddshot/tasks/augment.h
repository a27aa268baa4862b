// Task augmentation: pseudo-tasks made of the training tasks, so that a learner that is given a handful of kinds learns how to tell kinds
// apart from a few examples rather than learning those kinds by heart. Each way of making them is a source with a weight.
// Held-out tasks play no part: what is not given is not touched.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "oddshot/base/matrix.h"
#include "oddshot/base/thread_pool.h"
#include "oddshot/data/preprocessor.h"
#include "oddshot/data/views.h"
#include "oddshot/tasks/task.h"

namespace oddshot {

// Tasks of one making. An episode draws a source in proportion to the weights, then one of its tasks evenly.
struct TaskSource {
  std::string name;
  float weight = 1;  // >= 0, in proportion to the other sources'
  std::vector<Task> tasks;
};

// Features that come from one column of the table, side by side: a number, alone or followed by the flag that it is missing; or the 0/1
// features of a category. What augmentation does to a category it does to all of its features, so that a made row is one that could be.
struct FeatureGroup {
  std::size_t first = 0;
  std::size_t count = 1;
  bool category = false;
};

// How the rows of a pool are related to features.
struct FeatureSpace {
  std::vector<FeatureGroup> groups;  // one after another; they cover the first columns of its plain view, [0, width())
  float limit = 8;                   // numbers stay within [-limit, limit]
  // Pool rows [N x P] of features [N x width()], for rows that are made; may be called concurrently. Empty: the features are the rows.
  std::function<Matrix(MatrixView features)> rows_of;

  std::size_t width() const;
};
// Of joined rows: the features that this preprocessor gives, and these views of them. The views must live on.
FeatureSpace feature_space(const Preprocessor& preprocessor, const Views& views);

// The share of the training episodes that each source gives, in proportion. A source that has no task to give (mixtures of one kind) leaves
// its share to the others.
struct AugmentOptions {
  float real = 0.55F;      // the training tasks themselves
  float mixtures = 0.15F;  // the anomalies of two kinds together, half each: a kind need not be one cloud
  // A cluster of rows plays anomaly: k-means with 20, 60 or 150 clusters in a random half of the features, over normals and anomalies; the
  // rows outside it that are normal are the normals. Many kinds that are real, in real columns, at every distance from the rest. A cluster
  // has at least 12 different rows and at most 30% of all.
  float clusters = 0.30F;
  float sub_clusters = 0;  // a cluster of one kind's anomalies: two to six in a random half of the features, at least 12 different rows
  // Made of normal rows, on a pool of their own with at most 4,000 normals; a source makes at most 60 kinds of 120 rows, from obvious to
  // subtle. Of them no row equals a normal. x is a normal row that is not among the normals of the task.
  float local = 0;       // around a cluster of normals, drawn from its covariance times a^2, a from 5 to 1.5
  float global = 0;      // numbers uniform in the normals' range and a tenth beyond, categories uniform; in all columns of x, or in few
  float dependency = 0;  // all columns of x, or few, each from another row: distributions stay, what ties columns together is broken
  float shift = 0;       // some numbers of x moved, each its own way: 4 to 0.5 deviations
  float swaps = 0;       // a block of columns of x is another row's, or pairs of numbers are exchanged
  // Copies of training tasks with at most 600 normals and 200 anomalies, at most 40; anomalies that then equal a normal are left out.
  float masks = 0;          // a tenth to six tenths of the columns are the normals' mean, or most frequent category, in every row
  float noise = 0;          // Gaussian noise on numbers, 0.05 to 0.5 deviations; some categories drawn anew
  std::size_t tasks = 150;  // that a source makes at most, 1 to 10000

  void validate() const;  // throws ArgumentError naming source, value and range
  // The training tasks alone.
  static AugmentOptions none();
  // Of more making, for suites whose kinds are too few to show how kinds differ.
  static AugmentOptions for_few_kinds();
  bool operator==(const AugmentOptions&) const = default;
};
// "real=0.55,mixtures=0.15,clusters=0.3,tasks=150": the sources that have a weight; or "none" for the training tasks alone.
std::string to_string(const AugmentOptions& options);
// The other way round; a source that is not named has no weight, `tasks` has its default. Throws ArgumentError naming what is wrong, and
// the sources there are.
AugmentOptions parse_augment(std::string_view text);

// The sources of `options` that have a weight and tasks, "real" first. An episode as large as `episode` (the largest number of shots that
// training uses) can be drawn from every pseudo-task. Tasks that share pool and normals are augmented together, those of another pool or
// with normals of their own apart. Depends on the arguments alone, whatever the pool's size.
// Throws ArgumentError for options out of range, ShapeError if a pool's plain view has fewer columns than the space has features.
std::vector<TaskSource> augment(std::span<const Task> training, const FeatureSpace& space, const AugmentOptions& options,
                                const EpisodeSpec& episode, std::uint64_t seed, ThreadPool& pool);

}  // namespace oddshot
