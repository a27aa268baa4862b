#include "learners/imaml.h"

#include <algorithm>
#include <limits>

#include "learners/network_learner.h"

namespace oddshot::learners {
namespace {

// Solves (I + H / lambda) x = b by conjugate gradients; x holds b on entry. H: the support's Hessian at `params`, from what logit_loss left
// in the scratch.
template <class T>
void solve(const nets::Encoder<T>& encoder, const AlignedVector<T>& params, T proximity, std::size_t steps, ImamlScratch<T>& scratch,
           std::span<T> x) {
  const std::size_t size = x.size();
  const auto& kernels = encoder.kernels();
  AlignedVector<T>& r = scratch.residual;
  AlignedVector<T>& p = scratch.direction;
  AlignedVector<T>& product = scratch.product;
  r.assign(x.begin(), x.end());
  p = r;
  product.assign(size, T{0});
  scratch.conjugate_steps = 0;
  scratch.indefinite = false;
  T square = kernels.dot(size, r.data(), r.data());
  // A residual of rounding size: further steps would add noise, in the end 0 / 0.
  const T enough = square * std::numeric_limits<T>::epsilon() * std::numeric_limits<T>::epsilon();
  for (std::size_t k = 0; k < steps && !(square <= enough); ++k) {
    logit_hessian_product(encoder, params.data(), p.data(), scratch.support, scratch.curvature, scratch.d_logits, scratch.tangent,
                          product.data());
    for (std::size_t i = 0; i < size; ++i) {
      product[i] = p[i] + product[i] / proximity;
    }
    const T curvature = kernels.dot(size, p.data(), product.data());
    if (curvature <= 0) {  // a NaN goes on, so that training sees it
      scratch.indefinite = true;
      return;
    }
    if (k == 0) {
      std::fill(x.begin(), x.end(), T{0});
    }
    const T way = square / curvature;
    kernels.axpy(size, way, p.data(), x.data());
    kernels.axpy(size, -way, product.data(), r.data());
    const T next = kernels.dot(size, r.data(), r.data());
    const T mix = next / square;
    square = next;
    for (std::size_t i = 0; i < size; ++i) {
      p[i] = r[i] + mix * p[i];
    }
    ++scratch.conjugate_steps;
  }
}

template <class T>
const AlignedVector<T>& descend_as_held(const nets::Encoder<T>& encoder, std::span<const T> params, const LabelledRows<T>& support,
                                        const ProximalRule<T>& rule, std::size_t steps, ImamlScratch<T>& scratch) {
  const std::size_t size = encoder.end();
  AlignedVector<T>* const no_curvature = nullptr;
  scratch.params.assign(params.begin(), params.begin() + static_cast<std::ptrdiff_t>(size));
  scratch.offset.assign(size, T{0});
  scratch.before.assign(size, T{0});
  scratch.gradient.assign(size, T{0});
  const T shrink = 1 / (1 + rule.rate * rule.proximity);
  for (std::size_t k = 0; k < steps; ++k) {
    logit_loss(encoder, scratch.params.data(), support, scratch.support, scratch.d_logits, scratch.gradient.data(), no_curvature);
    // Planes of their own each, which the compiler cannot know: said here, it makes vectors of the loop.
    const T* __restrict gradient = scratch.gradient.data();
    T* __restrict offset = scratch.offset.data();
    T* __restrict before = scratch.before.data();
    T* __restrict moved = scratch.params.data();
    const T rate = rule.rate;
    const T momentum = rule.momentum;
    for (std::size_t i = 0; i < size; ++i) {
      const T here = offset[i];
      offset[i] = shrink * (here - rate * gradient[i] + momentum * (here - before[i]));
      before[i] = here;
      moved[i] = params[i] + offset[i];
    }
  }
  return scratch.params;
}

}  // namespace

template <class T>
const AlignedVector<T>& descend_near(const nets::Encoder<T>& encoder, std::span<const T> params, const LabelledRows<T>& support,
                                     const ProximalRule<T>& rule, std::size_t steps, ImamlScratch<T>& scratch) {
  const InnerWork work{.support = support.rows.rows, .gradients = steps, .adapted = true};
  if (!by_row_products(rule.layer_one, encoder.spec(), work)) {
    return descend_as_held(encoder, params, support, rule, steps, scratch);
  }
  const InnerTask<T> task = scratch.products.begin(encoder, params, support);
  return scratch.products.whole_params(descend_as_held(*task.encoder, task.params, task.support, rule, steps, scratch));
}

template <class T>
T imaml_gradient(const nets::Encoder<T>& encoder, std::span<const T> params, const LabelledRows<T>& support, const LabelledRows<T>& query,
                 const ProximalRule<T>& rule, std::size_t steps, std::size_t conjugate_steps, ImamlScratch<T>& scratch,
                 std::span<T> gradient) {
  const AlignedVector<T>& adapted = descend_near(encoder, params, support, rule, steps, scratch);
  AlignedVector<T>* const no_curvature = nullptr;
  std::fill(gradient.begin(), gradient.end(), T{0});
  const T loss = logit_loss(encoder, adapted.data(), query, scratch.query, scratch.d_logits, gradient.data(), no_curvature);
  logit_loss(encoder, adapted.data(), support, scratch.support, scratch.d_logits, scratch.gradient.data(), &scratch.curvature);
  solve(encoder, adapted, rule.proximity, conjugate_steps, scratch, gradient.first(encoder.end()));
  return loss;
}

#define ODDSHOT_INSTANTIATE(T)                                                                                           \
  template const AlignedVector<T>& descend_near(const nets::Encoder<T>&, std::span<const T>, const LabelledRows<T>&,     \
                                                const ProximalRule<T>&, std::size_t, ImamlScratch<T>&);                  \
  template T imaml_gradient(const nets::Encoder<T>&, std::span<const T>, const LabelledRows<T>&, const LabelledRows<T>&, \
                            const ProximalRule<T>&, std::size_t, std::size_t, ImamlScratch<T>&, std::span<T>)
ODDSHOT_INSTANTIATE(float);
ODDSHOT_INSTANTIATE(double);
#undef ODDSHOT_INSTANTIATE

namespace {

class Imaml final : public NetworkLearner {
 public:
  explicit Imaml(const LearnerOptions& options)
      : options_(with_logit(options)),
        rule_{.rate = options_.inner_rate, .momentum = options_.inner_momentum, .proximity = options_.proximity},
        encoder_(options_.encoder, layout_, "encoder") {}

