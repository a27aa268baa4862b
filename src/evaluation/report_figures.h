// The figures of the report, as markup; each empty where there is nothing to draw.
#pragma once

#include <string>

#include "evaluation/report_view.h"

namespace oddshot {

// AUPRC by shots: all methods in one chart, then each by itself with its band. Needs two numbers of shots.
std::string shots_figure(const ReportView& view);
// ROC and precision-recall curves of at most six tasks, from easy to hard for the best learner.
std::string curves_figure(const ReportView& view);
// AUPRC after 0, 1, ... inner steps, one panel a number of shots.
std::string adaptation_figure(const ReportView& view);

}  // namespace oddshot
