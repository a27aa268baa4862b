#include "oddshot/training/yardstick.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <ctime>
#include <memory>
#include <numeric>
#include <string>

#include "kernels/fma_peak.h"
#include "learners/row_products.h"
#include "oddshot/base/choice.h"
#include "oddshot/base/thread_pool.h"
#include "oddshot/training/trainer.h"

namespace oddshot {
namespace {

constexpr std::array kWorkloads{Choice<Workload>{Workload::kMaml, "w1"},     Choice<Workload>{Workload::kFomaml, "w2"},
                                Choice<Workload>{Workload::kReptile, "w3"},  Choice<Workload>{Workload::kProto, "w4"},
                                Choice<Workload>{Workload::kAdapt, "adapt"}, Choice<Workload>{Workload::kScore, "score"}};

constexpr std::size_t kScored = 4096;  // rows of a pass
constexpr std::uint64_t kFewest = 10;  // steps that are timed

void check(const char* what, std::size_t value, std::size_t least, std::size_t most) {
  if (value < least || value > most) {
    throw ArgumentError(std::string(what) + " is " + std::to_string(value) + "; it must be " + std::to_string(least) + " to " +
                        std::to_string(most));
  }
}

using Clock = std::chrono::steady_clock;

double ns_since(Clock::time_point start) { return std::chrono::duration<double, std::nano>(Clock::now() - start).count(); }

// Nanoseconds that this thread has worked, which stand still while others have its core; or those of the clock where that is not known.
double worked_ns() {
#if defined(CLOCK_THREAD_CPUTIME_ID)
  timespec time{};
  if (clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time) == 0) return 1e9 * static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec);
#endif
  return std::chrono::duration<double, std::nano>(Clock::now().time_since_epoch()).count();
}

// ---- the work ----------------------------------------------------------------------------------------------------------------------

const char* learner_of(Workload workload) {
  switch (workload) {
    case Workload::kFomaml:
      return "fomaml";
    case Workload::kReptile:
      return "reptile";
    case Workload::kProto:
      return "proto";
    default:
      return "maml";
  }
}

std::unique_ptr<Learner> make_learner(const YardstickOptions& options) {
  LearnerOptions learner;
  learner.encoder.inputs = options.columns;
  learner.encoder.hidden = options.hidden;
  learner.embedding = options.embedding;
  learner.inner_steps = options.inner_steps;
  return find_learner(learner_of(options.workload))->make(learner);
}

// One task, its anomalies off its normals in every column.
Task make_task(std::size_t columns, std::size_t rows_a_class) {
  auto pool = std::make_shared<RowPool>();
  pool->rows.resize(2 * rows_a_class, columns);
  pool->identity.resize(pool->rows.rows());
  std::iota(pool->identity.begin(), pool->identity.end(), 0U);
  std::vector<std::uint32_t> normals;
  std::vector<std::uint32_t> anomalies;
  Stream stream(1, Purpose::kTest, 0);
  for (std::uint32_t r = 0; r < pool->rows.rows(); ++r) {
    const bool anomaly = r >= rows_a_class;
    for (float& value : pool->rows.row(r)) value = stream.normal() + (anomaly ? 0.5F : 0.0F);
    (anomaly ? anomalies : normals).push_back(r);
  }
  return {"yardstick", std::move(pool), std::move(normals), std::move(anomalies)};
}

// ---- its operations ----------------------------------------------------------------------------------------------------------------

// Operations of the network's products for one row.
struct PassFlop {
  double forward = 0;   // h W
  double gradient = 0;  // forward, h^T d and d W^T, the last not below the first layer
};

PassFlop pass_flop(const YardstickOptions& options) {
  std::vector<std::size_t> widths = options.hidden;
  widths.push_back(options.workload == Workload::kProto ? options.embedding : 1);
  PassFlop flop;
  double inputs = static_cast<double>(options.columns);
  for (std::size_t l = 0; l < widths.size(); ++l) {
    const double one = 2 * inputs * static_cast<double>(widths[l]);
    flop.forward += one;
    flop.gradient += l == 0 ? 2 * one : 3 * one;
    inputs = static_cast<double>(widths[l]);
  }
  return flop;
}

// Operations of a task with an inner loop, in the form that it takes.
double task_flop(const YardstickOptions& options, const learners::InnerWork& work) {
  const EncoderSpec spec{.inputs = options.columns, .hidden = options.hidden};
  const learners::InnerCost cost = learners::inner_cost(spec, work);
  return 2 * (learners::by_row_products(learners::LayerOne::kByCost, spec, work) ? cost.row_products : cost.weights);
}

