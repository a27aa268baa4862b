// Dense row-major matrices: a view that borrows and a value that owns. Memory layout, once for the whole library:
// element (r, c) lies at data[r * stride + c]; an owned Matrix has stride == cols and starts on a 64-byte boundary.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>

#include "oddshot/base/aligned.h"

namespace oddshot {

// Borrowed rows x cols values; valid as long as the owner lives and does not resize. Cheap to copy.
template <class T>
struct BasicMatrixView {
  const T* data = nullptr;
  std::size_t rows = 0;
  std::size_t cols = 0;
  std::size_t stride = 0;  // elements from one row to the next, >= cols

  std::span<const T> row(std::size_t r) const { return {data + r * stride, cols}; }
  T operator()(std::size_t r, std::size_t c) const { return data[r * stride + c]; }
  // Rows [first, first + count).
  BasicMatrixView slice(std::size_t first, std::size_t count) const { return {data + first * stride, count, cols, stride}; }
  // Columns [first, first + count).
  BasicMatrixView columns(std::size_t first, std::size_t count) const { return {data + first, rows, count, stride}; }
};

// Owned rows x cols values, zero at birth.
template <class T>
class BasicMatrix {
 public:
  BasicMatrix() = default;
  BasicMatrix(std::size_t rows, std::size_t cols) : rows_(rows), cols_(cols), values_(rows * cols) {}

  std::size_t rows() const { return rows_; }
  std::size_t cols() const { return cols_; }
  bool empty() const { return values_.empty(); }
  T* data() { return values_.data(); }
  const T* data() const { return values_.data(); }
  std::span<T> row(std::size_t r) { return {values_.data() + r * cols_, cols_}; }
  std::span<const T> row(std::size_t r) const { return {values_.data() + r * cols_, cols_}; }
  T& operator()(std::size_t r, std::size_t c) { return values_[r * cols_ + c]; }
  T operator()(std::size_t r, std::size_t c) const { return values_[r * cols_ + c]; }
  BasicMatrixView<T> view() const { return {values_.data(), rows_, cols_, cols_}; }
  operator BasicMatrixView<T>() const { return view(); }  // NOLINT(google-explicit-constructor): a value reads as its view
  // Keeps capacity; contents are unspecified afterwards.
  void resize(std::size_t rows, std::size_t cols) {
    rows_ = rows;
    cols_ = cols;
    values_.resize(rows * cols);
  }

 private:
  std::size_t rows_ = 0;
  std::size_t cols_ = 0;
  AlignedVector<T> values_;
};

// The same rows, owned.
template <class T>
BasicMatrix<T> copied(BasicMatrixView<T> rows) {
  BasicMatrix<T> copy(rows.rows, rows.cols);
  for (std::size_t r = 0; r < rows.rows; ++r) std::copy_n(rows.row(r).data(), rows.cols, copy.row(r).data());
  return copy;
}
// The rows of these numbers, in this order, owned.
template <class T>
BasicMatrix<T> gathered(BasicMatrixView<T> rows, std::span<const std::uint32_t> numbers) {
  BasicMatrix<T> some(numbers.size(), rows.cols);
  for (std::size_t i = 0; i < numbers.size(); ++i) std::copy_n(rows.row(numbers[i]).data(), rows.cols, some.row(i).data());
  return some;
}

using MatrixView = BasicMatrixView<float>;
using Matrix = BasicMatrix<float>;

}  // namespace oddshot
