#include "learners/in_context.h"

#include <algorithm>
#include <string>

#include "learners/network_learner.h"
#include "nets/losses.h"

namespace oddshot::learners {
namespace {

constexpr std::array<const char*, 2> kClasses{"normal", "anomaly"};

template <class T>
void zero(BasicMatrix<T>& matrix, std::size_t rows, std::size_t cols) {
  matrix.resize(rows, cols);
  std::fill_n(matrix.data(), rows * cols, T{0});
}

}  // namespace

template <class T>
InContextModel<T>::InContextModel(const LearnerOptions& given)
    : options(with_embedding(given)),
      encoder(options.encoder, layout, "encoder"),
      width(options.embedding),
      attention((width + kContextHeads - 1) / kContextHeads * kContextHeads) {
  label = layout[layout.add("label", {2, width})].offset;
  absent = layout[layout.add("absent", {2, width})].offset;
  for (std::size_t b = 0; b < kContextBlocks; ++b) {
    const std::string prefix = "block." + std::to_string(b) + ".";
    // A bias of the keys would cancel in the softmax; one of the values would pass through it and add to that of `merge`.
    blocks[b] = {.query = {layout, prefix + "query", width, attention, nets::Bias::kLearned},
                 .key = {layout, prefix + "key", width, attention, nets::Bias::kNone},
                 .value = {layout, prefix + "value", width, attention, nets::Bias::kNone},
                 .merge = {layout, prefix + "merge", 2 * attention, width, nets::Bias::kLearned},
                 .up = {layout, prefix + "up", width, 2 * width, nets::Bias::kLearned},
                 .down = {layout, prefix + "down", 2 * width, width, nets::Bias::kLearned}};
  }
  logit = {layout, "logit", width, 1, nets::Bias::kLearned};
  evidence = layout[layout.add("evidence", {kContextBlocks, kContextHeads})].offset;
}

template <class T>
ContextView<T> InContextModel<T>::read(const T* params, BasicMatrixView<T> embeddings, std::span<const std::uint8_t> labels,
                                       InContextScratch<T>& scratch) const {
  const auto anomalies = static_cast<std::size_t>(std::count(labels.begin(), labels.end(), std::uint8_t{1}));
  ContextView<T> context;
  context.count = {labels.size() - anomalies + 1, anomalies + 1};
  std::array<std::size_t, 2> next{0, context.count[0]};
  scratch.tokens.resize(labels.size() + 2, width);
  for (std::size_t y = 0; y < 2; ++y) {
    std::copy_n(params + absent + y * width, width, scratch.tokens.row(next[y]++).begin());
  }
  scratch.token.resize(labels.size());
  for (std::size_t i = 0; i < labels.size(); ++i) {
    scratch.token[i] = next[labels[i]]++;
    const T* of_class = params + label + labels[i] * width;
    const std::span<T> token = scratch.tokens.row(scratch.token[i]);
    std::transform(embeddings.row(i).begin(), embeddings.row(i).end(), of_class, token.begin(), std::plus<T>());
  }
  for (std::size_t b = 0; b < kContextBlocks; ++b) {
    auto& work = scratch.blocks[b];
    work.keys.resize(scratch.tokens.rows(), attention);
    work.values.resize(scratch.tokens.rows(), attention);
    blocks[b].key.forward(encoder.kernels(), params, scratch.tokens.view(), work.keys.data());
    blocks[b].value.forward(encoder.kernels(), params, scratch.tokens.view(), work.values.data());
    const std::size_t second = context.count[0] * attention;
    context.parts[b] = {{{work.keys.data(), work.values.data()}, {work.keys.data() + second, work.values.data() + second}}};
  }
  return context;
}

template <class T>
void InContextModel<T>::judge(const T* params, const ContextView<T>& context, BasicMatrixView<T> embeddings,
                              InContextScratch<T>& scratch) const {
  const auto& kernels = encoder.kernels();
  const std::size_t rows = embeddings.rows;
  scratch.blocks[0].input.resize(rows, width);
  std::copy_n(embeddings.data, rows * width, scratch.blocks[0].input.data());
  for (std::size_t b = 0; b < kContextBlocks; ++b) {
    const Block& block = blocks[b];
    auto& work = scratch.blocks[b];
    work.query.resize(rows, attention);
    work.summary.resize(rows, 2 * attention);
    work.middle.resize(rows, width);
    work.hidden.resize(rows, 2 * width);
    work.d1.resize(rows, 2 * width);
    block.query.forward(kernels, params, work.input.view(), work.query.data());
    for (std::size_t y = 0; y < 2; ++y) {
      const auto& part = context.parts[b][y];
      nets::attend(kernels, kContextHeads, work.query.view(), part.keys, part.values, context.count[y], work.summary.data() + y * attention,
                   2 * attention, work.attention[y]);
    }
    block.merge.forward(kernels, params, work.summary.view(), work.middle.data(), work.input.data());
    block.up.forward(kernels, params, work.middle.view(), work.hidden.data());
    kernels.gelu(rows, 2 * width, 2 * width, work.hidden.data(), work.hidden.data(), work.d1.data(), nullptr);
    BasicMatrix<T>& output = b + 1 < kContextBlocks ? scratch.blocks[b + 1].input : scratch.output;
    output.resize(rows, width);
    block.down.forward(kernels, params, work.hidden.view(), output.data(), work.middle.data());
  }
  scratch.logits.resize(rows);
  logit.forward(kernels, params, scratch.output.view(), scratch.logits.data());
  for (std::size_t b = 0; b < kContextBlocks; ++b) {
    const auto& [normal, anomaly] = scratch.blocks[b].attention;
    for (std::size_t h = 0; h < kContextHeads; ++h) {
      const T weight = params[evidence + b * kContextHeads + h];
      kernels.axpy(rows, weight, anomaly.match.data() + h * rows, scratch.logits.data());
      kernels.axpy(rows, -weight, normal.match.data() + h * rows, scratch.logits.data());
    }
  }
}

template <class T>
void InContextModel<T>::pull_back(const T* params, const ContextView<T>& context, InContextScratch<T>& scratch, T* gradient) const {
  const auto& kernels = encoder.kernels();
  const std::size_t rows = scratch.d_output.rows();
  T* d_h = scratch.d_output.data();
  zero(scratch.d_tokens, scratch.tokens.rows(), width);
  scratch.d_keys.resize(scratch.tokens.rows(), attention);
  scratch.d_values.resize(scratch.tokens.rows(), attention);
  for (std::size_t b = kContextBlocks; b-- > 0;) {
    const Block& block = blocks[b];
    auto& work = scratch.blocks[b];
    zero(scratch.d_hidden, rows, 2 * width);
    block.down.backward(kernels, params, work.hidden.view(), d_h, gradient, scratch.d_hidden.data(), scratch.work);
    for (std::size_t i = 0; i < rows * 2 * width; ++i) {
      scratch.d_hidden.data()[i] *= work.d1.data()[i];
    }
    block.up.backward(kernels, params, work.middle.view(), scratch.d_hidden.data(), gradient, d_h, scratch.work);
    zero(scratch.d_summary, rows, 2 * attention);
    block.merge.backward(kernels, params, work.summary.view(), d_h, gradient, scratch.d_summary.data(), scratch.work);
    zero(scratch.d_query, rows, attention);
    for (std::size_t y = 0; y < 2; ++y) {
      const T sign = y == 0 ? T{-1} : T{1};
      scratch.d_match.assign(kContextHeads * rows, T{0});
      for (std::size_t h = 0; h < kContextHeads; ++h) {
        const std::size_t at = evidence + b * kContextHeads + h;
        kernels.axpy(rows, sign * params[at], scratch.d_logits.data(), scratch.d_match.data() + h * rows);
        gradient[at] += sign * kernels.dot(rows, scratch.d_logits.data(), work.attention[y].match.data() + h * rows);
      }
      const auto& part = context.parts[b][y];
      const std::size_t first = y * context.count[0] * attention;
      nets::attend_backward(kernels, kContextHeads, work.query.view(), part.keys, part.values, context.count[y],
                            scratch.d_summary.data() + y * attention, 2 * attention, scratch.d_match.data(), work.attention[y],
                            scratch.d_query.data(), scratch.d_keys.data() + first, scratch.d_values.data() + first);
    }
    block.query.backward(kernels, params, work.input.view(), scratch.d_query.data(), gradient, d_h, scratch.work);
    block.key.backward(kernels, params, scratch.tokens.view(), scratch.d_keys.data(), gradient, scratch.d_tokens.data(), scratch.work);
    block.value.backward(kernels, params, scratch.tokens.view(), scratch.d_values.data(), gradient, scratch.d_tokens.data(), scratch.work);
  }
}

template <class T>
T InContextModel<T>::meta_gradient(std::span<const T> params, const LabelledRows<T>& support, const LabelledRows<T>& query,
                                   InContextScratch<T>& scratch, std::span<T> gradient) const {
  const auto& kernels = encoder.kernels();
  const std::size_t s = support.rows.rows;
  const std::size_t q = query.rows.rows;
  scratch.batch.join(support, query);
  encoder.forward(params.data(), scratch.batch.rows, scratch.tape);
  const BasicMatrixView<T> embeddings = scratch.tape.output();
  const ContextView<T> context = read(params.data(), embeddings.slice(0, s), support.labels, scratch);
  judge(params.data(), context, embeddings.slice(s, q), scratch);
  scratch.d_logits.resize(q);
  const T loss = nets::balanced_cross_entropy<T>(kernels, scratch.logits, query.labels, scratch.d_logits.data(), nullptr);

  std::fill(gradient.begin(), gradient.end(), T{0});
  zero(scratch.d_output, q, width);
  logit.backward(kernels, params.data(), scratch.output.view(), scratch.d_logits.data(), gradient.data(), scratch.d_output.data(),
                 scratch.work);
  pull_back(params.data(), context, scratch, gradient.data());
  scratch.d_embeddings.resize(s + q, width);
  for (std::size_t i = 0; i < s; ++i) {
    const std::span<const T> d_token = std::as_const(scratch.d_tokens).row(scratch.token[i]);
    std::copy(d_token.begin(), d_token.end(), scratch.d_embeddings.row(i).begin());
    kernels.axpy(width, T{1}, d_token.data(), gradient.data() + label + support.labels[i] * width);
  }
  std::copy_n(scratch.d_output.data(), q * width, scratch.d_embeddings.data() + s * width);
  encoder.backward(params.data(), scratch.d_embeddings, scratch.tape, gradient.data());
  for (std::size_t y = 0; y < 2; ++y) {
    std::copy_n(scratch.d_tokens.row(y * context.count[0]).begin(), width,
                gradient.begin() + static_cast<std::ptrdiff_t>(absent + y * width));
  }
  return loss;
}

template struct InContextModel<float>;
template struct InContextModel<double>;

namespace {

class InContext final : public Learner {
 public:
  explicit InContext(const LearnerOptions& options) : model_(options) {}

