// A forest of score space in ONNX: one TreeEnsembleRegressor, which sums the leaves' weights over the trees.
#include <string>
#include <vector>

#include "detector/onnx_parts.h"

namespace oddshot::onnx {

Value say_forest(Graph& g, const Value& rows, const scores::ForestFit& forest) {
  // One number for each node of all trees; the targets are the leaves.
  std::vector<std::int64_t> tree, number, feature, yes, no, target_tree, target_number;
  std::vector<float> threshold, weight;
  std::vector<std::string> mode;
  const auto trees = static_cast<float>(forest.roots.size());
  for (std::size_t t = 0; t < forest.roots.size(); ++t) {
    const std::uint32_t root = forest.roots[t];
    const std::size_t end = t + 1 < forest.roots.size() ? forest.roots[t + 1] : forest.nodes.size();
    for (std::uint32_t at = root; at < end; ++at) {
      const TreeNode& node = forest.nodes[at];
      const bool leaf = node.right == 0;
      tree.push_back(static_cast<std::int64_t>(t));
      number.push_back(at - root);
      feature.push_back(leaf ? 0 : node.column);
      threshold.push_back(leaf ? 0 : node.threshold);
      mode.emplace_back(leaf ? "LEAF" : "BRANCH_LEQ");
      yes.push_back(leaf ? 0 : at + 1 - root);
      no.push_back(leaf ? 0 : node.right - root);
      if (!leaf) continue;
      target_tree.push_back(static_cast<std::int64_t>(t));
      target_number.push_back(at - root);
      weight.push_back(scores::kShareUnit * node.share / trees);
    }
  }
  std::vector<std::int64_t> target(target_tree.size(), 0);
  const Value sum = g.op("TreeEnsembleRegressor", {g.cast(rows, Type::kFloat)},
                         {{"n_targets", std::int64_t{1}},
                          {"nodes_falsenodeids", std::move(no)},
                          {"nodes_featureids", std::move(feature)},
                          {"nodes_modes", std::move(mode)},
                          {"nodes_nodeids", std::move(number)},
                          {"nodes_treeids", std::move(tree)},
                          {"nodes_truenodeids", std::move(yes)},
                          {"nodes_values", std::move(threshold)},
                          {"target_ids", std::move(target)},
                          {"target_nodeids", std::move(target_number)},
                          {"target_treeids", std::move(target_tree)},
                          {"target_weights", std::move(weight)}},
                         kLearning);
  return g.cast(sum, Type::kDouble);
}

}  // namespace oddshot::onnx
