// The results as aligned text.
#include <algorithm>
#include <iterator>

#include <fmt/format.h>

#include "evaluation/summary.h"
#include "oddshot/evaluation/evaluate.h"

namespace oddshot {
namespace {

std::string mean(const std::optional<Interval>& interval) { return interval ? fmt::format("{:.3f}", interval->mean) : "-"; }

std::string bounds(const std::optional<Interval>& interval) {
  return interval ? fmt::format("{:.3f} to {:.3f}", interval->low, interval->high) : "-";
}

std::string line(const MethodResult& result, bool best, std::size_t name_width) {
  return fmt::format("{} {:<{}}  {:<10}  {:>5}  {:<14}  {:>5}  {:>5}  {:>9}  {:>9.2f}\n", best ? '*' : ' ', result.name, name_width,
                     result.kind, mean(result.auprc), bounds(result.auprc), mean(result.auroc), mean(result.f1),
                     mean(result.recall_at_1_percent), result.adapt_ms);
}

std::string count(std::size_t n, std::string_view noun) { return fmt::format("{} {}{}", n, noun, n == 1 ? "" : "s"); }

// Methods of one number of shots.
std::string section(std::span<const MethodResult> results, const EvaluationOptions& options, std::size_t name_width) {
  std::optional<double> best;
  for (const MethodResult& result : results) {
    if (result.auprc) best = std::max(best.value_or(result.auprc->mean), result.auprc->mean);
  }
  std::string text = fmt::format("{} and {}; {}, {} each\n", count(results.front().shots, "shot"), count(options.normals, "normal"),
                                 count(results.front().tasks.size(), "held-out task"), count(options.repeats, "draw"));
  text += fmt::format("  {:<{}}  {:<10}  {:>5}  {:<14}  {:>5}  {:>5}  {:>9}  {:>9}\n", "method", name_width, "kind", "AUPRC",
                      "95% interval", "AUROC", "F1", "recall@1%", "adapt ms");
  for (const MethodResult& result : results) text += line(result, result.auprc && result.auprc->mean == best, name_width);
  for (const MethodResult& result : results) {
    if (!result.auprc_over_best_baseline) continue;
    const Interval& over = *result.auprc_over_best_baseline;
    text += fmt::format("  {} over {} (the best baseline), paired: {:+.3f} ({:+.3f} to {:+.3f})\n", result.name, result.best_baseline,
                        over.mean, over.low, over.high);
  }
  return text;
}

}  // namespace

std::string results_table(const EvaluationResult& result) {
  std::size_t name_width = 6;
  for (const MethodResult& method : result.methods) name_width = std::max(name_width, method.name.size());
  std::string text;
  const std::span<const MethodResult> methods(result.methods);
  for (std::size_t first = 0; first < methods.size();) {
    std::size_t last = first;
    while (last < methods.size() && methods[last].shots == methods[first].shots) ++last;
    if (first > 0) text += '\n';
    text += section(methods.subspan(first, last - first), result.options, name_width);
    first = last;
  }
  if (!result.notes.empty()) text += '\n';
  for (const std::string& note : result.notes) text += "note: " + note + '\n';
  return text;
}

}  // namespace oddshot
