// The draws of an evaluation: a support to adapt on and a query to judge by, the same for every method.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>

#include "oddshot/base/random.h"
#include "oddshot/evaluation/evaluate.h"
#include "oddshot/tasks/task.h"

namespace oddshot {

struct DrawKey {
  Purpose purpose = Purpose::kTestEpisode;
  std::size_t task = 0;    // index among the tasks of its side, < 2^32
  std::size_t repeat = 0;  // < 2^16
  std::size_t shots = 0;   // < 2^16
};

// A draw as methods of one space see it, and how long it took to make.
struct MappedDraw {
  Matrix support_rows, query_rows;
  double support_ms = 0;
  double query_seconds = 0;
};

struct Draw {
  Episode episode;
  Stream method_stream;                            // what a method's own randomness comes from; every method gets a copy
  std::string place;                               // for messages: `task "apache2", 5 shots, repeat 3`
  std::map<const InputSpace*, MappedDraw> mapped;  // by space, of those that methods asked for

  const MappedDraw& in(const InputSpace& space);
};

// Depends on task, spec, seed and key alone. Throws what sample_episode throws.
Draw draw_episode(const Task& task, const EpisodeSpec& spec, std::uint64_t seed, const DrawKey& key);

EpisodeSpec held_out_spec(const EvaluationOptions& options, std::size_t shots);
// The same support and class ratio; a query of at most 2,200 rows, since a threshold needs the scores of all its episodes at once.
EpisodeSpec threshold_spec(const EvaluationOptions& options, std::size_t shots);

}  // namespace oddshot
