// Isolation forest: trees that split rows at random isolate odd rows early (isolation_depth.h has the score).
// A split takes a column at random among those that vary in the node, and a threshold uniformly between its smallest and largest value.
// Trees end at depth ceil(log2 B). 100 trees on B rows each, without replacement: 256, or four fifths of the normals if they are fewer than
// 320. The paper would take all of fewer than 256 normals, but then no row is ever out of the bag (tree_bags.h).
// Source: Liu, Ting, Zhou 2008, "Isolation forest".
#include "experts/isolation_trees.h"

namespace oddshot {
namespace {

struct Threshold {
  float threshold = 0;  // rows above go right
  std::uint32_t column = 0;

  bool right(const float* row) const { return row[column] > threshold; }

  using Step = kernels::Cut<float>;
  Step step() const { return {threshold, static_cast<std::uint32_t>(column * kRowsAtOnce)}; }
  static void descend(std::span<const Step> tree, std::size_t levels, const float* columns, std::size_t n, std::uint32_t* at) {
    static const kernels::Table<float>& kKernel = kernels::table<float>();  // called for each tree and some rows
    kKernel.descend(n, columns, tree.data(), levels, at);
  }

  static std::optional<Threshold> draw(const SplitRows& rows, std::span<std::uint32_t> columns, std::size_t& varying, Stream& stream) {
    while (varying > 0) {
      const std::size_t drawn = stream.below(varying);
      const std::uint32_t column = columns[drawn];
      const ColumnRange range = rows.range(column);
      if (range.low == range.high) {  // constant here, hence in all below
        std::swap(columns[drawn], columns[--varying]);
        continue;
      }
      const float threshold = range.between(stream);
      return Threshold{threshold < range.high ? threshold : range.low, column};  // rounded up: the highest itself must go right
    }
    return std::nullopt;
  }
};

class IsolationForest final : public Expert {
 public:
  std::string_view name() const override { return "isolation-forest"; }
  bool uses_labels() const override { return false; }
  std::unique_ptr<FittedExpert> fit(MatrixView normals, MatrixView anomalies, Stream stream) const override {
    check_support(*this, normals, anomalies);
    return std::make_unique<IsolationTrees<Threshold>>(name(), normals, stream);
  }
};

}  // namespace

const Expert& isolation_forest_expert() {
  static const IsolationForest expert;
  return expert;
}

}  // namespace oddshot
