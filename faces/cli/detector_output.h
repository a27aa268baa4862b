// What adapt and update say of a detector.
#pragma once

#include <string>

#include "oddshot/base/thread_pool.h"
#include "oddshot/detector/detector.h"

namespace oddshot::cli {

// What adapting has done, beside the detector itself.
struct Adapted {
  std::string file;  // that it was written to
  double milliseconds = 0;
  bool again = false;  // by update: rows were added and removed
};

// What a user should know: notes to standard error, the rest to standard output; with json all of it as one object there.
void print_detector(const Detector& detector, const Adapted& adapted, bool json, ThreadPool& pool);
// The time, for a detector's history.
std::string now();

}  // namespace oddshot::cli
