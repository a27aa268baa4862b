// The committee: what it does beside its members, which have tests of their own.
#include "learners/committee.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "learners/gate.h"
#include "learners/in_context.h"
#include "learners/score_net.h"
#include "oddshot/base/error.h"

namespace oddshot::learners {
namespace {

constexpr std::size_t kWidth = 5;

constexpr std::size_t kMembers = 3;

LearnerOptions small() {
  LearnerOptions options;
  options.committee = {"score-net", "in-context", "gate"};
  options.encoder.inputs = kWidth;
  options.encoder.hidden = {6};
  options.embedding = 4;
  options.members = 2;
  return options;
}

Matrix noise(std::size_t rows, std::uint64_t index) {
  Stream stream(22, Purpose::kTest, index);
  Matrix out(rows, kWidth);
  for (std::size_t i = 0; i < rows * kWidth; ++i) out.data()[i] = stream.normal();
  return out;
}

struct CommitteeTest : testing::Test {
  std::unique_ptr<Learner> committee = make_committee(small());
  std::unique_ptr<Learner> members[kMembers] = {make_score_net(small()), make_in_context(small()), make_gate(small())};
  std::unique_ptr<Scratch> scratch = committee->make_scratch();
  AlignedVector<float> params = AlignedVector<float>(committee->layout().size());
  Matrix support = noise(8, 1), query = noise(6, 2);
  std::vector<std::uint8_t> known{0, 0, 0, 0, 0, 0, 1, 1};

  void SetUp() override { committee->initialise(params, Stream(3, Purpose::kInitialise, 0)); }
  std::span<const float> part(std::size_t m) const {
    std::size_t first = 0;
    for (std::size_t i = 0; i < m; ++i) first += members[i]->layout().size();
    return std::span<const float>(params).subspan(first, members[m]->layout().size());
  }
  std::vector<float> answers(std::size_t m, const Matrix& rows) const {
    std::vector<float> out(rows.rows());
    if (m == kMembers) {
      for (std::size_t r = 0; r < rows.rows(); ++r) {
        for (const float value : rows.row(r)) out[r] += value / static_cast<float>(kWidth);
      }
      return out;
    }
    const auto own = members[m]->make_scratch();
    members[m]->score(members[m]->adapt(part(m), {support, known}, *own), rows, *own, out);
    return out;
  }
  std::vector<float> scores(const Matrix& rows) const {
    std::vector<float> out(rows.rows());
    committee->score(committee->adapt(params, {support, known}, *scratch), rows, *scratch, out);
    return out;
  }
  // The scores by the definition, with these votes.
  void expect_votes(std::array<double, kMembers + 1> votes) {
    std::vector<double> expected(query.rows());
    const auto normals = static_cast<std::size_t>(std::ranges::count(known, 0));
    for (std::size_t m = 0; m <= kMembers; ++m) {
      const std::vector<float> of_support = answers(m, support);
      const std::vector<float> of_query = answers(m, query);
      double mean = 0;
      double squares = 0;
      for (std::size_t i = 0; i < normals; ++i) mean += static_cast<double>(of_support[i]) / static_cast<double>(normals);
      for (std::size_t i = 0; i < normals; ++i) {
        squares += std::pow(static_cast<double>(of_support[i]) - mean, 2) / static_cast<double>(normals);
      }
      for (std::size_t r = 0; r < expected.size(); ++r) {
        const double t = (static_cast<double>(of_query[r]) - mean) / std::sqrt(squares);
        expected[r] += votes[m] * std::copysign(std::log1p(std::fabs(t)), t);
      }
    }
    const std::vector<float> got = scores(query);
    for (std::size_t r = 0; r < expected.size(); ++r) EXPECT_NEAR(static_cast<double>(got[r]), expected[r], 1e-4) << r;
  }
};

TEST_F(CommitteeTest, GivesEachMemberAndThePlainMeanOneVoteOnTheScaleOfTheNormals) { expect_votes({0.25, 0.25, 0.25, 0.25}); }

TEST_F(CommitteeTest, GivesThePlainMeanTwoVotesWhereNoAnomalyIsKnown) {
  known.assign(8, 0);
  expect_votes({0.2, 0.2, 0.2, 0.4});
}

TEST_F(CommitteeTest, TrainsEachMemberAsIfItWereAlone) {
  Episode episode;
  episode.support_rows = support;
  episode.support_labels = known;
  episode.query_rows = query;
  episode.query_labels = {0, 0, 0, 1, 1, 0};
  AlignedVector<float> gradient(params.size());
  const float loss = committee->task_gradient(params, episode, *scratch, gradient);
  float sum = 0;
  std::size_t first = 0;
  for (std::size_t m = 0; m < kMembers; ++m) {
    const auto own = members[m]->make_scratch();
    AlignedVector<float> alone(members[m]->layout().size());
    sum += members[m]->task_gradient(part(m), episode, *own, alone);
    for (std::size_t i = 0; i < alone.size(); ++i) ASSERT_EQ(gradient[first + i], alone[i]) << m << " element " << i;
    first += alone.size();
  }
  EXPECT_EQ(loss, sum / kMembers);
  EXPECT_EQ(first, params.size());
}

TEST_F(CommitteeTest, IsFiniteWhereAllNormalsScoreAlike) {
  std::fill_n(support.data(), 8 * kWidth, 0.25F);
  for (const float score : scores(query)) EXPECT_TRUE(std::isfinite(score));
}

TEST_F(CommitteeTest, NamesEachTensorByItsMember) {
  EXPECT_TRUE(committee->layout().find("score-net/member.0.linear.weight"));
  EXPECT_TRUE(committee->layout().find("in-context/label"));
  EXPECT_TRUE(committee->layout().find("gate/member.0.gate.0.weight"));
  std::size_t size = 0;
  for (const auto& member : members) size += member->layout().size();
  EXPECT_EQ(committee->layout().size(), size);
}

TEST_F(CommitteeTest, IsMadeOfTheLearnersThatItsOptionsName) {
  LearnerOptions options = small();
  options.committee = {"ridge", "maml"};
  const auto other = make_committee(options);
  EXPECT_TRUE(other->layout().find("ridge/encoder.0.weight"));
  EXPECT_TRUE(other->layout().find("maml/encoder.0.weight"));
  EXPECT_FALSE(other->layout().find("score-net/member.0.linear.weight"));
  EXPECT_EQ(other->minimum_shots(), 1U);  // ridge needs an anomaly
  EXPECT_EQ(committee->minimum_shots(), 0U);
}

TEST(CommitteeOptions, NameTheUsualLearnersWhereNoneAreGiven) {
  LearnerOptions options = small();
  options.committee.clear();
  EXPECT_EQ(make_committee(options)->options().committee, (std::vector<std::string>{"score-net", "in-context", "gate"}));
}

TEST(CommitteeOptions, AreRefusedWhereTheyMakeNoCommittee) {
  const std::vector<std::vector<std::string>> wrong = {{"nobody"},
                                                       {"committee"},
                                                       {"gate", "gate"},
                                                       {"pooled"},
                                                       {"maml", "fomaml", "anil", "gate", "proto", "ridge", "imaml", "reptile", "siamese"}};
  for (const auto& names : wrong) {
    LearnerOptions options = small();
    options.committee = names;
    EXPECT_THROW(make_committee(options), ArgumentError) << names.size();
  }
}

TEST_F(CommitteeTest, RefusesRowsOfAnotherWidth) {
  const Matrix rows(8, kWidth + 1);
  EXPECT_THROW(committee->adapt(params, {rows, known}, *scratch), ShapeError);
}

}  // namespace
}  // namespace oddshot::learners
