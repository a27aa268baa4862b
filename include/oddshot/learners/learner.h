// A learner: a meta-learning algorithm. What is learned across tasks (meta-parameters), and how one adapts to a task (inner loop).
// The training loop, checkpoints, evaluation and selection know nothing else about an algorithm.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "oddshot/base/aligned.h"
#include "oddshot/base/matrix.h"
#include "oddshot/base/random.h"
#include "oddshot/nets/encoder_spec.h"
#include "oddshot/nets/layout.h"
#include "oddshot/tasks/task.h"

namespace oddshot {

// Memory that a learner works in; one per thread, made once, reused for every task.
class Scratch {
 public:
  virtual ~Scratch() = default;
};

// What adapting returns: named tensors (an adapted network, prototypes, ...). A value: save it, copy it, send it.
struct AdaptedState {
  Layout layout;
  AlignedVector<float> values;      // [layout.size()]
  std::vector<AdaptedState> parts;  // of a learner that is made of others: theirs, in order
};

// How a prototypical network measures the way from a row to a prototype.
enum class Metric : std::uint8_t {
  kEuclidean,  // squared Euclidean distance
  kCosine,     // 1 - cosine, times a learned scale
  kDiagonal,   // squared Euclidean distance with a learned weight a dimension
};
// The contrastive loss of a Siamese network on the distance D of a pair, y = 1 for the same class, margin m.
enum class Contrast : std::uint8_t {
  kLinear,   // y D + (1 - y) max(0, m - D)
  kSquared,  // y D^2 + (1 - y) max(0, m - D)^2
};
// Which pairs of an episode a Siamese network is trained on.
enum class Mining : std::uint8_t { kAll, kRandom, kSemiHard };

struct LearnerOptions {
  EncoderSpec encoder;                    // encoder.outputs is set by the learner: 1 for a logit, `embedding` for metric learners
  std::size_t embedding = 32;             // siamese, proto, ridge, in-context: width of the embedding, 1 to 65536
  std::size_t inner_steps = 5;            // steps of the inner loop, 0 to 1000
  float inner_rate = 0.1F;                // step size of the inner loop, or its start where it is learned; > 0
  float inner_momentum = 0;               // of the inner loop's steps, 0 to below 1; learned-optimizer: not applicable
  bool learn_inner_rates = false;         // maml, fomaml, anil: one rate per inner step and tensor, learned with the rest
  bool multi_step_loss = false;           // maml, fomaml, meta-sgd, anil, learned-optimizer: the mean of the query losses after every
                                          // inner step, not the last alone
  std::size_t finetune_steps = 10;        // pooled-finetuned: steps on the support, 0 to 1000, of size inner_rate
  std::size_t prototypes = 1;             // proto: prototypes a class, 1 to 64
  Metric metric = Metric::kEuclidean;     // proto
  float margin = 1;                       // siamese: distance that pairs of different classes should keep, > 0
  Contrast contrast = Contrast::kLinear;  // siamese
  Mining mining = Mining::kAll;           // siamese
  float proximity = 1;                    // imaml: weight of the pull towards the start, > 0
  std::size_t conjugate_steps = 5;        // imaml: steps of the conjugate gradients, 1 to 1000
  std::size_t optimizer_width = 16;       // learned-optimizer: width of its hidden layer, 1 to 1024

  std::size_t members = 3;  // score-net, gate: networks whose scores are averaged, 1 to 32
  // committee: the learners that it is made of, at most 8 different ones of learner_table(); no committee, and none that does not
  // meta-learn. Empty: score-net, in-context, gate; a committee's own options name them
  std::vector<std::string> committee;

  void validate() const;  // throws ArgumentError naming field, value and range
};

// Const methods may be called concurrently, each thread with a scratch of its own.
class Learner {
 public:
  virtual ~Learner() = default;

  // As on the command line and in results: "maml".
  virtual std::string_view name() const = 0;
  virtual const LearnerOptions& options() const = 0;
  // The meta-parameters.
  virtual const Layout& layout() const = 0;
  // Fills params [layout().size()] for a start (He initialisation); padding is zero.
  virtual void initialise(std::span<float> params, Stream stream) const = 0;
  virtual std::unique_ptr<Scratch> make_scratch() const = 0;
  // Fewest anomalies a support must have (0: can adapt on normals alone).
  virtual std::size_t minimum_shots() const = 0;

  // The meta-loss of one episode and its gradient (or, for Reptile, the direction that plays its part), overwritten: gradient
  // [layout().size()]. Pure: depends on params and episode alone.
  virtual float task_gradient(std::span<const float> params, const Episode& episode, Scratch& scratch, std::span<float> gradient) const = 0;

  // Steps that adapt() takes by default; 0 where adapting is not a loop.
  virtual std::size_t inner_steps() const = 0;
  // Adapts to a support; params are left as they are. `steps`: inner steps to take, at most inner_steps(); kAllSteps: all.
  static constexpr std::size_t kAllSteps = static_cast<std::size_t>(-1);
  virtual AdaptedState adapt(std::span<const float> params, const Support& support, Scratch& scratch,
                             std::size_t steps = kAllSteps) const = 0;

  // scores[i] rises with the abnormality of rows.row(i).
  virtual void score(const AdaptedState& state, MatrixView rows, Scratch& scratch, std::span<float> scores) const = 0;
};

// One row a learner.
struct LearnerEntry {
  std::string_view name;
  std::string_view kind;        // in results: "learner", or "pooled" for the baselines that do not meta-learn
  std::string_view trained_as;  // the learner whose training serves this one too; its own name if it has a training of its own
  std::string_view summary;
  std::unique_ptr<Learner> (*make)(const LearnerOptions& options);
};
// Names of the choices, as on the command line and in files; the parsers throw ArgumentError naming the choices.
std::string_view to_string(Metric metric);
std::string_view to_string(Contrast contrast);
std::string_view to_string(Mining mining);
Metric parse_metric(std::string_view name);
Contrast parse_contrast(std::string_view name);
Mining parse_mining(std::string_view name);

// Every learner, in the order of tables.
std::span<const LearnerEntry> learner_table();
const LearnerEntry* find_learner(std::string_view name);  // or null

}  // namespace oddshot
