#include "oddshot/nets/layout.h"

#include <limits>
#include <utility>

#include "oddshot/base/error.h"

namespace oddshot {
namespace {

constexpr std::size_t kLine = 16;  // floats in a cache line: tensors start on one

}  // namespace

std::size_t Tensor::size() const {
  std::size_t product = 1;
  for (const std::size_t extent : shape) {
    product *= extent;
  }
  return product;
}

std::size_t Layout::add(std::string name, std::vector<std::size_t> shape) {
  if (find(name)) {
    throw ArgumentError("tensor \"" + name + "\" exists twice in one layout");
  }
  constexpr std::size_t kLargest = std::numeric_limits<std::size_t>::max() / 64;
  std::size_t elements = 1;
  for (const std::size_t extent : shape) {
    if (extent != 0 && elements > kLargest / extent) {
      throw ArgumentError("tensor \"" + name + "\" is too large for this machine");
    }
    elements *= extent;
  }
  if (elements > kLargest - size_) {
    throw ArgumentError("tensor \"" + name + "\" is too large for this machine");
  }
  tensors_.push_back({std::move(name), std::move(shape), size_});
  size_ += (elements + kLine - 1) / kLine * kLine;
  return tensors_.size() - 1;
}

std::optional<std::size_t> Layout::find(std::string_view name) const {
  for (std::size_t i = 0; i < tensors_.size(); ++i) {
    if (tensors_[i].name == name) {
      return i;
    }
  }
  return std::nullopt;
}

}  // namespace oddshot
