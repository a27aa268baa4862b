#include "oddshot/training/trainer.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <memory>
#include <numbers>
#include <optional>
#include <string>

#include "kernels/kernels.h"
#include "oddshot/base/choice.h"
#include "oddshot/base/error.h"

namespace oddshot {
namespace {

constexpr std::array kOptimizers{Choice<Optimizer>{Optimizer::kAdam, "adam"}, Choice<Optimizer>{Optimizer::kSgd, "sgd"}};
constexpr float kBeta1 = 0.9F;
constexpr float kBeta2 = 0.999F;
constexpr float kEpsilon = 1e-8F;
constexpr float kFinalRate = 0.1F;      // the last step's rate as a share of the first's
constexpr std::size_t kSmoothing = 50;  // steps that the shown loss averages over

void check_range(const char* what, std::uint64_t value, std::uint64_t low, std::uint64_t high) {
  if (value < low || value > high) {
    throw ArgumentError(std::string(what) + " is " + std::to_string(value) + "; it must be " + std::to_string(low) + " to " +
                        std::to_string(high));
  }
}

void check_positive(const char* what, float value) {
  if (!(value > 0) || !std::isfinite(value)) {
    throw ArgumentError(std::string(what) + " is " + std::to_string(value) + "; it must be a number above 0");
  }
}

void check_share(const char* what, float value, bool or_one) {
  if (!(value >= 0) || value > 1 || (value == 1 && !or_one)) {
    throw ArgumentError(std::string(what) + " is " + std::to_string(value) + "; it must be 0 to " + (or_one ? "1" : "below 1"));
  }
}

// The optimiser's step size at `step`: in a straight line up to `rate` during the warm-up, then along a cosine to a tenth of it.
float rate_at(const TrainingOptions& options, std::uint64_t step) {
  const auto warm = static_cast<std::uint64_t>(static_cast<double>(options.warmup) * static_cast<double>(options.steps));
  if (step < warm) {
    return options.rate * static_cast<float>(static_cast<double>(step + 1) / static_cast<double>(warm));
  }
  const double share = static_cast<double>(step - warm) / static_cast<double>(options.steps - warm);
  const double wave = 0.5 * (1 + std::cos(std::numbers::pi * share));
  return options.rate * static_cast<float>(kFinalRate + (1 - kFinalRate) * wave);
}

// The first tensor with a value that is not finite.
std::optional<std::string> lost_tensor(const Layout& layout, std::span<const float> values) {
  for (const Tensor& tensor : layout.tensors()) {
    const auto part = values.subspan(tensor.offset, tensor.size());
    if (!std::all_of(part.begin(), part.end(), [](float x) { return std::isfinite(x); })) {
      return tensor.name;
    }
  }
  return std::nullopt;
}

// Throws NumericError for the first task of a step whose loss or gradient is not finite.
void check_finite(const Layout& layout, const Episodes& episodes, std::uint64_t step, std::span<const AlignedVector<float>> gradients,
                  std::span<const float> losses, Episode& room) {
  for (std::size_t i = 0; i < losses.size(); ++i) {
    const auto lost = lost_tensor(layout, gradients[i]);
    if (lost || !std::isfinite(losses[i])) {
      throw NumericError("training lost its numbers at step " + std::to_string(step + 1) + ", task \"" + episodes.at(step, i, room).task +
                         "\": the " + (lost ? "gradient of tensor \"" + *lost + "\"" : "loss") +
                         " is not finite; a smaller inner rate or training rate may help");
    }
  }
}

float recent_mean(std::span<const float> losses) {
  const std::size_t count = std::min(losses.size(), kSmoothing);
  double sum = 0;
  for (const float loss : losses.last(count)) {
    sum += loss;
  }
  return count == 0 ? 0.0F : static_cast<float>(sum / static_cast<double>(count));
}

}  // namespace

std::string_view to_string(Optimizer optimizer) { return name_of(kOptimizers, optimizer, "optimizer"); }
Optimizer parse_optimizer(std::string_view name) { return choice_of(kOptimizers, name, "optimizer"); }

void TrainingOptions::validate() const {
  to_string(optimizer);
  check_range("the number of training steps", steps, 0, 1'000'000'000);
  check_range("the number of tasks a step", tasks_per_step, 1, 4096);
  check_range("the number of episodes", episodes, 0, 1'000'000);
  to_string(space);
  check_range("the number of support normals", episode.normals, 1, 1'000'000);
  check_range("the number of query normals", episode.query_normals, 1, 1'000'000);
  check_range("the number of query anomalies", episode.query_anomalies, 1, 1'000'000);
  check_positive("the training rate", rate);
  check_positive("the largest gradient norm", clip);
  check_share("the dropout", dropout, false);
  check_share("the warm-up", warmup, false);
  check_share("the weight decay", weight_decay, true);
  augment.validate();
  if (shots.empty()) {
    throw ArgumentError("training needs at least one number of shots");
  }
  for (const std::size_t count : shots) {
    check_range("the number of shots", count, 0, 1'000'000);
  }
}

TrainingState start_training(const Learner& learner, const TrainingOptions& options) {
  options.validate();
  const std::size_t size = learner.layout().size();
  TrainingState state;
  state.params.resize(size);
  state.adam_m.resize(size);
  state.adam_v.resize(size);
  learner.initialise(state.params, Stream(options.seed, Purpose::kInitialise, 0));
  return state;
}

void train(const Learner& learner, const Episodes& episodes, const TrainingOptions& options, TrainingState& state, ThreadPool& pool,
           const std::function<void(const TrainingProgress&)>& progress, const std::atomic<bool>* stop) {
  options.validate();
  const Layout& layout = learner.layout();
  const std::size_t size = layout.size();
  if (state.params.size() != size || state.adam_m.size() != size || state.adam_v.size() != size) {
    throw ShapeError("the training state holds " + std::to_string(state.params.size()) + " parameters; learner " +
                     std::string(learner.name()) + " has " + std::to_string(size));
  }
  for (const std::size_t shots : options.shots) {
    if (shots < learner.minimum_shots()) {
      throw ArgumentError("learner " + std::string(learner.name()) + " cannot be trained on " + std::to_string(shots) +
                          " shots; it needs at least " + std::to_string(learner.minimum_shots()));
    }
  }
  const auto& kernels = kernels::table<float>();
  std::vector<std::unique_ptr<Scratch>> scratch(pool.size());
  for (auto& one : scratch) {
    one = learner.make_scratch();
  }
  std::vector<Episode> rooms(pool.size());
  std::vector<AlignedVector<float>> gradients(options.tasks_per_step, AlignedVector<float>(size));
  std::vector<float> losses(options.tasks_per_step);
  AlignedVector<float> sum(size);
  const auto began = std::chrono::steady_clock::now();
  const std::uint64_t first_step = state.step;

  while (state.step < options.steps && !(stop != nullptr && stop->load())) {
    pool.parallel_for(options.tasks_per_step, [&](std::size_t position, unsigned worker) {
      const Episode& episode = episodes.at(state.step, position, rooms[worker]);
      losses[position] = learner.task_gradient(state.params, episode, *scratch[worker], gradients[position]);
    });
    // Summed in task order: the same bits for any number of threads.
    std::fill(sum.begin(), sum.end(), 0.0F);
    double loss = 0;
    for (std::size_t i = 0; i < options.tasks_per_step; ++i) {
      kernels.axpy(size, 1.0F, gradients[i].data(), sum.data());
      loss += losses[i];
    }
    const float share = 1.0F / static_cast<float>(options.tasks_per_step);
    const float square = kernels.dot(size, sum.data(), sum.data());
    if (!std::isfinite(square) || !std::isfinite(loss)) {  // else all that was summed is finite
      check_finite(layout, episodes, state.step, gradients, losses, rooms.front());
    }
    const float norm = std::sqrt(square) * share;
    const float scale = norm > options.clip ? share * options.clip / norm : share;
    for (float& value : sum) {
      value *= scale;
    }
    const float rate = rate_at(options, state.step);
    if (options.weight_decay > 0) {
      const float kept = 1 - rate * options.weight_decay;
      for (float& value : state.params) {
        value *= kept;
      }
    }
    if (options.optimizer == Optimizer::kAdam) {
      kernels.adam(size, rate, kBeta1, kBeta2, kEpsilon, state.step + 1, sum.data(), state.adam_m.data(), state.adam_v.data(),
                   state.params.data());
    } else {
      kernels.axpy(size, -rate, sum.data(), state.params.data());
    }
    state.losses.push_back(static_cast<float>(loss * share));
    ++state.step;
    if (progress) {
      const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
      const auto done = static_cast<double>(state.step - first_step);
      progress({.step = state.step,
                .steps = options.steps,
                .loss = recent_mean(state.losses),
                .tasks_per_second = seconds > 0 ? done * static_cast<double>(options.tasks_per_step) / seconds : 0,
                .seconds_left = seconds / done * static_cast<double>(options.steps - state.step)});
    }
  }
}

void train(const Learner& learner, std::span<const TaskSource> sources, const TrainingOptions& options, TrainingState& state,
           ThreadPool& pool, const std::function<void(const TrainingProgress&)>& progress, const std::atomic<bool>* stop) {
  options.validate();
  const auto any = std::find_if(sources.begin(), sources.end(), [](const TaskSource& source) { return !source.tasks.empty(); });
  if (any == sources.end()) {
    throw ArgumentError("there is no task to train on");
  }
  const ViewSpan plain = any->tasks.front().pool->span(kPlain);
  const InputSpace space(Space::kRaw, {&plain, 1}, {});
  train(learner, Episodes(sources, options, space, pool), options, state, pool, progress, stop);
}

void train(const Learner& learner, std::span<const Task> tasks, const TrainingOptions& options, TrainingState& state, ThreadPool& pool,
           const std::function<void(const TrainingProgress&)>& progress, const std::atomic<bool>* stop) {
  const TaskSource real{"real", 1, {tasks.begin(), tasks.end()}};
  train(learner, std::span(&real, 1), options, state, pool, progress, stop);
}

}  // namespace oddshot
