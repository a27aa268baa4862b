// What `auto` chose by leaving training tasks out, and what it saw: kept in the model, so that anyone can look again.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace oddshot {

struct Selection {
  struct Candidate {
    std::string method;  // a learner, or a simple method, on a view perhaps: "knn@whitened"
    // [shots] AUPRC, the mean over the tasks left out; nothing where the method cannot adapt on so few shots.
    std::vector<std::optional<double>> auprc;
    // [shots] standard error, over tasks, of the difference to the model's learner; nothing for that learner itself.
    std::vector<std::optional<double>> error;

    bool operator==(const Candidate&) const = default;
  };

  std::size_t folds = 0;
  std::size_t tasks = 0;              // left out in all, each in one fold
  std::vector<std::size_t> shots;     // rising
  std::vector<Candidate> candidates;  // best first, by the mean lead over the model's learner
  std::vector<std::string> chosen;    // [shots] of the candidates, one for each number of shots
  bool operator==(const Selection&) const = default;

  // What serves a support of so many anomalies: chosen at the largest number of shots that is no larger, or at the smallest.
  const std::string& method_for(std::size_t anomalies) const;
};

}  // namespace oddshot
