// What is kept of a score that each column of a row gives: the mean over the columns, the largest, the mean of the three largest.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>

namespace oddshot::table {

class Largest3 {
 public:
  void add(float value) {
    sum_ += value;
    if (count_ < 3 || value > top_[2]) {
      std::size_t place = std::min<std::size_t>(count_, 2);
      for (; place > 0 && value > top_[place - 1]; --place) top_[place] = top_[place - 1];
      top_[place] = value;
    }
    ++count_;
  }
  // Of at least one value.
  float mean() const { return sum_ / static_cast<float>(count_); }
  float largest() const { return top_[0]; }
  float mean_of_three() const {
    const std::size_t counted = std::min<std::size_t>(count_, 3);
    float sum = 0;
    for (std::size_t i = 0; i < counted; ++i) sum += top_[i];
    return sum / static_cast<float>(counted);
  }

 private:
  float sum_ = 0;
  std::array<float, 3> top_{};
  std::size_t count_ = 0;
};

}  // namespace oddshot::table
