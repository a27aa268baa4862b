// Whether the rows that a detector scores still look like the normal rows that it knows: a calibration says nothing of others.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "oddshot/detector/detector.h"

namespace oddshot {

// How far two distributions of one thing lie apart.
struct Drift {
  std::string what;          // "score", or a column
  double psi = 0;            // population stability index over the reference's deciles, or over categories: sum of (q - p) ln(q / p)
  std::optional<double> ks;  // Kolmogorov-Smirnov: the largest gap between the cumulative shares; of numbers alone
  double chance = 1;         // of so large a PSI if nothing had changed, roughly
  bool shifted = false;      // PSI of 0.1 or more, and chance below 0.001 shared by all that is watched
};

// Counts what is scored, in memory that does not grow with it. The reference of scores are the calibrators, that of columns all normals the
// detector holds. Rows are taken as the detector encodes them, so numbers beyond its clip are one value.
// PSI: Siddiqi 2006, "Credit risk scorecards"; chance: (1/n + 1/m) chi-square of the bins, Yurdakul 2018, "Statistical properties of
// population stability index".
class DriftWatch {
 public:
  // The detector is not needed later. Throws ArgumentError if it has no calibration.
  explicit DriftWatch(const Detector& detector);

  // rows [N x width] encoded, scores [N]. Throws ShapeError.
  void add(MatrixView rows, std::span<const float> scores);
  std::uint64_t rows() const { return rows_; }
  std::size_t reference_rows() const { return reference_rows_; }
  // The score, then columns from the most shifted. Empty before the first row.
  std::vector<Drift> report() const;

 private:
  // Of numbers: counts between the different values of the reference.
  struct Numbers {
    std::string what;
    std::size_t feature = 0;
    std::vector<float> values;             // [V] rising, different
    std::vector<std::uint64_t> reference;  // [2V + 1] below the first, at the first, between, ..., above the last
    std::vector<std::uint64_t> now;        // likewise
  };
  // Of a category: one feature for each, and none.
  struct Categories {
    std::string what;
    std::vector<std::size_t> features;
    std::vector<std::uint64_t> reference;  // [features + 1]
    std::vector<std::uint64_t> now;
  };

  static Numbers numbers_of(std::string what, std::size_t feature, const std::vector<float>& values);
  static void count(Numbers& numbers, float value);

  std::size_t width_ = 0;
  std::size_t reference_rows_ = 0;
  std::uint64_t rows_ = 0;
  Numbers scores_;
  std::vector<Numbers> numbers_;
  std::vector<Categories> categories_;
};

// For people: a table; with json an object for programs.
std::string describe(const DriftWatch& watch, bool json = false);

}  // namespace oddshot
