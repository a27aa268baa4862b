// Arrays of Python by the buffer protocol: float rows without a copy where they lie as the library has them, else in one of our own.
#pragma once

#include <cstddef>
#include <span>

#include <nanobind/nanobind.h>

#include "oddshot/base/matrix.h"

namespace oddshot::python {

// A buffer that is held; to be made and destroyed with the GIL.
class Buffer {
 public:
  // Throws nb::python_error if `object` gives no buffer of that kind (`flags` as of PyObject_GetBuffer).
  Buffer(nanobind::handle object, int flags);
  ~Buffer();
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;
  const Py_buffer& get() const { return view_; }

 private:
  Py_buffer view_{};
};

enum class Missing : bool { kRefused, kAllowed };

// rows [N x D] of a two-dimensional array of float32 or float64, in any order and with any strides. Borrowed if they are float32 and each
// row is dense, else copied. Every value is finite, or NaN where it is missing and may be.
class Rows {
 public:
  // name: what messages call the array. Throws ShapeError, ArgumentError (naming row and column) for a value that is not finite or beyond
  // float32, and for another type of number.
  Rows(nanobind::handle array, const char* name, Missing missing = Missing::kRefused);
  MatrixView view() const { return view_; }

 private:
  Buffer buffer_;
  Matrix copy_;
  MatrixView view_;
};

// A one-dimensional, dense array of float32 or float64. Throws ArgumentError if it is of another kind, ShapeError if its size is not
// `size`.
template <class T>
class Values {
 public:
  Values(nanobind::handle array, std::size_t size, const char* name);
  std::span<T> span() const;

 private:
  Buffer buffer_;
};
using Floats = Values<float>;          // to be written to
using Doubles = Values<double>;        // likewise
using Weights = Values<const float>;   // to be read
using PValues = Values<const double>;  // likewise

}  // namespace oddshot::python
