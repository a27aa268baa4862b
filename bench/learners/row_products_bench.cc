// Layer 1 by the products of its rows beside layer 1 by its weights (src/learners/row_products.h), at the yardstick's size but for the
// columns: hidden layers 64-64, ReLU, a support of 20 rows, a query of 64, five steps, one thread. The two are compared, then timed in
// turn. One JSON object a line:
//   work, columns, weights_us, row_products_us, ratio of the times, by_count: that of the multiply-adds, chosen: what the library takes
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <ctime>
#include <limits>
#include <string>
#include <vector>

#include "learners/fomaml.h"
#include "learners/maml.h"

namespace {

using namespace oddshot;
using namespace oddshot::learners;

constexpr std::size_t kSupport = 20;
constexpr std::size_t kQuery = 64;

struct Side {
  Side(std::size_t count, std::size_t columns, std::uint64_t index) : rows(count, columns), labels(count) {
    Stream stream(1, Purpose::kTest, index);
    for (std::size_t r = 0; r < count; ++r) {
      labels[r] = r < count / 2 ? 0 : 1;
      for (float& value : rows.row(r)) value = stream.normal() + (labels[r] != 0 ? 0.5F : 0.0F);
    }
  }
  LabelledRows<float> view() const { return {rows, labels}; }

  Matrix rows;
  std::vector<std::uint8_t> labels;
};

// One task in one form: a meta-gradient, or adapting alone.
class Work {
 public:
  Work(UnrolledVariant variant, LayerOne form, const LearnerOptions& options, bool adapting)
      : model_(with(variant, form), options),
        adapting_(adapting),
        support_(kSupport, options.encoder.inputs, 0),
        query_(kQuery, options.encoder.inputs, 1),
        params_(model_.layout.size()),
        gradient_(model_.layout.size()) {
    model_.encoder.initialise(params_.data(), Stream(1, Purpose::kInitialise, 0));
  }
  const AlignedVector<float>& run() {
    if (!adapting_) {
      model_.meta_gradient(params_, support_.view(), query_.view(), scratch_, gradient_);
      return gradient_;
    }
    return adapt_params<float>(model_.encoder, model_.layout, params_, support_.view(), model_.rule(params_, scratch_.rates),
                               model_.options.inner_steps, scratch_.inner, scratch_.products);
  }
  // Microseconds of processor time of a run, of `times` on end.
  double us(int times) {
    const std::clock_t start = std::clock();
    for (int i = 0; i < times; ++i) run();
    return 1e6 * static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC / times;
  }

 private:
  static UnrolledVariant with(UnrolledVariant variant, LayerOne form) {
    variant.layer_one = form;
    return variant;
  }

  UnrolledModel<float> model_;
  bool adapting_;
  Side support_;
  Side query_;
  AlignedVector<float> params_;
  AlignedVector<float> gradient_;
  UnrolledScratch<float> scratch_;
};

// Whether both say the same but for rounding.
bool agree(Work& weights, Work& products) {
  const AlignedVector<float>& want = weights.run();
  const AlignedVector<float>& got = products.run();
  float largest = 0;
  float most = 0;
  for (std::size_t i = 0; i < want.size(); ++i) {
    largest = std::max(largest, std::abs(want[i]));
    most = std::max(most, std::abs(want[i] - got[i]));
  }
  return most <= 1e-4F * largest;
}

bool measure(const char* name, std::size_t columns) {
  LearnerOptions options;
  options.encoder.inputs = columns;
  options.encoder.hidden = {64, 64};
  const bool adapting = name == std::string("adapt");
  const UnrolledVariant variant = name == std::string("fomaml") ? fomaml_variant(options) : maml_variant(options);
  const InnerWork work{.support = kSupport,
                       .query = adapting ? 0 : kQuery,
                       .gradients = options.inner_steps,
                       .hessian_products = !adapting && variant.order == Order::kSecond ? options.inner_steps : 0,
                       .adapted = adapting};
  Work weights(variant, LayerOne::kWeights, options, adapting);
  Work products(variant, LayerOne::kRowProducts, options, adapting);
  if (!agree(weights, products)) {
    std::fprintf(stderr, "row_products_bench: %s at %zu columns: the two forms differ\n", name, columns);
    return false;
  }
  double weights_us = std::numeric_limits<double>::infinity();
  double products_us = weights_us;
  for (int i = 0; i < 60; ++i) {
    weights_us = std::min(weights_us, weights.us(5));
    products_us = std::min(products_us, products.us(5));
  }
  const InnerCost cost = inner_cost(options.encoder, work);
  std::printf(
      "{\"work\": \"%s\", \"columns\": %zu, \"weights_us\": %.1f, \"row_products_us\": %.1f, \"ratio\": %.3f, \"by_count\": %.3f, "
      "\"chosen\": \"%s\"}\n",
      name, columns, weights_us, products_us, products_us / weights_us, cost.row_products / cost.weights,
      by_row_products(LayerOne::kByCost, options.encoder, work) ? "row products" : "weights");
  return true;
}

}  // namespace

int main() {
  bool right = true;
  for (const char* name : {"maml", "fomaml", "adapt"}) {
    for (const std::size_t columns : {40U, 100U, 200U, 400U, 1000U, 2000U}) right = measure(name, columns) && right;
  }
  return right ? 0 : 1;
}
