// What holds for the learners that score by distances: prototypical and Siamese networks.
#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "learners/pair_mining.h"
#include "learners/proto.h"
#include "learners/siamese.h"
#include "oddshot/base/error.h"
#include "oddshot/learners/learner.h"

namespace oddshot::learners {
namespace {

constexpr std::size_t kFeatures = 6;

// Normals around 2 in every second feature and 0 in the others, anomalies off them by `gap` there: both directions and places differ.
Episode toy_episode(std::size_t normals, std::size_t shots, float gap = 2, std::uint64_t index = 0) {
  Stream stream(17, Purpose::kTest, index);
  const auto fill = [&](Matrix& rows, std::vector<std::uint8_t>& labels, std::size_t zeros, std::size_t ones) {
    rows.resize(zeros + ones, kFeatures);
    labels.assign(zeros, 0);
    labels.resize(zeros + ones, 1);
    for (std::size_t r = 0; r < rows.rows(); ++r) {
      for (std::size_t c = 0; c < kFeatures; ++c) {
        rows(r, c) = 0.5F * stream.normal() + (c % 2 == 0 ? 2.0F : gap * static_cast<float>(labels[r]));
      }
    }
  };
  Episode episode;
  fill(episode.support_rows, episode.support_labels, normals, shots);
  fill(episode.query_rows, episode.query_labels, 20, 20);
  return episode;
}

// Of the 400 pairs of a query's normal and anomaly, how many have the higher score at the anomaly.
int pairs_in_order(const std::vector<float>& scores) {
  int right = 0;
  for (std::size_t i = 0; i < 20; ++i) {
    for (std::size_t j = 20; j < 40; ++j) {
      right += scores[j] > scores[i] ? 1 : 0;
    }
  }
  return right;
}

// A learner and its start.
struct Toy {
  Toy(const char* name, const LearnerOptions& options) : learner(find_learner(name)->make(options)), scratch(learner->make_scratch()) {
    params.resize(learner->layout().size());
    learner->initialise(params, Stream(4, Purpose::kInitialise, 0));
  }
  std::vector<float> scores(const Support& support, MatrixView rows) const {
    std::vector<float> out(rows.rows);
    learner->score(learner->adapt(params, support, *scratch), rows, *scratch, out);
    return out;
  }

