// Layer 1 by the products of its rows against layer 1 by its weights: the same numbers but for rounding.
#include "learners/row_products.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "learners/fomaml.h"
#include "learners/imaml.h"
#include "learners/maml.h"
#include "learners/meta_sgd.h"
#include "learners/reptile.h"

namespace oddshot::learners {
namespace {

// What a support's rows are like.
enum class Rows : std::uint8_t { kPlain, kDuplicates, kZeros, kFarOff };

template <class T>
struct Side {
  Side(std::size_t count, std::size_t features, Rows like, std::uint64_t index) : rows(count, features), labels(count) {
    Stream stream(31, Purpose::kTest, index);
    for (std::size_t r = 0; r < count; ++r) {
      labels[r] = r % 3 == 1 ? 1 : 0;
      for (T& value : rows.row(r)) {
        value = static_cast<T>(stream.normal()) / std::sqrt(static_cast<T>(features)) + (like == Rows::kFarOff ? T{1} : T{0});
      }
      if (like == Rows::kDuplicates && r % 2 == 1) {  // of both classes
        std::copy_n(rows.row(r - 1).data(), features, rows.row(r).data());
      }
      if (like == Rows::kZeros && r % 2 == 1) {
        std::fill_n(rows.row(r).data(), features, T{0});
      }
    }
  }
  LabelledRows<T> view() const { return {rows, labels}; }