  std::string_view name() const override { return "in-context"; }
  const LearnerOptions& options() const override { return model_.options; }
  const Layout& layout() const override { return model_.layout; }
  std::unique_ptr<Scratch> make_scratch() const override { return std::make_unique<InContextScratch<float>>(); }
  std::size_t minimum_shots() const override { return 0; }
  std::size_t inner_steps() const override { return 0; }

  void initialise(std::span<float> params, Stream stream) const override {
    std::fill(params.begin(), params.end(), 0.0F);
    model_.encoder.initialise(params.data(), stream.fork(0));
    Stream tokens = stream.fork(1);
    for (std::size_t i = 0; i < 2 * model_.width; ++i) {
      params[model_.absent + i] = tokens.normal();
    }
    std::uint32_t part = 2;
    for (const auto& block : model_.blocks) {
      for (const nets::Linear* linear : {&block.query, &block.key, &block.value, &block.merge, &block.up, &block.down}) {
        linear->initialise(params.data(), 1, stream.fork(part++));
      }
    }
    for (const auto& block : model_.blocks) {  // keys as queries: rows match that are alike
      std::copy_n(params.begin() + static_cast<std::ptrdiff_t>(block.query.weight), model_.width * model_.attention,
                  params.begin() + static_cast<std::ptrdiff_t>(block.key.weight));
    }
    model_.logit.initialise(params.data(), 0.1F, stream.fork(part));
    std::fill_n(params.begin() + static_cast<std::ptrdiff_t>(model_.evidence), kContextBlocks * kContextHeads, 1.0F);
  }

