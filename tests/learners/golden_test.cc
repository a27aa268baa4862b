// Meta-gradients against PyTorch autograd (golden/make_golden.py): 1e-12 relative in double, 1e-6 in float, relative to the gradient's
// largest element.
#include <cmath>
#include <fstream>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <type_traits>

#include <gtest/gtest.h>

#include "learners/anil.h"
#include "learners/fomaml.h"
#include "learners/imaml.h"
#include "learners/in_context.h"
#include "learners/learned_optimizer.h"
#include "learners/maml.h"
#include "learners/meta_sgd.h"
#include "learners/proto.h"
#include "learners/reptile.h"
#include "learners/ridge.h"
#include "learners/siamese.h"

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
    options.proximity = config.value("proximity", 1.0F);
    options.conjugate_steps = config.value("conjugate_steps", 1);
    options.optimizer_width = config.value("optimizer_width", 1);
    options.prototypes = config.value("prototypes", 1);
    options.margin = config.value("margin", 1.0F);
    options.contrast = parse_contrast(config.value("contrast", "linear"));
    options.mining = parse_mining(config.value("mining", "all"));
    options.metric = parse_metric(config.value("metric", "euclidean"));
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

// A model with a meta_gradient() of its own.
template <class T, class Model, class ScratchOf>
void check_model(const Golden& golden, const Model& model, ScratchOf& scratch, double tolerance) {
  const auto params = flat<T>(model.layout, golden.content["parameters"]);
  const Side<T> support(golden.content["support"]);
  const Side<T> query(golden.content["query"]);
  AlignedVector<T> gradient(model.layout.size());
  for (int repeat = 0; repeat < 2; ++repeat) {  // the second time in used scratch
    const T loss = model.meta_gradient(params, support.view(), query.view(), scratch, gradient);
    expect_gradient(golden, model.layout, loss, gradient, tolerance);
  }
}

template <class T>
void check_unrolled(const std::string& name, const std::function<UnrolledVariant(const LearnerOptions&)>& variant, double tolerance) {
  SCOPED_TRACE(name);
  const Golden golden(name);
  const UnrolledModel<T> model(variant(golden.options), golden.options);
  UnrolledScratch<T> scratch;
  check_model<T>(golden, model, scratch, tolerance);
}

// A learner whose meta-parameters are an encoder's alone. `gradient_of`(encoder, layout, options, params, support, query, gradient) ->
// loss.
template <class T, class GradientOf>
void check_encoder_learner(const std::string& name, std::size_t outputs, double tolerance, const GradientOf& gradient_of) {
  SCOPED_TRACE(name);
  const Golden golden(name);
  EncoderSpec spec = golden.options.encoder;
  spec.outputs = outputs;
  Layout layout;
  const nets::Encoder<T> encoder(spec, layout, "encoder");
  const auto params = flat<T>(layout, golden.content["parameters"]);
  const Side<T> support(golden.content["support"]);
  const Side<T> query(golden.content["query"]);
  AlignedVector<T> gradient(layout.size());
  const T loss = gradient_of(encoder, layout, golden.options, params, support.view(), query.view(), gradient);
  expect_gradient(golden, layout, loss, gradient, tolerance);
}

// A learner whose model is made from options alone.
template <class Model, class Scratch, class T>
void check_model(const std::string& name, double tolerance) {
  SCOPED_TRACE(name);
  const Golden golden(name);
  const Model model(golden.options);
  Scratch scratch;
  check_model<T>(golden, model, scratch, tolerance);
}

