// An in-context learner: a small attention network that reads the labelled support and scores a row at once, without inner steps.
//   tokens of class y:   t_i = f(x_i) + label_y for its support rows, and one learned token absent_y, so that a class is never empty
//   a row to score:      h = f(x); then in each of two blocks, with four heads a class,
//                          h <- h + [attend(h, normals' tokens) | attend(h, anomalies' tokens)] W + b,   h <- h + mlp(h)
//                        logit = h . w + b + sum over blocks and heads of c (match with the anomalies - match with the normals)
//                      mlp: one hidden layer of 2 E GELUs;   match: nets/attention.h
// Each class is summed up apart, so that one known anomaly is not drowned by fifty normals. A softmax within a class hides how near the
// class is at all: the matches tell, and by themselves compare the two classes as kernel densities do. Training starts there, with keys
// made as queries are, c = 1 and a small w; otherwise it would have to find out from a few kinds what nearness is. No positions: the order
// of the support is irrelevant. Rows to score see the support and never one another. Loss: class-balanced cross-entropy of the query's
// logits. Meta-parameters: "encoder.*", "label", "absent" [2 x E], normal first, "block.B.*", "logit.*", "evidence" [blocks x heads], c.
// Adapted state: those and "context.B.*", the keys and values of the support's tokens. Source: Garnelo et al. 2018, arXiv:1807.01613
// (conditional neural processes: a network that maps a labelled context to predictions); Kim et al. 2019, arXiv:1901.05761, section 3
// (attention from target to context in place of a mean); the matches and the start are our own.
#pragma once

#include <array>
#include <memory>

#include "learners/labelled_batch.h"
#include "nets/attention.h"
#include "nets/linear.h"
#include "oddshot/learners/learner.h"

namespace oddshot::learners {

inline constexpr std::size_t kContextBlocks = 2;
inline constexpr std::size_t kContextHeads = 4;

// The keys and values [count x A] of the tokens of each class, normal first. Borrowed.
template <class T>
struct ContextView {
  struct Part {
    const T* keys = nullptr;
    const T* values = nullptr;
  };
  std::array<std::size_t, 2> count{};
  std::array<std::array<Part, 2>, kContextBlocks> parts;  // [block][class]
};

template <class T>
struct InContextScratch : Scratch {
  struct Block {
    BasicMatrix<T> keys, values;   // [S + 2 x A]
    BasicMatrix<T> input, middle;  // [R x E] h before the attention and before the MLP
    BasicMatrix<T> query;          // [R x A]
    BasicMatrix<T> summary;        // [R x 2 A]
    BasicMatrix<T> hidden, d1;     // [R x 2 E] of the MLP: activation and its derivative
    std::array<nets::AttentionTape<T>, 2> attention;
  };
  nets::Tape<T> tape;
  LabelledBatch<T> batch;
  std::vector<std::size_t> token;   // [S] where a support row's token lies
  BasicMatrix<T> tokens, d_tokens;  // [S + 2 x E]: absent normal, normals, absent anomaly, anomalies
  std::array<Block, kContextBlocks> blocks;
  BasicMatrix<T> output, d_output;  // [R x E] h after the last block
  BasicMatrix<T> d_embeddings;      // [S + Q x E]
  BasicMatrix<T> d_query, d_summary, d_hidden, d_keys, d_values;
  AlignedVector<T> logits, d_logits, d_match, work;
};

template <class T>
struct InContextModel {
  explicit InContextModel(const LearnerOptions& options);
  // The keys and values of a support's tokens, from its embeddings [S x E]. They lie in scratch.
  ContextView<T> read(const T* params, BasicMatrixView<T> embeddings, std::span<const std::uint8_t> labels,
                      InContextScratch<T>& scratch) const;
  // The logits [R] of rows, from their embeddings [R x E]; scratch.logits afterwards.
  void judge(const T* params, const ContextView<T>& context, BasicMatrixView<T> embeddings, InContextScratch<T>& scratch) const;
  // The query loss and its gradient in all meta-parameters, overwritten.
  T meta_gradient(std::span<const T> params, const LabelledRows<T>& support, const LabelledRows<T>& query, InContextScratch<T>& scratch,
                  std::span<T> gradient) const;

  struct Block {
    nets::Linear query, key, value, merge, up, down;
  };
  LearnerOptions options;
  Layout layout;
  nets::Encoder<T> encoder;
  std::size_t width;      // E
  std::size_t attention;  // A, the heads' widths together: E rounded up to a multiple of the heads
  std::size_t label, absent;
  std::array<Block, kContextBlocks> blocks;
  nets::Linear logit;
  std::size_t evidence;  // offset of c

 private:
  // From scratch.d_output = dL/dh after the last block to dL/dh before the first; fills gradients and scratch.d_tokens.
  void pull_back(const T* params, const ContextView<T>& context, InContextScratch<T>& scratch, T* gradient) const;
};

extern template struct InContextModel<float>;
extern template struct InContextModel<double>;

std::unique_ptr<Learner> make_in_context(const LearnerOptions& options);

}  // namespace oddshot::learners
