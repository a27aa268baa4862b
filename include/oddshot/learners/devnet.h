// DevNet on a support alone ("devnet"): a small network whose score of an anomaly is to deviate from those of normals.
#pragma once

#include <cstddef>
#include <memory>

#include "oddshot/base/random.h"
#include "oddshot/experts/expert.h"
#include "oddshot/tasks/task.h"

namespace oddshot {

struct DevNetOptions {
  std::size_t hidden = 20;     // width of the one hidden layer
  std::size_t steps = 100;     // of Adam on the whole support
  float rate = 1e-2F;          // of Adam
  float weight_decay = 1e-2F;  // decoupled, relative to the rate
  float margin = 5;            // deviations that anomalies are to have
};

// Minimises  mean over normals of |f(x)| + mean over anomalies of max(0, margin - f(x)),  f the network's output: f counts in deviations of
// a standard normal, the prior of normal scores. Rows are first centred on the normals' mean and divided by one number, so that neither
// their origin nor their unit matters.
// Source: Pang, Shen, van den Hengel 2019, arXiv:1911.08623; of either class the mean instead of batches drawn with as many of each.
// Throws ArgumentError if a class is absent.   O(steps * S * D * hidden).
std::unique_ptr<Scorer> train_devnet(const Support& support, const DevNetOptions& options, Stream stream);

}  // namespace oddshot