  float task_gradient(std::span<const float> params, const Episode& episode, Scratch& scratch, std::span<float> gradient) const override {
    return model_.meta_gradient(params, {episode.support_rows, episode.support_labels}, {episode.query_rows, episode.query_labels},
                                static_cast<InContextScratch<float>&>(scratch), gradient);
  }

  AdaptedState adapt(std::span<const float> params, const Support& support, Scratch& scratch, std::size_t /*steps*/) const override {
    auto& work = static_cast<InContextScratch<float>&>(scratch);
    model_.encoder.forward(params.data(), support.rows, work.tape, nets::Keep::kOutputsOnly);
    const ContextView<float> context = model_.read(params.data(), work.tape.output(), support.labels, work);
    AdaptedState state{model_.layout, {params.begin(), params.end()}, {}};
    for (std::size_t b = 0; b < kContextBlocks; ++b) {
      for (std::size_t y = 0; y < 2; ++y) {
        const std::string prefix = "context." + std::to_string(b) + "." + kClasses[y] + ".";
        for (const auto& [what, values] : {std::pair{"keys", context.parts[b][y].keys}, std::pair{"values", context.parts[b][y].values}}) {
          const std::size_t at = state.layout.add(prefix + what, {context.count[y], model_.attention});
          state.values.resize(state.layout.size());
          std::copy_n(values, context.count[y] * model_.attention, state.values.data() + state.layout[at].offset);
        }
      }
    }
    return state;
  }

  void score(const AdaptedState& state, MatrixView rows, Scratch& scratch, std::span<float> scores) const override {
    auto& work = static_cast<InContextScratch<float>&>(scratch);
    ContextView<float> context;
    std::size_t tensor = model_.layout.tensors().size();
    for (auto& block : context.parts) {
      for (std::size_t y = 0; y < 2; ++y) {
        context.count[y] = state.layout[tensor].shape[0];
        block[y].keys = state.values.data() + state.layout[tensor++].offset;
        block[y].values = state.values.data() + state.layout[tensor++].offset;
      }
    }
    for_each_batch(model_.encoder, state.values.data(), rows, work.tape, scores, [&](MatrixView embeddings, std::span<float> out) {
      model_.judge(state.values.data(), context, embeddings, work);
      std::copy(work.logits.begin(), work.logits.end(), out.begin());
    });
  }

 private:
  InContextModel<float> model_;
};

}  // namespace

std::unique_ptr<Learner> make_in_context(const LearnerOptions& options) { return std::make_unique<InContext>(options); }

}  // namespace oddshot::learners
