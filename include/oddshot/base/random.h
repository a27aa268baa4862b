// Random numbers by counter (Philox 4x32-10): a stream is a pure function of (seed, purpose, index), so that what is drawn for
// episode i does not depend on who drew before, nor on the number of threads or processes. Ours, because the distributions of the
// standard library differ from one implementation to the next.
// Source: Salmon, Moraes, Dror, Shaw 2011, "Parallel random numbers: as easy as 1, 2, 3", section 3.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

namespace oddshot {

// What a stream is for: two purposes never share a number. Append only; the values are part of every stored result.
enum class Purpose : std::uint32_t {
  kInitialise = 1,    // index: 0
  kTrainEpisode = 2,  // index: training step * tasks per step + position
  kTestEpisode = 3,   // index: see evaluation/protocol
  kForest = 4,        // isolation forests
  kBootstrap = 5,
  kCluster = 6,     // k-means for tasks cut by cluster
  kSimulate = 7,    // the simulator of payment fraud
  kSplit = 8,       // normals split between training and held-out by hash
  kScratch = 9,     // networks trained from scratch on a support
  kThreshold = 10,  // episodes of training tasks that suggest the thresholds
  kTest = 11,       // the project's own tests
  kMine = 12,       // pairs mined within an episode
  kAugment = 13,    // pseudo-tasks of training tasks; index: 0, forked by source
  kFold = 14,       // normals of tasks that are left out for a choice; index: 0, forked by set of normals
  kTable = 15,      // what table space draws: columns of wide tables, random subspaces; index: which
  kExplain = 16,    // orders of columns for sampled Shapley values; index: 0
};

// A stream of random numbers. Copyable; a copy continues from the same place. Not safe for concurrent use of one object.
class Stream {
 public:
  Stream(std::uint64_t seed, Purpose purpose, std::uint64_t index);

  // A stream of its own for part `part` of the work of this one; does not advance this one.
  Stream fork(std::uint32_t part) const;

  std::uint32_t bits();
  // Uniform in [0, 1), 24 bits.
  float uniform();
  // Uniform in [0, n), without bias; n >= 1.
  std::uint64_t below(std::uint64_t n);
  // Standard normal (Box-Muller).
  float normal();

  template <class T>
  void shuffle(std::span<T> values) {
    for (std::size_t i = values.size(); i > 1; --i) std::swap(values[i - 1], values[below(i)]);
  }
  // `count` distinct numbers of [0, n) in random order; count <= n. O(count) time and memory.
  std::vector<std::uint32_t> sample(std::uint32_t n, std::uint32_t count);

 private:
  std::array<std::uint32_t, 2> key_;
  std::array<std::uint32_t, 4> counter_;
  std::array<std::uint32_t, 4> block_{};
  unsigned used_ = 4;  // numbers of block_ already handed out
};

}  // namespace oddshot
