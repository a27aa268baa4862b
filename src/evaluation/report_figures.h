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

// Share of anomalies by the probability that was told, at the lead shots; and the calibration error of every learner at every number of
// shots. Of methods that tell probabilities.
std::string reliability_figure(const ReportView& view);

// Anomalies that the best learner caught and missed, each with the shares of its columns as bars.
std::string examples_figure(const ReportView& view);

}  // namespace oddshot
