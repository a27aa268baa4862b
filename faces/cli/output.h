// What run and evaluate have in common: they train, judge, print the table and write the folder.
#pragma once

#include <filesystem>
#include <optional>

#include "oddshot/evaluation/experiment.h"

namespace oddshot::cli {

// Trains with progress on standard error. Nothing if the user interrupted (then `file` holds a checkpoint).
std::optional<MetaModel> train_with_progress(const std::string& learner, const ExperimentPlan& plan, const TaskSuite& suite,
                                             ThreadPool& pool, const std::filesystem::path& file, bool resume);

// Makes the folder, so that a wrong path is known before hours of work. Throws IoError.
void make_folder(const std::filesystem::path& folder);

// Evaluates the methods, prints the table to standard output, writes report.html and results.json to `folder`.
void judge(const SuiteRows& rows, const TaskSuite& suite, const ExperimentPlan& plan, const std::vector<MetaModel>& models,
           const MetaModel* pooled, ThreadPool& pool, const std::filesystem::path& folder);

}  // namespace oddshot::cli
