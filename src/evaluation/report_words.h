// The question and the answer of the report in words, made from the numbers.
#pragma once

#include <string>
#include <vector>

#include "evaluation/report_view.h"

namespace oddshot {

// "Can five labelled examples reveal an attack type never seen before?" Plain text.
std::string question(const ReportView& view);

// Whether meta-learning wins, in one plain sentence; says so where it does not, where the interval of the difference includes zero and
// where there is nothing to compare. Plain text.
std::string verdict(const ReportView& view);

// The numbers behind the verdict, a paragraph each: at the shots that lead, task by task, and how to read them. Markup.
std::vector<std::string> evidence(const ReportView& view);

// The protocol, a paragraph each. Markup.
std::vector<std::string> protocol(const ReportView& view);

// The command that gives this report again. Plain text.
std::string command(const ReportView& view);

// "0.812 [0.781, 0.843]" or "undefined"; differences with their sign.
std::string with_interval(const std::optional<Interval>& interval);
std::string signed_with_interval(const Interval& interval);

}  // namespace oddshot
