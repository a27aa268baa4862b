// Rows that stand in for the normals that a very small support lacks.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "oddshot/data/preprocessor.h"
#include "oddshot/data/table.h"
#include "oddshot/evaluation/methods.h"
#include "oddshot/model_io/model_file.h"
#include "oddshot/tasks/task.h"

namespace oddshot {

// A support of its own memory.
struct OwnedSupport {
  Matrix rows;                       // [S x width]
  std::vector<std::uint8_t> labels;  // [S]
  Support view() const { return {rows, labels}; }
};

// Space "table": a preprocessor fitted to fewer than kEnoughNormals normals, at least one. That so few rows agree in a column does not make
// it a constant: only columns without any value are dropped. Nor do they tell a deviation well: features are numbers in four of it, so that
// they are clipped later. Of a single normal, and where all agree, a number's own size (1 of 0) is taken for its deviation, which
// nothing tells. Throws as Preprocessor::fit does.
Preprocessor fit_to_few(const Table& table, std::span<const std::string> features, std::span<const std::uint32_t> normals,
                        std::span<const std::uint32_t> anomalies);

// A support of fewer than kEnoughNormals normals (Detector's encoded rows) made up to so many, its own rows first:
//   a model with a reference   by its training normals, evenly spaced over those that it keeps
//   space "table"              by copies of the known normals, in turn, whose numbers are shaken by normal noise of twice their deviation
//                              (of a single normal: by the preprocessor's), and which have, with a chance of 1 / (n + 1) in each
//                              column, a number other than the one that all have, a category that none has
// Of as many or more normals: the same rows. Always the same of the same rows.
// Throws ArgumentError for a model of space "table" and no normal.
OwnedSupport with_stand_ins(const MetaModel& model, const Preprocessor& preprocessor, const Support& own);

// Normals that must be there all the same, in a detector of so many.
std::size_t fewest_normals(const MetaModel& model, std::size_t normals);

// The model's method or an expert's, that makes every support up so. The model and the preprocessor must live on.
std::unique_ptr<Method> made_up(std::unique_ptr<Method> method, const MetaModel& model, const Preprocessor& preprocessor);

}  // namespace oddshot
