// Meta-gradients against PyTorch autograd (golden/make_golden.py): 1e-12 relative in double, 1e-6 in float, relative to the gradient's
// largest element.
#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

#include <gtest/gtest.h>

#include "learners/maml.h"
#include "learners/proto.h"

namespace oddshot::learners {
namespace {

using Json = nlohmann::json;

struct Golden {
  explicit Golden(const std::string& name) {
    std::ifstream file(ODDSHOT_SOURCE_DIR "/tests/learners/golden/" + name + ".json");
    content = Json::parse(file);
    const Json& config = content["config"];
    options.encoder.inputs = content["support"]["rows"][0].size();
    options.encoder.hidden = config["hidden"].get<std::vector<std::size_t>>();
    options.encoder.activation = parse_activation(config["activation"].get<std::string>());
    options.encoder.layer_norm = config["layer_norm"];
    options.embedding = config.value("embedding", 1);
    options.inner_steps = config.value("inner_steps", 0);
    options.inner_rate = config.value("inner_rate", 0.1F);
    options.learn_inner_rates = config.value("learn_inner_rates", false);
    options.inner_momentum = config.value("inner_momentum", 0.0F);
    options.multi_step_loss = config.value("multi_step_loss", false);
  }

  Json content;
  LearnerOptions options;
};

template <class T>
struct Side {
  explicit Side(const Json& json)
      : rows(json["rows"].size(), json["rows"][0].size()), labels(json["labels"].get<std::vector<std::uint8_t>>()) {
    for (std::size_t r = 0; r < rows.rows(); ++r) {
      for (std::size_t c = 0; c < rows.cols(); ++c) {
        rows(r, c) = static_cast<T>(json["rows"][r][c].get<double>());
      }
    }
  }
  LabelledRows<T> view() const { return {rows, labels}; }

  BasicMatrix<T> rows;
  std::vector<std::uint8_t> labels;
};

template <class T>
AlignedVector<T> flat(const Layout& layout, const Json& parameters) {
  AlignedVector<T> values(layout.size());
  for (const Tensor& tensor : layout.tensors()) {
    const auto given = parameters.at(tensor.name).at("values").get<std::vector<double>>();
    EXPECT_EQ(given.size(), tensor.size());
    for (std::size_t i = 0; i < tensor.size(); ++i) {
      values[tensor.offset + i] = static_cast<T>(given[i]);
    }
  }
  return values;
}

template <class T>
void expect_gradient(const Golden& golden, const Layout& layout, T loss, const AlignedVector<T>& gradient, double tolerance) {
  const double want_loss = golden.content["loss"];
  EXPECT_NEAR(static_cast<double>(loss), want_loss, tolerance * std::max(1.0, std::abs(want_loss)));
  EXPECT_EQ(layout.tensors().size(), golden.content["gradient"].size());
  double largest = 0;
  for (const auto& [name, values] : golden.content["gradient"].items()) {
    for (const double value : values) {
      largest = std::max(largest, std::abs(value));
    }
  }
  ASSERT_GT(largest, 0.0);
  for (const Tensor& tensor : layout.tensors()) {
    const auto want = golden.content["gradient"].at(tensor.name).get<std::vector<double>>();
    for (std::size_t i = 0; i < tensor.size(); ++i) {
      EXPECT_NEAR(static_cast<double>(gradient[tensor.offset + i]), want[i], tolerance * largest) << tensor.name << "[" << i << "]";
    }
  }
}

template <class T>
void check_maml(const std::string& name, double tolerance) {
  SCOPED_TRACE(name);
  const Golden golden(name);
  const UnrolledModel<T> model(maml_variant(golden.options), golden.options);
  const auto params = flat<T>(model.layout, golden.content["parameters"]);
  const Side<T> support(golden.content["support"]);
  const Side<T> query(golden.content["query"]);
  UnrolledScratch<T> scratch;
  AlignedVector<T> gradient(model.layout.size());
  for (int repeat = 0; repeat < 2; ++repeat) {  // the second time in used scratch
    const T loss = model.meta_gradient(params, support.view(), query.view(), scratch, gradient);
    expect_gradient(golden, model.layout, loss, gradient, tolerance);
  }
}

template <class T>
void check_proto(const std::string& name, double tolerance) {
  SCOPED_TRACE(name);
  const Golden golden(name);
  EncoderSpec spec = golden.options.encoder;
  spec.outputs = golden.options.embedding;
  Layout layout;
  const nets::Encoder<T> encoder(spec, layout, "encoder");
  const auto params = flat<T>(layout, golden.content["parameters"]);
  const Side<T> support(golden.content["support"]);
  const Side<T> query(golden.content["query"]);
  ProtoScratch<T> scratch;
  AlignedVector<T> gradient(layout.size());
  for (int repeat = 0; repeat < 2; ++repeat) {
    const T loss = proto_gradient<T>(encoder, params, support.view(), query.view(), scratch, gradient);
    expect_gradient(golden, layout, loss, gradient, tolerance);
  }
}

constexpr double kDouble = 1e-12;
constexpr double kFloat = 1e-6;

TEST(MamlGolden, MetaGradientIsAutogradsInDouble) {
  for (const char* name : {"maml_tanh", "maml_relu", "maml_gelu_norm_rates", "maml_relu_norm_rates", "maml_linear", "maml_normals_only",
                           "maml_momentum", "maml_multi_step"}) {
    check_maml<double>(name, kDouble);
  }
}

TEST(MamlGolden, MetaGradientIsAutogradsInFloat) {
  for (const char* name : {"maml_tanh", "maml_relu", "maml_gelu_norm_rates", "maml_relu_norm_rates", "maml_linear", "maml_normals_only",
                           "maml_momentum", "maml_multi_step"}) {
    check_maml<float>(name, kFloat);
  }
}

TEST(ProtoGolden, GradientIsAutogradsInDouble) {
  for (const char* name : {"proto_tanh", "proto_gelu_norm", "proto_relu"}) {
    check_proto<double>(name, kDouble);
  }
}

TEST(ProtoGolden, GradientIsAutogradsInFloat) {
  for (const char* name : {"proto_tanh", "proto_gelu_norm", "proto_relu"}) {
    check_proto<float>(name, kFloat);
  }
}

}  // namespace
}  // namespace oddshot::learners
