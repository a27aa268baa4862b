#include "learners/row_products.h"

#include <algorithm>

namespace oddshot::learners {
namespace {

// Weights of layer 1, and of all others.
struct Weights {
  double first = 0;
  double others = 0;
};

Weights weights_of(const EncoderSpec& spec) {
  Weights weights;
  std::size_t inputs = spec.inputs;
  for (std::size_t l = 0; l <= spec.hidden.size(); ++l) {
    const std::size_t outputs = l < spec.hidden.size() ? spec.hidden[l] : spec.outputs;
    (l == 0 ? weights.first : weights.others) += static_cast<double>(inputs) * static_cast<double>(outputs);
    inputs = outputs;
  }
  return weights;
}

}  // namespace

InnerCost inner_cost(const EncoderSpec& spec, const InnerWork& work) {
  const Weights w = weights_of(spec);
  const auto support = static_cast<double>(work.support);
  const auto query = static_cast<double>(work.query);
  const auto features = static_cast<double>(spec.inputs);
  const double gradients = support * static_cast<double>(work.gradients);  // rows
  const double hessians = support * static_cast<double>(work.hessian_products);
  const double asked = query * static_cast<double>(work.query_passes);
  // A layer's gradient: forward, and back to the weight and, above the first, to the input; a Hessian product twice the ways back, and
  // forward twice above the first.
  const double above = 3 * w.others * (gradients + asked) + 6 * w.others * hessians;
  const double small = support * w.first / features;  // S O
  InnerCost cost;
  cost.weights = above + 2 * w.first * (gradients + asked + hessians);
  cost.row_products = above + (support + query) * (support * features + w.first)  // products, offsets
                      + small * (gradients + 2 * asked + hessians)                // one side of each is at hand
                      + query * w.first;                                          // to the gradient in W_0, of the query ...
  if (work.hessian_products > 0) {
    cost.row_products += support * w.first;  // ... and of the support
  }
  if (work.adapted) {
    cost.row_products += support * w.first;
  }
  return cost;
}

bool by_row_products(LayerOne wanted, const EncoderSpec& spec, const InnerWork& work) {
  if (wanted != LayerOne::kByCost || work.support == 0 || work.support >= spec.inputs) {
    return wanted == LayerOne::kRowProducts && work.support > 0;
  }
  constexpr double kClearly = 0.7;
  const InnerCost cost = inner_cost(spec, work);
  return cost.row_products < kClearly * cost.weights;
}

template <class T>
BasicMatrixView<T> RowProducts<T>::times(BasicMatrixView<T> rows, const T* b, std::size_t cols, BasicMatrix<T>& out) const {
  out.resize(rows.rows, cols);
  kernels::Product<T> p;
  p.m = rows.rows;
  p.n = cols;
  p.k = rows.cols;
  p.a = rows.data;
  p.a_row = rows.stride;
  p.b = b;
  p.ldb = cols;
  p.c = out.data();
  p.ldc = cols;
  whole_->kernels().product(p);
  return out;
}

template <class T>
void RowProducts<T>::combine(BasicMatrixView<T> rows, const T* coefficients, const T* addend, T* c) const {
  const std::size_t outputs = whole_->first_outputs();
  kernels::Product<T> p;
  p.m = rows.cols;
  p.n = outputs;
  p.k = rows.rows;
  p.a = rows.data;
  p.a_row = 1;
  p.a_col = rows.stride;
  p.b = coefficients;
  p.ldb = outputs;
  p.addend = addend;
  p.ld_addend = outputs;
  p.c = c;
  p.ldc = outputs;
  whole_->kernels().product(p);
}

template <class T>
InnerTask<T> RowProducts<T>::begin(const nets::Encoder<T>& encoder, std::span<const T> params, const LabelledRows<T>& support,
                                   const LabelledRows<T>& query) {
  const std::size_t rows = support.rows.rows;
  if (whole_ != &encoder || encoder_->spec().inputs != rows) {
    whole_ = &encoder;
    EncoderSpec spec = encoder.spec();
    spec.inputs = rows;
    layout_ = Layout();
    encoder_ = std::make_unique<nets::Encoder<T>>(spec, layout_, "encoder", encoder.kernels());
    own_params_.assign(encoder_->end(), T{0});
  }
  params_ = params;
  support_ = support.rows;
  query_ = query.rows;
  std::copy(params.data() + encoder.after_first_weight(), params.data() + encoder.end(),
            own_params_.data() + encoder_->after_first_weight());
  v.assign(encoder_->end(), T{0});
  transposed_.resize(support_.cols, rows);
  encoder.kernels().transpose(rows, support_.cols, support_.data, support_.stride, transposed_.data(), rows);
  InnerTask<T> task{.encoder = encoder_.get(), .layout = &layout_, .params = own_params_, .support = support, .query = query};
  const T* weight = params.data() + encoder.first_weight();
  const std::size_t outputs = encoder.first_outputs();
  task.support.rows = times(support_, transposed_.data(), rows, own_);
  task.support.first = {.offset = times(support_, weight, outputs, offset_).data, .own = true};
  if (query_.rows > 0) {
    task.query.rows = times(query_, transposed_.data(), rows, cross_);
    task.query.first = {.offset = times(query_, weight, outputs, query_offset_).data};
    d_query_.resize(query_.rows, outputs);
    std::fill_n(d_query_.data(), d_query_.rows() * d_query_.cols(), T{0});
  }
  return task;
}

template <class T>
void RowProducts<T>::copy_rest(const AlignedVector<T>& from, T* to) const {
  for (std::size_t t = 1; t < layout_.tensors().size(); ++t) {
    const Tensor& tensor = layout_[t];
    std::copy_n(from.data() + tensor.offset, tensor.size(),
                to + whole_->after_first_weight() + (tensor.offset - encoder_->after_first_weight()));
  }
}

template <class T>
void RowProducts<T>::add_query(const nets::Tape<T>& tape, T share) {
  whole_->kernels().axpy(d_query_.rows() * d_query_.cols(), share, tape.layers.front().d_linear.data(), d_query_.data());
}

template <class T>
void RowProducts<T>::whole_gradient(const AlignedVector<T>& c, std::span<T> gradient) const {
  T* weight = gradient.data() + whole_->first_weight();
  combine(query_, d_query_.data(), nullptr, weight);
  if (!c.empty()) {
    combine(support_, c.data(), weight, weight);
  }
  copy_rest(v, gradient.data());
}

template <class T>
const AlignedVector<T>& RowProducts<T>::whole_params(const AlignedVector<T>& adapted) {
  whole_params_.resize(whole_->end());  // zero where it grows, which padding stays
  std::copy_n(params_.data(), whole_->begin(), whole_params_.data());
  const std::size_t weight = whole_->first_weight();
  combine(support_, adapted.data() + encoder_->first_weight(), params_.data() + weight, whole_params_.data() + weight);
  copy_rest(adapted, whole_params_.data());
  return whole_params_;
}

template <class T>
const AlignedVector<T>& adapt_params(const nets::Encoder<T>& encoder, const Layout& layout, std::span<const T> params,
                                     const LabelledRows<T>& support, const StepRule<T>& rule, std::size_t steps, InnerScratch<T>& scratch,
                                     RowProducts<T>& products, T* first_loss) {
  const InnerWork work{.support = support.rows.rows, .gradients = steps, .adapted = true};
  const bool by_rows = !rule.per_parameter && by_row_products(rule.layer_one, encoder.spec(), work);
  InnerScratch<T>& inner = by_rows ? products.inner : scratch;
  const AlignedVector<T>* adapted = nullptr;
  if (by_rows) {
    const InnerTask<T> task = products.begin(encoder, params, support);
    adapted = &products.whole_params(descend(*task.encoder, *task.layout, task.params, task.support, rule, steps, inner));
  } else {
    adapted = &descend(encoder, layout, params, support, rule, steps, inner);
  }
  if (first_loss != nullptr) {
    *first_loss = inner.first_loss;
  }
  return *adapted;
}

template class RowProducts<float>;
template class RowProducts<double>;

#define ODDSHOT_INSTANTIATE(T)                                                                                                      \
  template const AlignedVector<T>& adapt_params(const nets::Encoder<T>&, const Layout&, std::span<const T>, const LabelledRows<T>&, \
                                                const StepRule<T>&, std::size_t, InnerScratch<T>&, RowProducts<T>&, T*)
ODDSHOT_INSTANTIATE(float);
ODDSHOT_INSTANTIATE(double);
#undef ODDSHOT_INSTANTIATE

}  // namespace oddshot::learners
