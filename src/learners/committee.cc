#include "learners/committee.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "learners/network_learner.h"
#include "oddshot/base/error.h"

namespace oddshot::learners {
namespace {

constexpr std::array<const char*, 3> kUsual = {"score-net", "in-context", "gate"};
constexpr float kBlindVotes = 2;     // of the plain mean, where no anomaly is known
constexpr float kLeastUnit = 1e-6F;  // an answer that is the same for every normal of a support has no scale

struct CommitteeScratch : Scratch {
  std::vector<std::unique_ptr<Scratch>> members;
  std::vector<float> answers;  // [R] of one member
};

// The mean of each row.
void plain_means(MatrixView rows, std::span<float> out) {
  for (std::size_t r = 0; r < rows.rows; ++r) {
    const auto row = rows.row(r);
    out[r] = std::accumulate(row.begin(), row.end(), 0.0F) / static_cast<float>(row.size());
  }
}

class Committee final : public Learner {
 public:
  explicit Committee(LearnerOptions options) {
    if (options.committee.empty()) options.committee.assign(kUsual.begin(), kUsual.end());
    options.validate();
    for (const std::string& name : options.committee) members_.push_back(find_learner(name)->make(options));
    for (const auto& member : members_) {
      first_.push_back(layout_.size());
      for (const Tensor& tensor : member->layout().tensors()) {
        layout_.add(std::string(member->name()) + "/" + tensor.name, tensor.shape);
      }
    }
  }

  std::string_view name() const override { return "committee"; }
  const LearnerOptions& options() const override { return members_.front()->options(); }
  const Layout& layout() const override { return layout_; }
  std::unique_ptr<Scratch> make_scratch() const override {
    auto scratch = std::make_unique<CommitteeScratch>();
    for (const auto& member : members_) scratch->members.push_back(member->make_scratch());
    return scratch;
  }
  std::size_t minimum_shots() const override {
    std::size_t least = 0;
    for (const auto& member : members_) least = std::max(least, member->minimum_shots());
    return least;
  }
  std::size_t inner_steps() const override { return 0; }

  void initialise(std::span<float> params, Stream stream) const override {
    for (std::size_t m = 0; m < members_.size(); ++m) {
      members_[m]->initialise(part(params, m), stream.fork(static_cast<std::uint32_t>(m)));
    }
  }

  float task_gradient(std::span<const float> params, const Episode& episode, Scratch& scratch, std::span<float> gradient) const override {
    auto& work = static_cast<CommitteeScratch&>(scratch);
    float loss = 0;
    for (std::size_t m = 0; m < members_.size(); ++m) {
      loss += members_[m]->task_gradient(part(params, m), episode, *work.members[m], part(gradient, m));
    }
    return loss / static_cast<float>(members_.size());
  }

  AdaptedState adapt(std::span<const float> params, const Support& support, Scratch& scratch, std::size_t steps) const override {
    auto& work = static_cast<CommitteeScratch&>(scratch);
    AdaptedState state;
    for (std::size_t m = 0; m < members_.size(); ++m) {
      state.parts.push_back(members_[m]->adapt(part(params, m), support, *work.members[m], steps));
    }
    std::vector<float> centre;
    std::vector<float> unit;
    for (std::size_t m = 0; m <= members_.size(); ++m) {
      answer(state, m, support.rows, work);
      double count = 0;
      double sum = 0;
      double squares = 0;
      for (std::size_t i = 0; i < support.labels.size(); ++i) {
        if (support.labels[i] != 0) continue;
        ++count;
        sum += static_cast<double>(work.answers[i]);
      }
      const double mean = count > 0 ? sum / count : 0;
      for (std::size_t i = 0; i < support.labels.size(); ++i) {
        if (support.labels[i] == 0) squares += std::pow(static_cast<double>(work.answers[i]) - mean, 2);
      }
      centre.push_back(static_cast<float>(mean));
      unit.push_back(std::max(kLeastUnit, static_cast<float>(std::sqrt(squares / std::max(1.0, count)))));
    }
    const bool blind = std::ranges::count(support.labels, std::uint8_t{0}) == std::ssize(support.labels);
    std::vector<float> votes(members_.size(), 1.0F);
    votes.push_back(blind ? kBlindVotes : 1.0F);
    const float all = std::accumulate(votes.begin(), votes.end(), 0.0F);
    for (float& vote : votes) vote /= all;
    add_tensor(state, "centre", {centre.size()}, centre.data());
    add_tensor(state, "unit", {unit.size()}, unit.data());
    add_tensor(state, "votes", {votes.size()}, votes.data());
    return state;
  }

  void score(const AdaptedState& state, MatrixView rows, Scratch& scratch, std::span<float> scores) const override {
    auto& work = static_cast<CommitteeScratch&>(scratch);
    if (scores.size() != rows.rows) {
      throw ShapeError("the committee wants a score for each row; these are " + std::to_string(scores.size()) + " scores of " +
                       std::to_string(rows.rows) + " rows");
    }
    const float* centre = tensor_values(state, "centre").data;
    const float* unit = tensor_values(state, "unit").data;
    const float* votes = tensor_values(state, "votes").data;
    std::ranges::fill(scores, 0.0F);
    for (std::size_t m = 0; m <= members_.size(); ++m) {
      answer(state, m, rows, work);
      for (std::size_t r = 0; r < rows.rows; ++r) {
        const float t = (work.answers[r] - centre[m]) / unit[m];
        scores[r] += votes[m] * std::copysign(std::log1p(std::fabs(t)), t);
      }
    }
  }

 private:
  // A member's share of the flat vector: its tensors lie there as in a vector of its own.
  template <class T>
  std::span<T> part(std::span<T> values, std::size_t m) const {
    return values.subspan(first_[m], members_[m]->layout().size());
  }

  // work.answers of member m; those after the last are the plain mean's.
  void answer(const AdaptedState& state, std::size_t m, MatrixView rows, CommitteeScratch& work) const {
    work.answers.resize(rows.rows);
    if (m == members_.size()) {
      plain_means(rows, work.answers);
    } else {
      members_[m]->score(state.parts[m], rows, *work.members[m], work.answers);
    }
  }

  std::vector<std::unique_ptr<Learner>> members_;
  Layout layout_;
  std::vector<std::size_t> first_;  // [members] where a member's parameters begin
};

}  // namespace

std::unique_ptr<Learner> make_committee(const LearnerOptions& options) { return std::make_unique<Committee>(options); }

}  // namespace oddshot::learners