  BasicMatrix<T> rows;
  std::vector<std::uint8_t> labels;
};

struct Case {
  std::string name;
  std::vector<std::size_t> hidden;
  Activation activation = Activation::kTanh;
  bool layer_norm = false;
  float momentum = 0;
  bool rates = false;
  bool multi_step = false;
  std::size_t steps = 4;
};

std::vector<Case> cases() {
  return {{.name = "linear", .hidden = {}},
          {.name = "linear, learned", .hidden = {}, .momentum = 0.5F, .rates = true},
          {.name = "tanh", .hidden = {6}},
          {.name = "relu", .hidden = {17, 5}, .activation = Activation::kRelu},
          {.name = "relu, norm", .hidden = {9, 5}, .activation = Activation::kRelu, .layer_norm = true, .rates = true},
          {.name = "gelu, norm, momentum", .hidden = {9, 5}, .activation = Activation::kGelu, .layer_norm = true, .momentum = 0.75F},
          {.name = "momentum, rates", .hidden = {7, 5}, .momentum = 0.5F, .rates = true},
          {.name = "all", .hidden = {7, 5, 3}, .layer_norm = true, .momentum = 0.5F, .rates = true, .multi_step = true},
          {.name = "many steps", .hidden = {7}, .multi_step = true, .steps = 7},
          {.name = "one step", .hidden = {7}, .multi_step = true, .steps = 1},
          {.name = "no step", .hidden = {7}, .rates = true, .steps = 0}};
}

LearnerOptions options_of(const Case& c, std::size_t features) {
  LearnerOptions options;
  options.encoder.inputs = features;
  options.encoder.hidden = c.hidden;
  options.encoder.activation = c.activation;
  options.encoder.layer_norm = c.layer_norm;
  options.inner_steps = c.steps;
  options.inner_rate = 0.3F;
  options.inner_momentum = c.momentum;
  options.learn_inner_rates = c.rates;
  options.multi_step_loss = c.multi_step;
  return options;
}

// Off every start at which something vanishes by luck.
template <class T>
AlignedVector<T> random_params(const Layout& layout) {
  AlignedVector<T> params(layout.size());
  Stream stream(32, Purpose::kTest, 0);
  for (const Tensor& tensor : layout.tensors()) {
    const bool rate = tensor.name.starts_with("inner_rate");
    for (std::size_t i = 0; i < tensor.size(); ++i) {
      params[tensor.offset + i] = rate ? T{0.3F} + T{0.1F} * static_cast<T>(stream.normal()) : T{0.5F} * static_cast<T>(stream.normal());
    }
  }
  return params;
}

template <class T>
void expect_near(std::span<const T> got, std::span<const T> want, double tolerance, const std::string& what) {
  ASSERT_EQ(got.size(), want.size()) << what;
  T largest = 0;
  T most = 0;
  for (std::size_t i = 0; i < want.size(); ++i) {
    largest = std::max(largest, std::abs(want[i]));
    most = std::max(most, std::abs(got[i] - want[i]));
    ASSERT_TRUE(std::isfinite(got[i])) << what;
  }
  EXPECT_GT(largest, T{0}) << what;
  EXPECT_LE(static_cast<double>(most), tolerance * static_cast<double>(largest)) << what;
}

// Losses and meta-gradients, first and second order, of all cases.
template <class T>
void check_gradients(double tolerance) {
  for (const Case& c : cases()) {
    for (const std::size_t features : {std::size_t{3}, std::size_t{50}}) {
      const LearnerOptions options = options_of(c, features);
      for (UnrolledVariant variant : {maml_variant(options), fomaml_variant(options)}) {
        variant.layer_one = LayerOne::kWeights;
        const UnrolledModel<T> weights(variant, options);
        variant.layer_one = LayerOne::kRowProducts;
        const UnrolledModel<T> products(variant, options);
        UnrolledScratch<T> by_weights;
        UnrolledScratch<T> by_products;
        const AlignedVector<T> params = random_params<T>(weights.layout);
        AlignedVector<T> want(params.size());
        AlignedVector<T> got(params.size());
        for (const std::size_t count : {1U, 2U, 11U}) {
          for (const Rows like : {Rows::kPlain, Rows::kDuplicates, Rows::kZeros, Rows::kFarOff}) {
            const Side<T> support(count, features, like, count);
            const Side<T> query(13, features, Rows::kPlain, 99);
            const std::string what = c.name + ", " + std::string(variant.name) + ", " + std::to_string(features) + " features, " +
                                     std::to_string(count) + " rows like " + std::to_string(static_cast<int>(like));
            const T want_loss = weights.meta_gradient(params, support.view(), query.view(), by_weights, want);
            const T got_loss = products.meta_gradient(params, support.view(), query.view(), by_products, got);
            EXPECT_NEAR(static_cast<double>(got_loss), static_cast<double>(want_loss), tolerance * (1 + std::abs(want_loss))) << what;
            expect_near<T>(got, want, tolerance, what);
          }
        }
      }
    }
  }
}

TEST(RowProducts, GiveTheMetaGradientOfWeightsInDouble) { check_gradients<double>(1e-10); }
TEST(RowProducts, GiveTheMetaGradientOfWeightsInFloat) { check_gradients<float>(1e-4); }

template <class T>
void check_adapting(double tolerance) {
  for (const Case& c : cases()) {
    const LearnerOptions options = options_of(c, 50);
    const UnrolledModel<T> model(maml_variant(options), options);
    const AlignedVector<T> params = random_params<T>(model.layout);
    InnerScratch<T> inner;
    RowProducts<T> products;
    for (const std::size_t count : {1U, 11U}) {
      const Side<T> support(count, 50, Rows::kDuplicates, count);
      AlignedVector<T> work;
      StepRule<T> rule = model.rule(params, work);
      rule.layer_one = LayerOne::kWeights;
      T want_loss = 0;
      T got_loss = 0;
      const AlignedVector<T> want =
          adapt_params<T>(model.encoder, model.layout, params, support.view(), rule, c.steps, inner, products, &want_loss);
      rule.layer_one = LayerOne::kRowProducts;
      const AlignedVector<T> got =
          adapt_params<T>(model.encoder, model.layout, params, support.view(), rule, c.steps, inner, products, &got_loss);
      EXPECT_NEAR(static_cast<double>(got_loss), static_cast<double>(want_loss), tolerance * (1 + std::abs(want_loss))) << c.name;
      expect_near<T>(got, want, tolerance, c.name);
      const Side<T> query(40, 50, Rows::kFarOff, 98);
      nets::Tape<T> tape;
      model.encoder.forward(want.data(), query.rows, tape);
      const AlignedVector<T> scores(tape.output().data, tape.output().data + 40);
      model.encoder.forward(got.data(), query.rows, tape);
      expect_near<T>({tape.output().data, 40}, scores, tolerance, c.name + ", scores");
    }
  }
}

TEST(RowProducts, AdaptToTheWeightsThatStepsOnWeightsLeadToInDouble) { check_adapting<double>(1e-10); }
TEST(RowProducts, AdaptToTheWeightsThatStepsOnWeightsLeadToInFloat) { check_adapting<float>(1e-4); }

TEST(RowProducts, GiveReptilesDirection) {
  const LearnerOptions options = options_of(cases().back(), 50);
  Layout layout;
  const nets::Encoder<double> encoder(options.encoder, layout, "encoder");
  const AlignedVector<double> params = random_params<double>(layout);
  const Side<double> support(8, 50, Rows::kDuplicates, 1);
  const Side<double> query(13, 50, Rows::kPlain, 2);
  const std::vector<double> rates(5 * layout.tensors().size(), 0.3);
  ReptileScratch<double> scratch;
  std::vector<AlignedVector<double>> directions(2, AlignedVector<double>(layout.size()));
  std::vector<double> losses;
  for (const LayerOne form : {LayerOne::kWeights, LayerOne::kRowProducts}) {
    losses.push_back(reptile_direction<double>(encoder, layout, params, support.view(), query.view(),
                                               {.rates = rates, .momentum = 0.5, .layer_one = form}, 5, scratch,
                                               directions[losses.size()]));
  }
  EXPECT_NEAR(losses[1], losses[0], 1e-12);
  expect_near<double>(directions[1], directions[0], 1e-10, "direction");
}

TEST(RowProducts, GiveImamlsGradient) {
  for (const Case& c : cases()) {
    const LearnerOptions options = options_of(c, 50);
    Layout layout;
    const nets::Encoder<double> encoder(options.encoder, layout, "encoder");
    const AlignedVector<double> params = random_params<double>(layout);
    const Side<double> support(8, 50, Rows::kDuplicates, 1);
    const Side<double> query(13, 50, Rows::kPlain, 2);
    std::vector<AlignedVector<double>> gradients(2, AlignedVector<double>(layout.size()));
    std::vector<double> losses;
    ImamlScratch<double> scratch;
    for (const LayerOne form : {LayerOne::kWeights, LayerOne::kRowProducts}) {
      const ProximalRule<double> rule{.rate = 0.3, .momentum = c.momentum, .proximity = 2, .layer_one = form};
      losses.push_back(
          imaml_gradient<double>(encoder, params, support.view(), query.view(), rule, c.steps, 4, scratch, gradients[losses.size()]));
    }
    EXPECT_NEAR(losses[1], losses[0], 1e-11) << c.name;
    expect_near<double>(gradients[1], gradients[0], 1e-10, c.name);
  }
}

// Episodes of few and of many rows in turn, so that the forms take turns too.
TEST(RowProducts, LeaveNothingBehindInScratch) {
  LearnerOptions options = options_of({.name = "all", .hidden = {7, 5}, .momentum = 0.5F, .rates = true, .multi_step = true}, 61);
  const auto learner = find_learner("maml")->make(options);
  const Layout& layout = learner->layout();
  const AlignedVector<float> params = random_params<float>(layout);
  std::vector<bool> padding(layout.size(), true);
  for (const Tensor& tensor : layout.tensors()) {
    std::fill_n(padding.begin() + static_cast<std::ptrdiff_t>(tensor.offset), tensor.size(), false);
  }
  const auto used = learner->make_scratch();
  for (const std::size_t count : {40U, 3U, 5U, 40U, 3U, 1U, 60U}) {
    const Side<float> support(count, 61, Rows::kPlain, count);
    const Side<float> query(2 * count, 61, Rows::kPlain, 100 + count);
    Episode episode;
    episode.support_rows = support.rows;
    episode.support_labels = support.labels;
    episode.query_rows = query.rows;
    episode.query_labels = query.labels;
    AlignedVector<float> want(layout.size());
    AlignedVector<float> got(layout.size(), 7);
    const auto fresh = learner->make_scratch();
    EXPECT_EQ(learner->task_gradient(params, episode, *used, got), learner->task_gradient(params, episode, *fresh, want));
    EXPECT_EQ(got, want) << count;
    const AdaptedState adapted = learner->adapt(params, episode.support(), *used);
    EXPECT_EQ(adapted.values, learner->adapt(params, episode.support(), *fresh).values) << count;
    for (std::size_t i = 0; i < padding.size(); ++i) {
      EXPECT_FALSE(padding[i] && got[i] != 0) << i;
      EXPECT_FALSE(padding[i] && i < adapted.values.size() && adapted.values[i] != 0) << i;
    }
  }
}

TEST(RowProducts, AreTakenWhereRowsAreMuchWiderThanTheyAreMany) {
  EncoderSpec spec{.inputs = 40, .hidden = {64, 64}};
  const InnerWork maml{.support = 20, .query = 64, .gradients = 5, .hessian_products = 5};
  const InnerWork adapt{.support = 20, .gradients = 5, .adapted = true};
  EXPECT_FALSE(by_row_products(LayerOne::kByCost, spec, maml));
  EXPECT_FALSE(by_row_products(LayerOne::kByCost, spec, adapt));
  // By hand: 6720 weights, of which 2560 in layer 1; 100 rows of gradients and of Hessian products, 64 of the query.
  EXPECT_EQ(inner_cost(spec, maml).weights, 164 * 17600 + 100 * 30080);
  EXPECT_EQ(inner_cost(spec, maml).row_products,
            164 * 12480 + 100 * 24960 + 84 * (800 + 2560) + 20 * 64 * (100 + 128 + 100) + 64 * 2560 + 20 * 2560);
  for (const std::size_t inputs : {400U, 2000U}) {
    spec.inputs = inputs;
    EXPECT_TRUE(by_row_products(LayerOne::kByCost, spec, maml));
    EXPECT_TRUE(by_row_products(LayerOne::kByCost, spec, adapt));
    EXPECT_FALSE(by_row_products(LayerOne::kWeights, spec, maml));
    EXPECT_FALSE(by_row_products(LayerOne::kByCost, spec, {.support = 20, .query = 64, .adapted = true}));  // no step
    EXPECT_FALSE(by_row_products(LayerOne::kByCost, spec, {.support = inputs, .query = 64, .gradients = 5}));
    EXPECT_FALSE(by_row_products(LayerOne::kRowProducts, spec, {.support = 0, .query = 64, .gradients = 5}));
  }
}

TEST(RowProducts, AreNotTakenForRatesPerParameter) {
  const LearnerOptions options = options_of({.name = "plain", .hidden = {5}}, 50);
  UnrolledVariant variant = kMetaSgd;
  variant.layer_one = LayerOne::kRowProducts;
  const UnrolledModel<double> model(variant, options);
  AlignedVector<double> work;
  EXPECT_EQ(model.rule(random_params<double>(model.layout), work).layer_one, LayerOne::kWeights);
}

}  // namespace
}  // namespace oddshot::learners
