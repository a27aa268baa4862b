// Extended isolation forest: an isolation forest whose splits are random planes instead of thresholds in one column.
//   left if sum over j of w_j (x_j - p_j) <= 0,   w_j standard normal,  p_j uniform between the node's smallest and largest x_j
// over up to 4 columns drawn among those that vary in the node: the paper's extension level is 3, or less with fewer columns. All of many
// columns would make a split cost as much as a distance, and drown the few that matter. Axis-parallel cuts leave bands of low score beside
// every cluster; slanted ones do not.
// Trees, bags and score are isolation-forest's (isolation_trees.h).
// Source: Hariri, Carrasco Kind, Brunner 2019, arXiv:1811.02141.
#include <algorithm>
#include <array>
#include <utility>

#include "experts/isolation_trees.h"

namespace oddshot {
namespace {

constexpr std::size_t kMostColumns = 4;  // of a plane

// Planes of fewer columns than there is room for have weights of 0.
struct Plane {
  std::array<std::uint32_t, kMostColumns> column{};
  std::array<float, kMostColumns> weight{};
  std::array<float, kMostColumns> place{};

  // Of values that are `stride` apart.
  bool right(const float* values, std::size_t stride = 1) const {
    float sum = 0;
    for (std::size_t t = 0; t < kMostColumns; ++t) sum += weight[t] * (values[column[t] * stride] - place[t]);
    return sum > 0;
  }

  using Step = Plane;
  Step step() const { return *this; }
  static void descend(std::span<const Step> tree, std::size_t levels, const float* columns, std::size_t n, std::uint32_t* at) {
    constexpr std::size_t kTogether = 8;  // rows side by side, so that their loads overlap; there is room for kRowsAtOnce
    for (std::size_t first = 0; first < n; first += kTogether) {
      [&]<std::size_t... r>(std::index_sequence<r...>) {
        std::array<std::uint32_t, kTogether> places{((void)r, 1U)...};
        const auto next = [&](std::uint32_t place, const float* row) {
          return 2 * place + static_cast<std::uint32_t>(tree[place].right(row, kRowsAtOnce));
        };
        for (std::size_t level = 0; level < levels; ++level) ((places[r] = next(places[r], columns + first + r)), ...);
        std::copy_n(places.begin(), std::min(kTogether, n - first), at + first);
      }(std::make_index_sequence<kTogether>());
    }
  }

  static std::optional<Plane> draw(const SplitRows& rows, std::span<std::uint32_t> columns, std::size_t& varying, Stream& stream) {
    Plane plane;
    std::size_t drawn = 0;
    while (drawn < varying && drawn < kMostColumns) {
      std::swap(columns[drawn], columns[drawn + stream.below(varying - drawn)]);
      const ColumnRange range = rows.range(columns[drawn]);
      if (range.low == range.high) {  // constant here, hence in all below
        std::swap(columns[drawn], columns[--varying]);
        continue;
      }
      plane.column[drawn] = columns[drawn];
      plane.weight[drawn] = stream.normal();
      plane.place[drawn] = range.between(stream);
      ++drawn;
    }
    if (drawn == 0) return std::nullopt;
    return plane;
  }
};

class ExtendedIsolationForest final : public Expert {
 public:
  std::string_view name() const override { return "extended-isolation-forest"; }
  bool uses_labels() const override { return false; }
  std::unique_ptr<FittedExpert> fit(MatrixView normals, MatrixView anomalies, Stream stream) const override {
    check_support(*this, normals, anomalies);
    return std::make_unique<IsolationTrees<Plane>>(name(), normals, stream);
  }
};

}  // namespace

const Expert& extended_isolation_forest_expert() {
  static const ExtendedIsolationForest expert;
  return expert;
}

}  // namespace oddshot
