// Nearest normals in eight random halves of the columns of [q, z]: what is strange in some columns only is not drowned by the others.
//   subspaces/mean, /largest    over the halves, of log(mean distance to the nearest 5 / sqrt d + 0.02) less the normals' mean of it
// Source: Lazarevic, Kumar 2005, "Feature bagging for outlier detection".
#include <array>

#include "experts/table/summary.h"
#include "experts/table/task.h"

namespace oddshot::table {
namespace {

constexpr std::array<std::string_view, 2> kNames = {"subspaces/mean", "subspaces/largest"};
constexpr std::size_t kCount = 5;

class SubspaceNear final : public Family {
 public:
  explicit SubspaceNear(const Task& task) : task_(task) {
    for (std::size_t s = 0; s < kSubspaces; ++s) {
      for (std::size_t i = 0; i < task.n; ++i) usual_[s] += log_near(task.normals, s, i) / static_cast<float>(task.n);
    }
  }
  void score(const Block& block, Matrix& out, std::size_t first) const override {
    for (std::size_t b = 0; b < block.rows; ++b) {
      Largest3 over;
      for (std::size_t s = 0; s < kSubspaces; ++s) over.add(log_near(block, s, b) - usual_[s]);
      out(b, first) = over.mean();
      out(b, first + 1) = over.largest();
    }
  }

 private:
  float log_near(const Block& block, std::size_t s, std::size_t b) const {
    const std::size_t metric = kFirstSubspace + s;
    return log_distance(mean_distance(task_, block, metric, b, kCount), columns_of(task_, metric));
  }

  const Task& task_;
  std::array<float, kSubspaces> usual_{};
};

}  // namespace

const FamilyEntry kSubspaceNear{kNames, [](const Task& task) -> std::unique_ptr<Family> { return std::make_unique<SubspaceNear>(task); }};

}  // namespace oddshot::table
