// Parameters are one flat float vector; a layout names its tensors. Optimiser, clipping, reduction and model file then see one array.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace oddshot {

// One named tensor within the flat vector.
struct Tensor {
  std::string name;                // "encoder.0.weight"
  std::vector<std::size_t> shape;  // row-major; a weight is [inputs x outputs]
  std::size_t offset = 0;          // elements from the start of the flat vector, a multiple of 16 (one cache line of floats)
  std::size_t size() const;        // product of shape
};

// The tensors in order. Elements between tensors are padding: always zero, in parameters and in gradients.
class Layout {
 public:
  // Appends a tensor; returns its index. Throws ArgumentError if the name is taken or the size overflows.
  std::size_t add(std::string name, std::vector<std::size_t> shape);
  const std::vector<Tensor>& tensors() const { return tensors_; }
  const Tensor& operator[](std::size_t index) const { return tensors_[index]; }
  std::optional<std::size_t> find(std::string_view name) const;
  std::size_t size() const { return size_; }  // elements of the flat vector, padding included

 private:
  std::vector<Tensor> tensors_;
  std::size_t size_ = 0;
};

}  // namespace oddshot
