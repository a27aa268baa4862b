// What an encoder looks like: a multi-layer perceptron from a row to an embedding or a logit.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace oddshot {

enum class Activation : std::uint8_t { kRelu, kTanh, kGelu };

struct EncoderSpec {
  std::size_t inputs = 0;                      // D, >= 1
  std::vector<std::size_t> hidden = {32, 32};  // widths of the hidden layers, 0 to 16 layers of 1 to 65536 each
  std::size_t outputs = 1;                     // 1: a logit; more: an embedding
  Activation activation = Activation::kRelu;   // of the hidden layers
  bool layer_norm = false;                     // normalise each hidden layer before its activation

  void validate() const;  // throws ArgumentError naming the field, its value and its range
};

std::string_view to_string(Activation activation);
// Throws ArgumentError naming the choices.
Activation parse_activation(std::string_view name);

}  // namespace oddshot
