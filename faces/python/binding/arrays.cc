#include "arrays.h"

#include <cmath>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <type_traits>

#include "oddshot/base/error.h"

namespace nb = nanobind;

namespace oddshot::python {
namespace {

std::string place(const char* name, std::size_t r, std::size_t c) {
  return std::string(name) + ", row " + std::to_string(r) + ", column " + std::to_string(c);
}

[[noreturn]] void refuse_value(const char* name, std::size_t r, std::size_t c, double value) {
  const char* what = std::isnan(value) ? " is NaN" : std::isinf(value) ? " is inf or -inf" : " is beyond the range of float32";
  throw ArgumentError(place(name, r, c) + what + "; every value must be a finite number");
}

template <class T>
T value_at(const char* at) {
  T value;
  std::memcpy(&value, at, sizeof value);  // strides need not keep to the type's alignment
  return value;
}

bool serves(float value, Missing missing) { return std::isfinite(value) || (missing == Missing::kAllowed && std::isnan(value)); }

template <class T>
void copy_rows(const Py_buffer& from, const char* name, Missing missing, Matrix& to) {
  const char* base = static_cast<const char*>(from.buf);
  for (std::size_t r = 0; r < to.rows(); ++r) {
    const char* row = base + static_cast<Py_ssize_t>(r) * from.strides[0];
    for (std::size_t c = 0; c < to.cols(); ++c) {
      const T value = value_at<T>(row + static_cast<Py_ssize_t>(c) * from.strides[1]);
      to(r, c) = static_cast<float>(value);
      if (!serves(to(r, c), missing)) refuse_value(name, r, c, static_cast<double>(value));
    }
  }
}

// "f" with the machine's byte order said or not.
bool is_type(const Py_buffer& buffer, char type) {
  std::string_view format = buffer.format == nullptr ? "B" : buffer.format;
  if (format.size() == 2 && (format[0] == '@' || format[0] == '=' || format[0] == '<')) format.remove_prefix(1);
  return format.size() == 1 && format[0] == type;
}

// Rows of float32 that are dense, aligned and do not overlap.
bool can_borrow(const Py_buffer& buffer) {
  const auto size = static_cast<Py_ssize_t>(sizeof(float));
  return buffer.strides[1] == size && buffer.strides[0] % size == 0 && buffer.strides[0] >= buffer.shape[1] * size &&
         reinterpret_cast<std::uintptr_t>(buffer.buf) % alignof(float) == 0;
}

}  // namespace

Buffer::Buffer(nb::handle object, int flags) {
  if (PyObject_GetBuffer(object.ptr(), &view_, flags) != 0) throw nb::python_error();
}

Buffer::~Buffer() { PyBuffer_Release(&view_); }

Rows::Rows(nb::handle array, const char* name, Missing missing) : buffer_(array, PyBUF_STRIDES | PyBUF_FORMAT) {
  const Py_buffer& buffer = buffer_.get();
  if (buffer.ndim != 2) {
    throw ShapeError(std::string(name) + " has " + std::to_string(buffer.ndim) + " dimensions where rows and columns belong");
  }
  const auto rows = static_cast<std::size_t>(buffer.shape[0]);
  const auto cols = static_cast<std::size_t>(buffer.shape[1]);
  const bool single = is_type(buffer, 'f');
  if (!single && !is_type(buffer, 'd')) {
    throw ArgumentError(std::string(name) + " is of type \"" + (buffer.format == nullptr ? "bytes" : buffer.format) +
                        "\" where float32 or float64 belongs");
  }
  const nb::gil_scoped_release free;
  if (single && can_borrow(buffer)) {
    view_ = {static_cast<const float*>(buffer.buf), rows, cols, static_cast<std::size_t>(buffer.strides[0]) / sizeof(float)};
    for (std::size_t r = 0; r < rows; ++r) {
      const auto row = view_.row(r);
      for (std::size_t c = 0; c < cols; ++c) {
        if (!serves(row[c], missing)) refuse_value(name, r, c, row[c]);
      }
    }
    return;
  }
  copy_ = Matrix(rows, cols);
  if (single) {
    copy_rows<float>(buffer, name, missing, copy_);
  } else {
    copy_rows<double>(buffer, name, missing, copy_);
  }
  view_ = copy_;
}

template <class T>
Values<T>::Values(nb::handle array, std::size_t size, const char* name)
    : buffer_(array, PyBUF_C_CONTIGUOUS | PyBUF_FORMAT | (std::is_const_v<T> ? 0 : PyBUF_WRITABLE)) {
  constexpr bool kSingle = std::is_same_v<std::remove_const_t<T>, float>;
  const Py_buffer& buffer = buffer_.get();
  if (buffer.ndim != 1 || !is_type(buffer, kSingle ? 'f' : 'd')) {
    throw ArgumentError(std::string(name) + " must be a dense list of " + (kSingle ? "float32" : "float64"));
  }
  if (static_cast<std::size_t>(buffer.shape[0]) != size) {
    throw ShapeError(std::string(name) + " has room for " + std::to_string(buffer.shape[0]) + " values where there are " +
                     std::to_string(size));
  }
}

template <class T>
std::span<T> Values<T>::span() const {
  const Py_buffer& buffer = buffer_.get();
  return {static_cast<T*>(buffer.buf), static_cast<std::size_t>(buffer.shape[0])};
}

template class Values<float>;
template class Values<double>;
template class Values<const float>;
template class Values<const double>;

}  // namespace oddshot::python