  std::unique_ptr<Learner> learner;
  std::unique_ptr<Scratch> scratch;
  AlignedVector<float> params;
};

LearnerOptions toy_options() {
  LearnerOptions options;
  options.encoder.inputs = kFeatures;
  options.encoder.hidden = {};  // what is far stays far
  options.embedding = 5;
  return options;
}

struct Case {
  std::string name;
  const char* learner;
  LearnerOptions options;
  friend void PrintTo(const Case& one, std::ostream* out) { *out << one.name; }
};

std::vector<Case> cases() {
  std::vector<Case> all;
  for (const Metric metric : {Metric::kEuclidean, Metric::kCosine, Metric::kDiagonal}) {
    for (const std::size_t prototypes : {1, 3}) {
      LearnerOptions options = toy_options();
      options.metric = metric;
      options.prototypes = prototypes;
      all.push_back({"proto_" + std::string(to_string(metric)) + "_" + std::to_string(prototypes), "proto", options});
    }
  }
  for (const Contrast contrast : {Contrast::kLinear, Contrast::kSquared}) {
    for (const Mining mining : {Mining::kAll, Mining::kRandom, Mining::kSemiHard}) {
      LearnerOptions options = toy_options();
      options.contrast = contrast;
      options.mining = mining;
      std::string name = "siamese_" + std::string(to_string(contrast)) + "_" + std::string(to_string(mining));
      std::replace(name.begin(), name.end(), '-', '_');
      all.push_back({name, "siamese", options});
    }
  }
  return all;
}

struct EveryMetricLearner : testing::TestWithParam<Case> {};
INSTANTIATE_TEST_SUITE_P(All, EveryMetricLearner, testing::ValuesIn(cases()), [](const auto& param) { return param.param.name; });

TEST_P(EveryMetricLearner, ScoresARowAtAnAnomalyAboveARowAtANormal) {
  const Toy toy(GetParam().learner, GetParam().options);
  const Episode episode = toy_episode(10, 4, 4);
  const std::vector<float> out = toy.scores(episode.support(), episode.support_rows);
  EXPECT_GT(*std::min_element(out.begin() + 10, out.end()), *std::max_element(out.begin(), out.begin() + 10));
}

TEST_P(EveryMetricLearner, RanksFarRowsAboveNearOnesWithNormalsAlone) {
  const Toy toy(GetParam().learner, GetParam().options);
  const Episode episode = toy_episode(30, 0, 4);
  const std::vector<float> out = toy.scores(episode.support(), episode.query_rows);
  EXPECT_GT(pairs_in_order(out), 360);  // untrained
}

TEST_P(EveryMetricLearner, DoesNotCareForTheOrderOfTheSupport) {
  const Toy toy(GetParam().learner, GetParam().options);
  for (const std::size_t shots : {0, 5}) {
    const Episode episode = toy_episode(20, shots);
    Episode shuffled = episode;
    std::vector<std::size_t> order(20 + shots);
    for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
    Stream(3, Purpose::kTest, 9).shuffle(std::span(order));
    for (std::size_t i = 0; i < order.size(); ++i) {
      std::copy_n(episode.support_rows.row(order[i]).data(), kFeatures, shuffled.support_rows.row(i).data());
      shuffled.support_labels[i] = episode.support_labels[order[i]];
    }
    const std::vector<float> before = toy.scores(episode.support(), episode.query_rows);
    const std::vector<float> after = toy.scores(shuffled.support(), episode.query_rows);
    for (std::size_t i = 0; i < before.size(); ++i) {
      EXPECT_NEAR(before[i], after[i], 1e-4F * (1 + std::abs(before[i])));
    }
  }
}

TEST_P(EveryMetricLearner, LearnsFromNormalsAloneWhatMatters) {
  // The anomalies are off in one feature by less than the normals spread in the others: only training can tell that it counts.
  const auto episode_at = [](std::size_t index) {
    Episode episode = toy_episode(20, 0, 0, index);
    for (Matrix* rows : {&episode.support_rows, &episode.query_rows}) {
      for (std::size_t r = 0; r < rows->rows(); ++r) {
        (*rows)(r, 1) = 0.2F * (*rows)(r, 1) + (rows == &episode.query_rows ? 0.5F * static_cast<float>(episode.query_labels[r]) : 0.0F);
      }
    }
    return episode;
  };
  Toy toy(GetParam().learner, GetParam().options);
  const auto pairs_right = [&] {
    int right = 0;
    for (std::size_t index = 1000; index < 1005; ++index) {
      const Episode episode = episode_at(index);
      right += pairs_in_order(toy.scores(episode.support(), episode.query_rows));
    }
    return right;
  };
  const int before = pairs_right();
  AlignedVector<float> gradient(toy.params.size());
  for (std::size_t step = 0; step < 1000; ++step) {
    toy.learner->task_gradient(toy.params, episode_at(step), *toy.scratch, gradient);
    for (std::size_t i = 0; i < gradient.size(); ++i) {
      toy.params[i] -= 0.1F * gradient[i];
    }
  }
  EXPECT_LT(before, 1600);  // of 2000
  EXPECT_GT(pairs_right(), 1900);
}

TEST_P(EveryMetricLearner, RefusesASupportWithoutNormals) {
  const Toy toy(GetParam().learner, GetParam().options);
  EXPECT_THROW(toy.learner->adapt(toy.params, toy_episode(0, 3).support(), *toy.scratch), ArgumentError);
  EXPECT_EQ(toy.learner->minimum_shots(), 0U);
}

TEST_P(EveryMetricLearner, StaysFiniteWhereEmbeddingsAreAllTheSame) {
  // A network of zeros: every embedding is zero, every distance too.
  Toy toy(GetParam().learner, GetParam().options);
  const Tensor& last = toy.learner->layout()[1];
  ASSERT_EQ(last.name, "encoder.0.bias");
  std::fill_n(toy.params.begin(), last.offset + last.size(), 0.0F);
  AlignedVector<float> gradient(toy.params.size());
  for (const std::size_t shots : {0, 5}) {
    const Episode episode = toy_episode(10, shots);
    EXPECT_TRUE(std::isfinite(toy.learner->task_gradient(toy.params, episode, *toy.scratch, gradient)));
    for (const float value : gradient) {
      EXPECT_TRUE(std::isfinite(value));
    }
    for (const float value : toy.scores(episode.support(), episode.query_rows)) {
      EXPECT_TRUE(std::isfinite(value));
    }
  }
}

TEST(Siamese, HasTheGradientOfItsLossWhateverIsMined) {
  // Central differences in double: random mining has no golden of its own, for its draws are ours.
  for (const Contrast contrast : {Contrast::kLinear, Contrast::kSquared}) {
    for (const Mining mining : {Mining::kAll, Mining::kRandom, Mining::kSemiHard}) {
      LearnerOptions options = toy_options();
      options.encoder.hidden = {4};
      options.encoder.activation = Activation::kTanh;
      options.encoder.outputs = 3;
      options.contrast = contrast;
      options.mining = mining;
      options.margin = 2;
      Layout layout;
      const nets::Encoder<double> encoder(options.encoder, layout, "encoder");
      AlignedVector<double> params(layout.size());
      encoder.initialise(params.data(), Stream(4, Purpose::kInitialise, 0));
      const Episode episode = toy_episode(6, 2);
      const auto in_double = [](const Matrix& rows) {
        BasicMatrix<double> wide(rows.rows(), rows.cols());
        std::copy_n(rows.data(), rows.rows() * rows.cols(), wide.data());
        return wide;
      };
      const BasicMatrix<double> support = in_double(episode.support_rows);
      const BasicMatrix<double> query = in_double(episode.query_rows);
      SiameseScratch<double> scratch;
      const auto loss_of = [&](const AlignedVector<double>& at, AlignedVector<double>& gradient) {
        return siamese_gradient<double>(encoder, options, at, {support, episode.support_labels}, {query, episode.query_labels}, scratch,
                                        gradient);
      };
      AlignedVector<double> gradient(layout.size());
      AlignedVector<double> unused(layout.size());
      loss_of(params, gradient);
      for (const Tensor& tensor : layout.tensors()) {
        for (std::size_t i = tensor.offset; i < tensor.offset + tensor.size(); ++i) {
          constexpr double kStep = 1e-6;
          AlignedVector<double> above = params;
          AlignedVector<double> below = params;
          above[i] += kStep;
          below[i] -= kStep;
          EXPECT_NEAR((loss_of(above, unused) - loss_of(below, unused)) / (2 * kStep), gradient[i], 1e-7) << tensor.name;
        }
      }
    }
  }
}

// Distances of points on a line.
BasicMatrix<double> line(const std::vector<double>& places) {
  BasicMatrix<double> distances(places.size(), places.size());
  for (std::size_t i = 0; i < places.size(); ++i) {
    for (std::size_t j = 0; j < places.size(); ++j) {
      distances(i, j) = std::abs(places[i] - places[j]);
    }
  }
  return distances;
}

Pairs mined(Mining mining, const std::vector<double>& places, const std::vector<std::uint8_t>& labels, std::uint64_t seed = 1) {
  Pairs pairs;
  mine_pairs<double>(mining, 1.0, line(places), labels, Stream(seed, Purpose::kMine, 0), pairs);
  return pairs;
}

TEST(Mining, TakesEveryPairOnce) {
  const Pairs pairs = mined(Mining::kAll, {0, 1, 2, 3}, {0, 1, 0, 1});
  EXPECT_EQ(pairs.same, (std::vector<Pair>{{0, 2}, {1, 3}}));
  EXPECT_EQ(pairs.different, (std::vector<Pair>{{0, 1}, {0, 3}, {1, 2}, {2, 3}}));
}

TEST(Mining, AtRandomGivesEachRowAPartnerOfEitherClass) {
  const std::vector<std::uint8_t> labels{0, 0, 0, 1, 1, 0, 0};
  const std::vector<double> places(7);
  bool differ = false;
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const Pairs pairs = mined(Mining::kRandom, places, labels, seed);
    ASSERT_EQ(pairs.same.size(), 7U);
    ASSERT_EQ(pairs.different.size(), 7U);
    for (std::uint32_t i = 0; i < 7; ++i) {
      EXPECT_EQ(pairs.same[i][0], i);
      EXPECT_NE(pairs.same[i][1], i);
      EXPECT_EQ(labels[pairs.same[i][1]], labels[i]);
      EXPECT_EQ(pairs.different[i][0], i);
      EXPECT_NE(labels[pairs.different[i][1]], labels[i]);
    }
    EXPECT_EQ(mined(Mining::kRandom, places, labels, seed).same, pairs.same);
    differ = differ || mined(Mining::kRandom, places, labels, seed + 1).same != pairs.same;
  }
  EXPECT_TRUE(differ);
}

TEST(Mining, AtRandomDoesWithoutTheClassThatIsAbsentOrAlone) {
  const Pairs normals = mined(Mining::kRandom, {0, 1}, {0, 0});
  EXPECT_EQ(normals.same, (std::vector<Pair>{{0, 1}, {1, 0}}));
  EXPECT_TRUE(normals.different.empty());
  EXPECT_EQ(mined(Mining::kRandom, {0, 1, 2}, {0, 0, 1}).same.size(), 2U);
}

TEST(Mining, SemiHardIsFartherThanTheNearestOfTheOwnClassAndWithinTheMargin) {
  // Anomaly 2 is 0.25 from normal 1, the margin is 1. Row 0 (own: 0.5) takes 2 at 0.75; row 1 (own: 0.5) has 2 nearer than its own and 3
  // beyond the margin; rows 2 and 3 (own: 2.25) find all normals nearer or beyond: 2 takes its farthest, 0.
  EXPECT_EQ(mined(Mining::kSemiHard, {0, 0.5, 0.75, 3}, {0, 0, 1, 1}).different, (std::vector<Pair>{{0, 2}}));
  // An only anomaly takes every normal off it that is within the margin.
  EXPECT_EQ(mined(Mining::kSemiHard, {-9, 0, 0.5, 9}, {0, 0, 1, 0}).different, (std::vector<Pair>{{1, 2}}));
  // All at one place: each row takes a farthest one.
  EXPECT_EQ(mined(Mining::kSemiHard, {0, 0, 0, 0}, {0, 0, 1, 1}).different, (std::vector<Pair>{{0, 2}, {0, 3}, {1, 2}}));
  EXPECT_EQ(mined(Mining::kSemiHard, {0, 0, 0, 0}, {0, 0, 1, 1}).same.size(), 2U);
}

Prototypes<double> prototypes_of(const std::vector<std::vector<double>>& rows, const std::vector<std::uint8_t>& labels, std::size_t count) {
  BasicMatrix<double> embeddings(rows.size(), rows[0].size());
  for (std::size_t r = 0; r < rows.size(); ++r) {
    std::copy(rows[r].begin(), rows[r].end(), embeddings.row(r).begin());
  }
  Layout layout;
  const MetricMap<double> metric(Metric::kEuclidean, rows[0].size(), layout);
  Prototypes<double> found;
  find_prototypes<double>(kernels::table<double>(), metric, nullptr, embeddings, labels, count, found);
  return found;
}

TEST(Prototypes, AreTheMeansOfGroupsThatLieApart) {
  const auto found = prototypes_of({{0, 0}, {0, 2}, {10, 0}, {10, 2}, {5, 5}}, {0, 0, 0, 0, 1}, 2);
  ASSERT_EQ(found.normals, 2U);
  ASSERT_EQ(found.means.rows(), 3U);
  EXPECT_NEAR(found.means(0, 0) + found.means(1, 0), 10, 1e-12);
  EXPECT_NEAR(std::abs(found.means(0, 0) - found.means(1, 0)), 10, 1e-12);
  EXPECT_EQ(found.means(0, 1), 1);
  EXPECT_EQ(found.means(1, 1), 1);
  EXPECT_EQ(found.means(2, 0), 5);
  EXPECT_EQ(found.of_row[0], found.of_row[1]);
  EXPECT_EQ(found.of_row[2], found.of_row[3]);
  EXPECT_EQ(found.of_row[4], 2U);
}

TEST(Prototypes, AreNoMoreThanDistinctRows) {
  const auto found = prototypes_of({{1, 1}, {1, 1}, {1, 1}, {3, 0}, {0, 3}}, {0, 0, 0, 1, 1}, 4);
  EXPECT_EQ(found.normals, 1U);
  EXPECT_EQ(found.means.rows(), 3U);
  EXPECT_EQ(found.sizes, (std::vector<std::size_t>{3, 1, 1}));
}

}  // namespace
}  // namespace oddshot::learners
