// The model file: what was meta-learned with all that is needed to use it, and, while training, to go on.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "oddshot/data/preprocessor.h"
#include "oddshot/learners/learner.h"
#include "oddshot/training/trainer.h"

namespace oddshot {

inline constexpr int kModelFormatVersion = 1;

struct MetaModel {
  std::string learner;  // name
  LearnerOptions learner_options;
  AlignedVector<float> params;  // in the layout of that learner with those options
  Preprocessor preprocessor;
  std::string suite;  // trained on
  std::vector<std::string> training_tasks;
  TrainingOptions training;   // seed included
  std::vector<float> losses;  // of each step done
  std::uint64_t steps_done = 0;
  double training_seconds = 0;
  std::string oddshot_version;
  // Adam's moments; present in a checkpoint of unfinished training, absent in a finished model.
  std::optional<AlignedVector<float>> adam_m;
  std::optional<AlignedVector<float>> adam_v;
};

// Throws IoError; atomic.
void save_model(const MetaModel& model, const std::filesystem::path& file);
// Throws IoError if the file cannot be read, FormatError if it is not a model of ours, is damaged, or is of a later version.
MetaModel load_model(const std::filesystem::path& file);
MetaModel parse_model(std::span<const std::uint8_t> bytes, const std::string& name);
// For people: what `oddshot inspect` prints. With json: the same for programs.
std::string describe(const MetaModel& model, bool json = false);

}  // namespace oddshot
