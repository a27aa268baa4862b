// The model file: what was meta-learned with all that is needed to use it, and, while training, to go on.
// Field by field in docs/model-file.md.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "oddshot/data/preprocessor.h"
#include "oddshot/data/views.h"
#include "oddshot/learners/learner.h"
#include "oddshot/model_io/score_profile.h"
#include "oddshot/model_io/selection.h"
#include "oddshot/training/trainer.h"

namespace oddshot {

inline constexpr int kModelFormatVersion = 3;

struct MetaModel {
  std::string learner;             // name
  LearnerOptions learner_options;  // the file keeps them as the learner has them: encoder.outputs is its choice
  AlignedVector<float> params;     // in the layout of that learner with those options; finite
  Preprocessor preprocessor;       // with views and reference empty where training.space is kTable: every table brings its own
  Views views;                     // of the preprocessor's features
  Matrix reference;                // [R x views.width()] training normals, 1 to kMostReferences; finite
  std::string suite;               // trained on
  std::vector<std::string> training_tasks;
  TrainingOptions training;   // seed included; training.episode.shots plays no part and is not kept
  std::vector<float> losses;  // of each step done
  std::uint64_t steps_done = 0;
  double training_seconds = 0;
  std::optional<Selection> selection;   // of a model of `auto`: which method serves which number of shots
  std::optional<ScoreProfile> profile;  // how its scores lie on its training tasks; nothing of a checkpoint, or of a file before it
  std::string oddshot_version;          // that wrote it
  // Adam's moments; present in a checkpoint of unfinished training, absent in a finished model. Both or none.
  std::optional<AlignedVector<float>> adam_m;
  std::optional<AlignedVector<float>> adam_v;
};

// Whether two models see the same row of a table alike: the same preprocessor, views and reference, bit for bit.
bool see_alike(const MetaModel& a, const MetaModel& b);

// The bytes of a model file; the same model gives the same bytes. Refuses what parse_model would not read back to the same bits: throws
// ArgumentError (a learner that is not known, options out of range, text that is not UTF-8), ShapeError (sizes that do not fit learner and
// options), NumericError (a parameter, moment or loss that is not finite).
std::vector<std::uint8_t> serialise(const MetaModel& model);
// As serialise; throws IoError as well. Atomic.
void save_model(const MetaModel& model, const std::filesystem::path& file);
// Throws IoError if the file cannot be read, FormatError if it is not a model of ours, is damaged, or is of a later version.
MetaModel load_model(const std::filesystem::path& file);
// The same of bytes in memory; `name` is what messages call them.
MetaModel parse_model(std::span<const std::uint8_t> bytes, const std::string& name);
// For people: what `oddshot inspect` prints. With json: the same for programs.
std::string describe(const MetaModel& model, bool json = false);

}  // namespace oddshot
