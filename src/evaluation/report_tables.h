// The tables of the report, as markup.
#pragma once

#include <cstddef>
#include <string>

#include "evaluation/report_view.h"

namespace oddshot {

// Every learner against the best method without meta-learning, at every number of shots; empty if there is no learner.
std::string comparison_table(const ReportView& view);
// Every method at these shots, by falling AUPRC: the metrics, the time to adapt and to score, the best of each column marked.
std::string method_table(const ReportView& view, std::size_t shots);
// AUPRC of tasks (rows, easiest first) by methods (columns, best first) at these shots, the shade of each cell telling its value.
std::string heat_map(const ReportView& view, std::size_t shots);

}  // namespace oddshot