double step_flop(const YardstickOptions& options) {
  const PassFlop flop = pass_flop(options);
  const auto tasks = static_cast<double>(options.tasks);
  const std::size_t steps = options.inner_steps;
  switch (options.workload) {
    case Workload::kMaml:
      return tasks *
             task_flop(options, {.support = options.support, .query = options.query, .gradients = steps, .hessian_products = steps});
    case Workload::kFomaml:
      return tasks * task_flop(options, {.support = options.support, .query = options.query, .gradients = steps});
    case Workload::kReptile:
      return tasks * task_flop(options, {.support = options.support, .gradients = steps, .adapted = true});
    case Workload::kProto:
      return tasks * flop.gradient * static_cast<double>(options.support + options.query);
    case Workload::kAdapt:
      return task_flop(options, {.support = options.support, .gradients = steps, .adapted = true});
    case Workload::kScore:
      return flop.forward * static_cast<double>(kScored);
  }
  return 0;
}

double step_rows(const YardstickOptions& options) {
  switch (options.workload) {
    case Workload::kAdapt:
      return static_cast<double>(options.support);
    case Workload::kScore:
      return static_cast<double>(kScored);
    case Workload::kReptile:
      return static_cast<double>(options.tasks * options.support);
    default:
      return static_cast<double>(options.tasks * (options.support + options.query));
  }
}

// ---- the clock ---------------------------------------------------------------------------------------------------------------------

// The multiply-add peak of all threads: the best so far of short stretches between steps.
class Peak {
 public:
  explicit Peak(ThreadPool& pool) : pool_(pool), best_(pool.size()) { measure(20); }
  void measure(int runs) {
    pool_.parallel_for(pool_.size(), [&](std::size_t i, unsigned /*worker*/) { best_[i] = std::max(best_[i], kernels::fma_peak(runs)); });
  }
  double gflops() const { return std::accumulate(best_.begin(), best_.end(), 0.0); }

 private:
  ThreadPool& pool_;
  std::vector<double> best_;
};

// Steps of some 20 milliseconds between two looks at the peak.
constexpr double kStretchNs = 2e7;

// Of work, what counts as the fastest step: of thousands one is now and then told less than it has worked, when others had its core
// meanwhile.
constexpr double kFastest = 0.002;

struct Times {
  std::vector<double> ns;      // of each step
  std::vector<double> worked;  // ns of work of each step on one thread; none on several
};

Times time_training(const YardstickOptions& options, ThreadPool& pool, Peak& peak) {
  TrainingOptions training;
  training.steps = 1'000'000'000;  // of which the first few barely move the parameters: every step is the same work
  training.tasks_per_step = options.tasks;
  training.episodes = options.tasks * 2;
  training.dropout = 0;
  const bool support_alone = options.workload == Workload::kReptile;  // which learns from support and query joined
  const std::size_t anomalies = (support_alone ? options.support / 2 : options.support) / 2;
  const std::size_t query = support_alone ? options.support - options.support / 2 : options.query;
  training.shots = {anomalies};
  training.episode.normals = (support_alone ? options.support / 2 : options.support) - anomalies;
  training.episode.query_anomalies = query / 2;
  training.episode.query_normals = query - query / 2;
  const TaskSource source{"yardstick", 1, {make_task(options.columns, 2 * (options.support + options.query))}};
  const ViewSpan plain = source.tasks.front().pool->span("plain");
  const InputSpace space(Space::kRaw, {&plain, 1}, {});
  const Episodes episodes(std::span(&source, 1), training, space, pool);
  const std::unique_ptr<Learner> learner = make_learner(options);
  TrainingState state = start_training(*learner, training);

  Times times;
  std::vector<double>& ns = times.ns;
  std::atomic<bool> stop = false;
  double since_peak = 0;
  int warm_up = 2;  // steps
  const Clock::time_point begin = Clock::now();
  Clock::time_point start = begin;
  double worked_start = worked_ns();
  train(
      *learner, episodes, training, state, pool,
      [&](const TrainingProgress&) {
        const double one = ns_since(start);
        const double worked = worked_ns() - worked_start;
        if (warm_up > 0) {
          --warm_up;
        } else {
          ns.push_back(one);
          if (pool.size() == 1) times.worked.push_back(worked);
        }
        since_peak += one;
        if (since_peak > kStretchNs) {
          peak.measure(4);
          since_peak = 0;
        }
        stop = ns.size() >= kFewest && ns_since(begin) > options.seconds * 1e9;
        start = Clock::now();
        worked_start = worked_ns();
      },
      &stop);
  return times;
}

// Every thread does make()(), which is one step, over and over, until the time is up.
template <class Make>
std::vector<double> time_calls(double seconds, ThreadPool& pool, Peak& peak, const Make& make) {
  std::vector<std::vector<double>> of_thread(pool.size());
  const Clock::time_point begin = Clock::now();
  do {
    pool.parallel_for(pool.size(), [&](std::size_t i, unsigned /*worker*/) {
      auto work = make();
      work();
      const Clock::time_point from = Clock::now();
      do {
        const Clock::time_point start = Clock::now();
        work();
        of_thread[i].push_back(ns_since(start));
      } while (of_thread[i].size() < kFewest || ns_since(from) < kStretchNs);
    });
    peak.measure(4);
  } while (ns_since(begin) < seconds * 1e9);
  std::vector<double> ns;
  for (const auto& one : of_thread) ns.insert(ns.end(), one.begin(), one.end());
  return ns;
}