  std::string_view name() const override { return "imaml"; }
  const LearnerOptions& options() const override { return options_; }
  const Layout& layout() const override { return layout_; }
  std::unique_ptr<Scratch> make_scratch() const override { return std::make_unique<ImamlScratch<float>>(); }
  std::size_t minimum_shots() const override { return 0; }
  std::size_t inner_steps() const override { return options_.inner_steps; }
  void initialise(std::span<float> params, Stream stream) const override { encoder_.initialise(params.data(), stream); }

  float task_gradient(std::span<const float> params, const Episode& episode, Scratch& scratch, std::span<float> gradient) const override {
    return imaml_gradient(encoder_, params, {episode.support_rows, episode.support_labels}, {episode.query_rows, episode.query_labels},
                          rule_, options_.inner_steps, options_.conjugate_steps, static_cast<ImamlScratch<float>&>(scratch), gradient);
  }

  AdaptedState adapt(std::span<const float> params, const Support& support, Scratch& scratch, std::size_t steps) const override {
    return network_state(descend_near(encoder_, params, {support.rows, support.labels}, rule_, std::min(steps, options_.inner_steps),
                                      static_cast<ImamlScratch<float>&>(scratch)));
  }

  void score(const AdaptedState& state, MatrixView rows, Scratch& scratch, std::span<float> scores) const override {
    score_network(encoder_, state.values.data(), rows, static_cast<ImamlScratch<float>&>(scratch).query, scores);
  }

 private:
  const nets::Encoder<float>& encoder() const override { return encoder_; }

  LearnerOptions options_;
  ProximalRule<float> rule_;
  Layout layout_;
  nets::Encoder<float> encoder_;
};

}  // namespace

std::unique_ptr<Learner> make_imaml(const LearnerOptions& options) { return std::make_unique<Imaml>(options); }

}  // namespace oddshot::learners
