// Made-up results that look like true ones, for the tests of the report and for looking at it.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "oddshot/evaluation/evaluate.h"

namespace oddshot {

struct ExampleMethod {
  std::string name;
  std::string kind;
  double without = 0.3;  // AUPRC about which the tasks scatter: with no labelled example,
  double gain = 0;       // and what a hundred of them add, at most
};

// Two learners, six experts, two supervised methods, three pooled ones and two further learners.
std::vector<ExampleMethod> example_methods();
// Names of attack types, as many as asked for.
std::vector<std::string> example_tasks(std::size_t count);

// Everything a result holds, made from a fixed seed: metrics with intervals, paired differences, curves of three tasks, adaptation.
EvaluationResult example_result(const std::vector<ExampleMethod>& methods, std::size_t tasks, const std::vector<std::size_t>& shots);
RunSettings example_settings();

}  // namespace oddshot
