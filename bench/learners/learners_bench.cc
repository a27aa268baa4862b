// Every learner's training step at the yardstick's size, beside what its operations would take at the rate of MAML's: a network 40-64-64-1
// with ReLU, 32 tasks, a support of 20 rows and a query of 64, one thread. One JSON object a line, of
// all or of the one named by the argument (a second one, any word: its steps alone, some seconds of them, for a profiler):
//   learner, mflop a step, ms a step, over = time / (operations / MAML's rate)
// Operations are counted, not derived: a learner made while `counting` is set takes its kernels from a table that adds up what passes
// through its products (2 for each multiply-add, 3 for each term of a distance, a subtraction more). Elementwise work, factorisations and
// losses are not counted, so that they show as time over. MAML's count is checked against the formula of the yardstick.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <ctime>
#include <exception>
#include <limits>
#include <memory>
#include <numeric>
#include <string>
#include <vector>

#include "kernels/kernels.h"
#include "oddshot/learners/learner.h"

// kernels::table<float>() is wrapped where this program is linked (CMakeLists.txt).
const oddshot::kernels::Table<float>& real_table() __asm__("__real__ZN7oddshot7kernels5tableIfEERKNS0_5TableIT_EEv");
const oddshot::kernels::Table<float>& wrapped_table() __asm__("__wrap__ZN7oddshot7kernels5tableIfEERKNS0_5TableIT_EEv");

namespace {

using namespace oddshot;

constexpr std::size_t kColumns = 40;
constexpr std::size_t kTasks = 32;
constexpr std::size_t kSupport = 20;
constexpr std::size_t kQuery = 64;
constexpr double kMamlMflop = 377.4;  // a step, by the formula of the yardstick

bool counting = false;
double flop = 0;

double product_of(std::size_t a, std::size_t b, std::size_t c) {
  return static_cast<double>(a) * static_cast<double>(b) * static_cast<double>(c);
}

const kernels::Table<float>& counting_table() {
  static const kernels::Table<float> kTable = [] {
    kernels::Table<float> table = real_table();
    table.product = [](const kernels::Product<float>& p) {
      flop += (p.a2 != nullptr ? 4 : 2) * product_of(p.m, p.n, p.k);
      real_table().product(p);
    };
    table.dot = [](std::size_t n, const float* x, const float* y) {
      flop += 2 * static_cast<double>(n);
      return real_table().dot(n, x, y);
    };
    table.axpy = [](std::size_t n, float alpha, const float* x, float* y) {
      flop += 2 * static_cast<double>(n);
      real_table().axpy(n, alpha, x, y);
    };
    table.squared_distances = [](std::size_t m, std::size_t n, std::size_t d, const float* x, std::size_t ldx, const float* y,
                                 std::size_t ldy, float* out, std::size_t ld_out) {
      flop += 3 * product_of(m, n, d);
      real_table().squared_distances(m, n, d, x, ldx, y, ldy, out, ld_out);
    };
    table.shared_forward = [](const kernels::SharedNetwork<float>& net, std::size_t n, const float* x, std::size_t ld, float* hidden,
                              float* y) {
      flop += 10 * product_of(net.width, n, 1);
      real_table().shared_forward(net, n, x, ld, hidden, y);
    };
    table.shared_backward = [](const kernels::SharedNetwork<float>& net, std::size_t n, const float* x, std::size_t ld, const float* hidden,
                               const float* d_y, float* d_x, float* d_in, float* d_out) {
      flop += 20 * product_of(net.width, n, 1);
      real_table().shared_backward(net, n, x, ld, hidden, d_y, d_x, d_in, d_out);
    };
    return table;
  }();
  return kTable;
}

std::vector<Episode> make_episodes() {
  std::vector<Episode> episodes(kTasks);
  for (std::size_t t = 0; t < kTasks; ++t) {
    Stream stream(1, Purpose::kTest, t);
    const auto fill = [&](std::size_t rows, Matrix& values, std::vector<std::uint8_t>& labels) {
      values.resize(rows, kColumns);
      labels.assign(rows, 0);
      std::fill(labels.begin() + static_cast<std::ptrdiff_t>(rows / 2), labels.end(), std::uint8_t{1});
      for (std::size_t r = 0; r < rows; ++r) {
        for (float& value : values.row(r)) value = stream.normal() + (labels[r] != 0 ? 0.5F : 0.0F);
      }
    };
    fill(kSupport, episodes[t].support_rows, episodes[t].support_labels);
    fill(kQuery, episodes[t].query_rows, episodes[t].query_labels);
  }
  return episodes;
}

// A learner's step over all episodes.
class Step {
 public:
  Step(const LearnerEntry& entry, const std::vector<Episode>& episodes) : episodes_(episodes) {
    LearnerOptions options;
    options.encoder.inputs = kColumns;
    options.encoder.hidden = {64, 64};
    learner_ = entry.make(options);
    params_.resize(learner_->layout().size());
    gradient_.resize(params_.size());
    learner_->initialise(params_, Stream(1, Purpose::kInitialise, 0));
    scratch_ = learner_->make_scratch();
  }
  void run() {
    for (const Episode& episode : episodes_) learner_->task_gradient(params_, episode, *scratch_, gradient_);
  }

 private:
  const std::vector<Episode>& episodes_;
  std::unique_ptr<Learner> learner_;
  AlignedVector<float> params_;
  AlignedVector<float> gradient_;
  std::unique_ptr<Scratch> scratch_;
};

double counted_mflop(const LearnerEntry& entry, const std::vector<Episode>& episodes) {
  counting = true;
  Step step(entry, episodes);
  flop = 0;
  step.run();
  counting = false;
  return flop / 1e6;
}

// Processor time of the fastest of many steps.
double fastest_ms(Step& step) {
  double best = std::numeric_limits<double>::infinity();
  double all = 0;
  for (int i = 0; i < 10 || (all < 1000 && i < 400); ++i) {
    const std::clock_t start = std::clock();
    step.run();
    const double ms = 1e3 * static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
    best = std::min(best, ms);
    all += ms;
  }
  return best;
}

}  // namespace

const kernels::Table<float>& wrapped_table() { return counting ? counting_table() : real_table(); }

int main(int argc, char** argv) {
  try {
    const std::vector<Episode> episodes = make_episodes();
    const double maml_mflop = counted_mflop(*find_learner("maml"), episodes);
    if (std::abs(maml_mflop - kMamlMflop) > 0.02 * kMamlMflop) {
      std::fprintf(stderr, "learners_bench: %.1f MFLOP counted for MAML, %.1f expected\n", maml_mflop, kMamlMflop);
      return 1;
    }
    for (const LearnerEntry& entry : learner_table()) {
      if (entry.trained_as != entry.name || (argc > 1 && entry.name != argv[1])) continue;
      const double mflop = counted_mflop(entry, episodes);
      Step step(entry, episodes);
      if (argc > 2) {  // for a profiler
        for (int i = 0; i < 3; ++i) fastest_ms(step);
        continue;
      }
      Step maml(*find_learner("maml"), episodes);
      const double maml_ms = fastest_ms(maml);  // beside each, as the clock moves
      const double ms = fastest_ms(step);
      std::printf("{\"learner\": \"%s\", \"mflop\": %.2f, \"ms\": %.4f, \"gflops\": %.1f, \"over\": %.3f}\n",
                  std::string(entry.name).c_str(), mflop, ms, mflop / ms, ms / (mflop / (maml_mflop / maml_ms)));
    }
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "learners_bench: %s\n", error.what());
    return 1;
  }
}
