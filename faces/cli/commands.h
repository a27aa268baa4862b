// The subcommands. Each adds itself to the parser; what it returns runs it and gives the exit status: 0 done, 1 wrong input, 2 wrong usage,
// 130 interrupted. Results go to standard output, words to standard error.
#pragma once

#include <functional>

namespace CLI {
class App;
}

namespace oddshot::cli {

using Command = std::function<int()>;

Command add_run(CLI::App& parent);
Command add_train(CLI::App& parent);
Command add_evaluate(CLI::App& parent);
Command add_adapt(CLI::App& parent);
Command add_score(CLI::App& parent);
Command add_update(CLI::App& parent);
Command add_completion(CLI::App& parent);
Command add_explain(CLI::App& parent);
Command add_export(CLI::App& parent);
Command add_suite(CLI::App& parent);
Command add_inspect(CLI::App& parent);
Command add_learners(CLI::App& parent);
Command add_ablation(CLI::App& parent);
Command add_baselines(CLI::App& parent);
Command add_bench(CLI::App& parent);

inline constexpr int kDone = 0;
inline constexpr int kWrongInput = 1;
inline constexpr int kWrongUsage = 2;
inline constexpr int kInterrupted = 130;

}  // namespace oddshot::cli
