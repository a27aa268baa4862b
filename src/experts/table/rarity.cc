// How rare a row's exact values are among the other normals, each column for itself.
//   rarity        -log((count of the value + 1) / n): mean over the columns, largest; of a row that is none of the n support normals the
//                 count is taken times (n - 1) / n, as if one normal had been left out: else a support normal, which has n - 1 others,
//                 could be told from any other row by a constant, and the experts that learn from the support's scores would learn that
//                 (as those of lists before ScoreList::kAlike do, whose count is taken as it is, over n + 1)
//   never-seen    share of the columns whose value no normal has
// In a column of measured numbers nearly every value is new and says nothing, for normals as for others; in one of kinds a new value does.
#include <array>
#include <cmath>

#include "experts/table/summary.h"
#include "experts/table/task.h"

namespace oddshot::table {
namespace {

constexpr std::array<std::string_view, 3> kNames = {"rarity/mean", "rarity/largest", "never-seen"};

class Rarity final : public Family {
 public:
  explicit Rarity(const Task& task) : task_(task), own_(task.n + 1), other_(task.n + 1) {
    const auto n = static_cast<float>(task.n);
    const bool alike = task.list >= ScoreList::kAlike;
    for (std::size_t count = 0; count <= task.n; ++count) {
      const auto times = static_cast<float>(count);
      own_[count] = std::log(n) - std::log(times + 1);
      other_[count] = alike ? std::log(n) - std::log(times * (n - 1) / n + 1) : std::log(n + 1) - std::log(times + 1);
    }
  }
  void score(const Block& block, Matrix& out, std::size_t first) const override {
    for (std::size_t b = 0; b < block.rows; ++b) {
      const std::size_t own = block.normal_of(b) != kNobody ? 1 : 0;
      const std::vector<float>& rarities = own == 1 ? own_ : other_;
      Largest3 rarity;
      std::size_t unseen = 0;
      for (std::size_t j = 0; j < task_.d; ++j) {
        const std::size_t count = block.planes.upto(b, j) - block.planes.below(b, j) - own;
        rarity.add(rarities[count]);
        unseen += count == 0 ? 1 : 0;
      }
      float* to = out.row(b).data() + first;
      to[0] = rarity.mean();
      to[1] = rarity.largest();
      to[2] = static_cast<float>(unseen) / static_cast<float>(task_.d);
    }
  }

 private:
  const Task& task_;
  std::vector<float> own_, other_;  // [n + 1] by count: of a normal of the support, of other rows
};

}  // namespace

const FamilyEntry kRarity{kNames, [](const Task& task) -> std::unique_ptr<Family> { return std::make_unique<Rarity>(task); }};

}  // namespace oddshot::table
