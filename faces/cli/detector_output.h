// What adapt and update say of a detector.
#pragma once

#include <string>

#include "oddshot/base/thread_pool.h"
#include "oddshot/detector/detector.h"

namespace oddshot::cli {

// Notes to standard error, what a user should know to standard output.
void print_detector(const Detector& detector, ThreadPool& pool);
// What scores are compared with, and what is promised of an alert.
void print_calibration(const Detector& detector);
// The time, for a detector's history.
std::string now();

}  // namespace oddshot::cli