// A learner adapted to one support.
struct Adapted {
  explicit Adapted(const YardstickOptions& options)
      : learner(make_learner(options)),
        episode(sample_episode(
            make_task(options.columns, std::max(options.support, kScored / 2)),
            {.shots = options.support / 2, .normals = options.support - options.support / 2, .query_normals = 1, .query_anomalies = 1},
            Stream(1, Purpose::kTest, 1))),
        params(learner->layout().size()) {
    learner->initialise(params, Stream(1, Purpose::kInitialise, 0));
  }
  AdaptedState adapt(Scratch& scratch) const { return learner->adapt(params, episode.support(), scratch); }

  std::unique_ptr<Learner> learner;
  Episode episode;
  AlignedVector<float> params;
};

std::vector<double> time_adapting(const YardstickOptions& options, ThreadPool& pool, Peak& peak) {
  const Adapted adapted(options);
  return time_calls(options.seconds, pool, peak,
                    [&] { return [&, scratch = std::shared_ptr<Scratch>(adapted.learner->make_scratch())] { adapted.adapt(*scratch); }; });
}

// kScored rows, `batch` a call.
std::vector<double> time_scoring(const YardstickOptions& options, std::size_t batch, ThreadPool& pool, Peak& peak) {
  const Adapted adapted(options);
  const AdaptedState state = adapted.adapt(*adapted.learner->make_scratch());
  const Task task = make_task(options.columns, kScored / 2);
  const MatrixView rows = task.pool->rows;
  return time_calls(options.seconds, pool, peak, [&] {
    return [&, scratch = std::shared_ptr<Scratch>(adapted.learner->make_scratch()), scores = std::vector<float>(kScored)]() mutable {
      for (std::size_t i = 0; i < kScored; i += batch) {
        adapted.learner->score(state, rows.slice(i, batch), *scratch, std::span(scores).subspan(i, batch));
      }
    };
  });
}

double percentile(std::vector<double>& values, double share) {
  const auto at = values.begin() + static_cast<std::ptrdiff_t>(share * static_cast<double>(values.size() - 1));
  std::nth_element(values.begin(), at, values.end());
  return *at;
}

}  // namespace

std::string_view to_string(Workload workload) { return name_of(kWorkloads, workload, "workload"); }
Workload parse_workload(std::string_view name) { return choice_of(kWorkloads, name, "workload"); }

void YardstickOptions::validate() const {
  to_string(workload);
  check("the number of columns", columns, 1, 65536);
  check("the number of support rows", support, 4, 65536);
  check("the number of query rows", query, 2, 65536);
  check("the number of tasks", tasks, 1, 4096);
  check("the number of inner steps", inner_steps, 1, 1000);
  if (!(seconds > 0) || seconds > 3600) {
    throw ArgumentError("the time to measure is " + std::to_string(seconds) + " seconds; it must be above 0, and 3600 at most");
  }
}

YardstickResult measure(const YardstickOptions& options) {
  options.validate();
  ThreadPool pool(options.threads);
  Peak peak(pool);
  const bool each_its_own = options.workload == Workload::kAdapt || options.workload == Workload::kScore;
  const double at_once = each_its_own ? pool.size() : 1;  // steps
  std::vector<double> ns;
  std::vector<double> worked;
  YardstickResult result;
  if (options.workload == Workload::kScore) {
    YardstickOptions half = options;
    half.seconds /= 2;
    std::vector<double> singly = time_scoring(half, 1, pool, peak);
    result.rows_per_s_singly = at_once * static_cast<double>(kScored) / percentile(singly, 0) * 1e9;
    ns = time_scoring(half, kScored, pool, peak);
  } else if (options.workload == Workload::kAdapt) {
    ns = time_adapting(options, pool, peak);
  } else {
    Times times = time_training(options, pool, peak);
    ns = std::move(times.ns);
    worked = std::move(times.worked);
  }
  peak.measure(20);
  const double flop = step_flop(options);
  const double best = worked.empty() ? percentile(ns, 0) : percentile(worked, kFastest);
  result.threads = pool.size();
  result.steps = ns.size();
  result.mflop_per_step = flop / 1e6;
  result.ms_per_step = best / 1e6;
  result.p50_us = percentile(ns, 0.5) / 1e3;
  result.p99_us = percentile(ns, 0.99) / 1e3;
  result.gflops = at_once * flop / best;
  result.fma_peak_gflops = peak.gflops();
  result.share_of_peak = result.gflops / result.fma_peak_gflops;
  result.rows_per_s = at_once * step_rows(options) / best * 1e9;
  return result;
}

}  // namespace oddshot
