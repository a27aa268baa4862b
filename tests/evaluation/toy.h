// Toy tasks and methods whose results are known beforehand.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "oddshot/evaluation/evaluate.h"

namespace oddshot::toy {

// Columns of a toy row.
inline constexpr std::size_t kLabel = 0;   // 1 anomaly, 0 normal
inline constexpr std::size_t kTaskId = 1;  // as given to make_task
inline constexpr std::size_t kRow = 2;     // its number in the pool, from 0
inline constexpr std::size_t kNoise = 3;   // uniform in [0, 1)

inline Task make_task(std::string name, float id, std::size_t normals, std::size_t anomalies) {
  auto pool = std::make_shared<RowPool>();
  const std::size_t rows = normals + anomalies;
  pool->rows = Matrix(rows, 4);
  Stream stream(1, Purpose::kTest, static_cast<std::uint64_t>(id));
  Task task;
  std::vector<std::uint32_t> normal_rows;
  for (std::size_t r = 0; r < rows; ++r) {
    const bool anomaly = r >= normals;
    pool->rows(r, kLabel) = anomaly ? 1.0F : 0.0F;
    pool->rows(r, kTaskId) = id;
    pool->rows(r, kRow) = static_cast<float>(r);
    pool->rows(r, kNoise) = stream.uniform();
    pool->identity.push_back(static_cast<std::uint32_t>(r));
    (anomaly ? task.anomalies : normal_rows).push_back(static_cast<std::uint32_t>(r));
  }
  task.normals = std::move(normal_rows);
  task.name = std::move(name);
  task.pool = std::move(pool);
  return task;
}

// Tasks with ids first, first + 1, ..., named "task-<id>".
inline std::vector<Task> make_tasks(std::size_t count, std::size_t first, std::size_t normals = 60, std::size_t anomalies = 20) {
  std::vector<Task> tasks;
  for (std::size_t i = first; i < first + count; ++i) {
    tasks.push_back(make_task("task-" + std::to_string(i), static_cast<float>(i), normals, anomalies));
  }
  return tasks;
}

using Row = std::span<const float>;
// The score of a row, with so many inner steps taken.
using RowScore = std::function<float(Row row, std::size_t steps)>;

class ToyScorer : public Scorer {
 public:
  ToyScorer(RowScore score, std::size_t steps) : score_(std::move(score)), steps_(steps) {}
  void score(MatrixView rows, std::span<float> out) const override {
    for (std::size_t r = 0; r < rows.rows; ++r) out[r] = score_(rows.row(r), steps_);
  }

 private:
  RowScore score_;
  std::size_t steps_;
};

class ToyMethod : public Method {
 public:
  ToyMethod(std::string name, std::string kind, RowScore score, std::size_t minimum_shots = 0, std::size_t inner_steps = 0)
      : name_(std::move(name)),
        kind_(std::move(kind)),
        score_(std::move(score)),
        minimum_shots_(minimum_shots),
        inner_steps_(inner_steps) {}
  std::string name() const override { return name_; }
  std::string kind() const override { return kind_; }
  std::size_t minimum_shots() const override { return minimum_shots_; }
  std::unique_ptr<Scorer> adapt(const Support& support, Stream stream) const override {
    return adapt_partly(support, stream, inner_steps_);
  }
  std::size_t inner_steps() const override { return inner_steps_; }
  std::unique_ptr<Scorer> adapt_partly(const Support& /*support*/, Stream /*stream*/, std::size_t steps) const override {
    return std::make_unique<ToyScorer>(score_, steps);
  }

 private:
  std::string name_, kind_;
  RowScore score_;
  std::size_t minimum_shots_, inner_steps_;
};

inline float perfect(Row row, std::size_t /*steps*/) { return row[kLabel]; }
inline float constant(Row /*row*/, std::size_t /*steps*/) { return 3.0F; }
// Right in most cases, and the worse the higher the task's id.
inline float noisy(Row row, std::size_t /*steps*/) { return row[kLabel] + (1.5F + 0.25F * row[kTaskId]) * row[kNoise]; }

// Scores by its own randomness alone.
class RandomMethod : public Method {
 public:
  std::string name() const override { return "random"; }
  std::string kind() const override { return "supervised"; }
  std::size_t minimum_shots() const override { return 0; }
  std::unique_ptr<Scorer> adapt(const Support& /*support*/, Stream stream) const override {
    const float a = 1.0F + stream.uniform();
    return std::make_unique<ToyScorer>([a](Row row, std::size_t) { return row[kLabel] + a * row[kNoise]; }, 0);
  }
};

// What a recorder saw of one draw: (task id, row) of each row.
struct Seen {
  std::vector<std::pair<float, float>> support, query;
  auto operator<=>(const Seen&) const = default;
};

// Keeps the rows of every draw it is given, whatever the thread.
class Recorder : public Method {
 public:
  explicit Recorder(std::string name, std::string kind = "expert") : name_(std::move(name)), kind_(std::move(kind)) {}
  std::string name() const override { return name_; }
  std::string kind() const override { return kind_; }
  std::size_t minimum_shots() const override { return 0; }
  std::unique_ptr<Scorer> adapt(const Support& support, Stream /*stream*/) const override {
    Seen seen;
    for (std::size_t r = 0; r < support.rows.rows; ++r) seen.support.emplace_back(support.rows(r, kTaskId), support.rows(r, kRow));
    return std::make_unique<RecordingScorer>(*this, std::move(seen));
  }
  std::multiset<Seen> draws() const {
    const std::lock_guard lock(mutex_);
    return draws_;
  }

 private:
  class RecordingScorer : public Scorer {
   public:
    RecordingScorer(const Recorder& recorder, Seen seen) : recorder_(recorder), seen_(std::move(seen)) {}
    void score(MatrixView rows, std::span<float> out) const override {
      Seen seen = seen_;
      for (std::size_t r = 0; r < rows.rows; ++r) {
        seen.query.emplace_back(rows(r, kTaskId), rows(r, kRow));
        out[r] = rows(r, kNoise);
      }
      const std::lock_guard lock(recorder_.mutex_);
      recorder_.draws_.insert(std::move(seen));
    }

   private:
    const Recorder& recorder_;
    Seen seen_;
  };

  std::string name_, kind_;
  mutable std::mutex mutex_;
  mutable std::multiset<Seen> draws_;
};

inline std::unique_ptr<Method> method(std::string name, std::string kind, RowScore score, std::size_t minimum_shots = 0,
                                      std::size_t inner_steps = 0) {
  return std::make_unique<ToyMethod>(std::move(name), std::move(kind), std::move(score), minimum_shots, inner_steps);
}

template <class... M>
std::vector<std::unique_ptr<Method>> methods(M... each) {
  std::vector<std::unique_ptr<Method>> list;
  (list.push_back(std::move(each)), ...);
  return list;
}

inline EvaluationOptions small_options() {
  EvaluationOptions options;
  options.shots = {2};
  options.normals = 10;
  options.query_normals = 30;
  options.query_anomalies = 10;
  options.repeats = 4;
  options.threshold_repeats = 2;
  return options;
}

}  // namespace oddshot::toy
