#include "oddshot/nets/encoder_spec.h"

#include <array>
#include <string>

#include "oddshot/base/choice.h"
#include "oddshot/base/error.h"

namespace oddshot {
namespace {

constexpr std::size_t kWidest = 65536;
constexpr std::size_t kDeepest = 16;
constexpr std::array kActivations{Choice<Activation>{Activation::kRelu, "relu"}, Choice<Activation>{Activation::kTanh, "tanh"},
                                  Choice<Activation>{Activation::kGelu, "gelu"}};

void check_width(const std::string& what, std::size_t width) {
  if (width < 1 || width > kWidest) {
    throw ArgumentError(what + " is " + std::to_string(width) + "; it must be 1 to " + std::to_string(kWidest));
  }
}

}  // namespace

void EncoderSpec::validate() const {
  check_width("the number of features", inputs);
  check_width("the number of outputs", outputs);
  if (hidden.size() > kDeepest) {
    throw ArgumentError("the encoder has " + std::to_string(hidden.size()) + " hidden layers; at most " + std::to_string(kDeepest) +
                        " are possible");
  }
  for (std::size_t i = 0; i < hidden.size(); ++i) {
    check_width("the width of hidden layer " + std::to_string(i + 1), hidden[i]);
  }
}

std::string_view to_string(Activation activation) { return name_of(kActivations, activation, "activation"); }
Activation parse_activation(std::string_view name) { return choice_of(kActivations, name, "activation"); }

}  // namespace oddshot