template <class T>
void check_all(double tolerance) {
  for (const char* name : {"maml_tanh", "maml_relu", "maml_gelu_norm_rates", "maml_relu_norm_rates", "maml_linear", "maml_normals_only",
                           "maml_momentum", "maml_multi_step"}) {
    check_unrolled<T>(name, maml_variant, tolerance);
  }
  for (const char* name : {"fomaml_tanh", "fomaml_momentum_rates_multi_step"}) {
    check_unrolled<T>(name, fomaml_variant, tolerance);
  }
  check_unrolled<T>("meta_sgd_gelu", [](const auto&) { return kMetaSgd; }, tolerance);
  for (const char* name : {"anil_tanh", "anil_gelu_norm", "anil_relu_normals_only", "anil_momentum_rates", "anil_multi_step"}) {
    check_model<AnilModel<T>, AnilScratch<T>, T>(name, tolerance);
  }
  // theta_0 - theta_K cancels: both are about 1, their difference about 0.1, and the rounding of each stays.
  check_encoder_learner<T>("reptile_tanh", 1, 10 * tolerance,
                           [](const auto& encoder, const Layout& layout, const LearnerOptions& options, const AlignedVector<T>& params,
                              const auto& support, const auto& query, AlignedVector<T>& gradient) {
                             ReptileScratch<T> scratch;
                             const std::vector<T> rates(options.inner_steps * layout.tensors().size(), static_cast<T>(options.inner_rate));
                             return reptile_direction<T>(encoder, layout, params, support, query, {.rates = rates}, options.inner_steps,
                                                         scratch, gradient);
                           });
  for (const char* name : {"imaml_tanh", "imaml_gelu_norm_momentum", "imaml_relu_normals_only", "imaml_cut_short"}) {
    check_encoder_learner<T>(name, 1, tolerance,
                             [](const auto& encoder, const Layout&, const LearnerOptions& options, const AlignedVector<T>& params,
                                const auto& support, const auto& query, AlignedVector<T>& gradient) {
                               ImamlScratch<T> scratch;
                               const ProximalRule<T> rule{.rate = static_cast<T>(options.inner_rate),
                                                          .momentum = static_cast<T>(options.inner_momentum),
                                                          .proximity = static_cast<T>(options.proximity)};
                               return imaml_gradient<T>(encoder, params, support, query, rule, options.inner_steps, options.conjugate_steps,
                                                        scratch, gradient);
                             });
  }
  // Its update network's tanh is fast, and in float within 4e-7 where the others are within 1e-7.
  for (const char* name :
       {"learned_optimizer_tanh", "learned_optimizer_gelu_norm", "learned_optimizer_relu_normals_only", "learned_optimizer_multi_step"}) {
    check_model<LearnedOptimizerModel<T>, LearnedOptimizerScratch<T>, T>(name, (std::is_same_v<T, float> ? 2 : 1) * tolerance);
  }
  for (const char* name : {"siamese_linear", "siamese_squared", "siamese_semi_hard", "siamese_normals_only"}) {
    check_encoder_learner<T>(name, 3, tolerance,
                             [](const auto& encoder, const Layout&, const LearnerOptions& options, const AlignedVector<T>& params,
                                const auto& support, const auto& query, AlignedVector<T>& gradient) {
                               SiameseScratch<T> scratch;
                               return siamese_gradient<T>(encoder, options, params, support, query, scratch, gradient);
                             });
  }
  for (const char* name : {"proto_tanh", "proto_gelu_norm", "proto_relu", "proto_cosine", "proto_diagonal", "proto_several",
                           "proto_several_cosine", "proto_normals_only", "proto_normals_only_several_diagonal"}) {
    check_model<ProtoModel<T>, ProtoScratch<T>, T>(name, tolerance);
  }
  for (const char* name : {"ridge_primal_tanh", "ridge_dual_gelu_norm"}) {
    check_model<RidgeModel<T>, RidgeScratch<T>, T>(name, tolerance);
  }
  for (const char* name : {"in_context_tanh", "in_context_gelu_norm_odd_width", "in_context_normals_only"}) {
    check_model<InContextModel<T>, InContextScratch<T>, T>(name, tolerance);
  }
}

TEST(Golden, EveryMetaGradientIsAutogradsInDouble) { check_all<double>(1e-12); }

TEST(Golden, EveryMetaGradientIsAutogradsInFloat) { check_all<float>(1e-6); }

}  // namespace
}  // namespace oddshot::learners
