#include "oddshot/base/random.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>
#include <vector>

#include <gtest/gtest.h>

#include "base/philox.h"
#include "oddshot/base/error.h"

namespace oddshot {
namespace {

std::vector<std::uint32_t> first_bits(Stream stream, int count) {
  std::vector<std::uint32_t> bits;
  for (int i = 0; i < count; ++i) bits.push_back(stream.bits());
  return bits;
}

// From the file kat_vectors of the authors' Random123.
TEST(Philox, GivesTheKnownAnswers) {
  EXPECT_EQ(philox({0, 0, 0, 0}, {0, 0}), (PhiloxCounter{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
  EXPECT_EQ(philox({0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff}, {0xffffffff, 0xffffffff}),
            (PhiloxCounter{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
  EXPECT_EQ(philox({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}),
            (PhiloxCounter{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
}

// Stored results depend on these: the layout of seed, purpose and index in key and counter may not change.
TEST(Stream, IsPhiloxOfSeedIndexAndPurpose) {
  Stream stream(0x0123456789abcdef, Purpose::kForest, 0xfedcba9876543210);
  for (std::uint32_t block = 0; block < 3; ++block) {
    for (const std::uint32_t word : philox({block, 0x76543210, 0xfedcba98, 4}, {0x89abcdef, 0x01234567})) EXPECT_EQ(stream.bits(), word);
  }
}

TEST(Stream, DiffersBySeedPurposeIndexAndFork) {
  const Stream stream(1, Purpose::kTest, 2);
  const std::set<std::vector<std::uint32_t>> all{first_bits(stream, 8),
                                                 first_bits(Stream(2, Purpose::kTest, 2), 8),
                                                 first_bits(Stream(1, Purpose::kMine, 2), 8),
                                                 first_bits(Stream(1, Purpose::kTest, 3), 8),
                                                 first_bits(Stream(1, Purpose::kTest, std::uint64_t{1} << 40), 8),
                                                 first_bits(stream.fork(0), 8),
                                                 first_bits(stream.fork(1), 8),
                                                 first_bits(stream.fork(0).fork(0), 8)};
  EXPECT_EQ(all.size(), 8U);
}

TEST(Stream, ForksWithoutRegardToItsPosition) {
  Stream stream(7, Purpose::kTest, 0);
  const std::vector<std::uint32_t> before = first_bits(stream.fork(3), 6);
  const std::vector<std::uint32_t> ahead = first_bits(stream, 6);
  for (int i = 0; i < 5; ++i) stream.bits();
  EXPECT_EQ(first_bits(stream.fork(3), 6), before);
  EXPECT_EQ(stream.bits(), ahead[5]);
}

TEST(Stream, ContinuesInACopy) {
  Stream stream(7, Purpose::kTest, 0);
  stream.bits();
  Stream copy = stream;
  EXPECT_EQ(first_bits(copy, 10), first_bits(stream, 10));
}

TEST(Stream, DrawsUniformsEvenly) {
  Stream stream(11, Purpose::kTest, 0);
  std::vector<int> counts(10);
  constexpr int kDraws = 100000;
  for (int i = 0; i < kDraws; ++i) {
    const float u = stream.uniform();
    ASSERT_GE(u, 0.0F);
    ASSERT_LT(u, 1.0F);
    ++counts[static_cast<std::size_t>(u * 10.0F)];
  }
  double chi_square = 0;
  for (const int count : counts) chi_square += std::pow(count - kDraws / 10, 2) / (kDraws / 10);
  EXPECT_LT(chi_square, 27.9);  // 9 degrees of freedom: exceeded once in a thousand seeds
}

TEST(Stream, DrawsBelowALimitEvenly) {
  Stream stream(12, Purpose::kTest, 0);
  std::vector<int> counts(7);
  for (int i = 0; i < 70000; ++i) ++counts[stream.below(7)];
  double chi_square = 0;
  for (const int count : counts) chi_square += std::pow(count - 10000, 2) / 10000;
  EXPECT_LT(chi_square, 22.5);  // 6 degrees of freedom, as above
}

// With n = 3/4 of 2^32, plain scaling would give some results twice as often as others.
TEST(Stream, DrawsBelowALimitWithoutBias) {
  Stream stream(13, Purpose::kTest, 0);
  constexpr std::uint64_t kLimit = 3ULL << 30;
  int multiples_of_three = 0;
  for (int i = 0; i < 90000; ++i) multiples_of_three += stream.below(kLimit) % 3 == 0 ? 1 : 0;
  EXPECT_NEAR(multiples_of_three, 30000, 600);  // 4 standard deviations
}

TEST(Stream, DrawsBelowLimitsBeyond32Bits) {
  Stream stream(14, Purpose::kTest, 0);
  constexpr std::uint64_t kLimit = 3ULL << 60;
  int upper_third = 0;
  for (int i = 0; i < 9000; ++i) {
    const std::uint64_t number = stream.below(kLimit);
    ASSERT_LT(number, kLimit);
    upper_third += number >= kLimit / 3 * 2 ? 1 : 0;
  }
  EXPECT_NEAR(upper_third, 3000, 180);
  EXPECT_EQ(stream.below(1), 0U);
}

TEST(Stream, DrawsNormalsOfTheRightMoments) {
  Stream stream(15, Purpose::kTest, 0);
  constexpr int kDraws = 200000;
  double sum = 0;
  double squares = 0;
  double fourth = 0;
  int beyond_two = 0;
  for (int i = 0; i < kDraws; ++i) {
    const double z = stream.normal();
    ASSERT_TRUE(std::isfinite(z));
    sum += z;
    squares += z * z;
    fourth += z * z * z * z;
    beyond_two += std::abs(z) > 2 ? 1 : 0;
  }
  // Four standard errors: 1, sqrt 2 and sqrt 96 over sqrt(200000).
  EXPECT_NEAR(sum / kDraws, 0, 0.009);
  EXPECT_NEAR(squares / kDraws, 1, 0.013);
  EXPECT_NEAR(fourth / kDraws, 3, 0.09);
  EXPECT_NEAR(beyond_two / double{kDraws}, 0.0455, 0.002);
}

TEST(Stream, ShufflesEveryOrderEquallyOften) {
  Stream stream(16, Purpose::kTest, 0);
  std::vector<int> counts(6);
  for (int i = 0; i < 60000; ++i) {
    std::vector<int> order{0, 1, 2};
    stream.shuffle(std::span(order));
    ++counts[static_cast<std::size_t>(order[0] * 2 + (order[1] > order[2] ? 1 : 0))];
  }
  for (const int count : counts) EXPECT_NEAR(count, 10000, 400);
}

// Sparse and dense sampling, either side of the eighth where one takes over.
TEST(Stream, SamplesDistinctNumbersBelowTheLimit) {
  for (const std::uint32_t n : {1U, 2U, 9U, 100U, 1000U}) {
    for (const std::uint32_t count : {0U, 1U, n / 8, n / 8 + 1, n / 2, n}) {
      if (count > n) continue;
      Stream stream(17, Purpose::kTest, n);
      const std::vector<std::uint32_t> drawn = stream.sample(n, count);
      EXPECT_EQ(std::set(drawn.begin(), drawn.end()).size(), count);
      EXPECT_TRUE(std::all_of(drawn.begin(), drawn.end(), [&](std::uint32_t x) { return x < n; }));
    }
  }
}

TEST(Stream, SamplesSparselyAsItSamplesDensely) {
  Stream sparse(18, Purpose::kTest, 0);
  Stream dense = sparse;
  const std::vector<std::uint32_t> few = sparse.sample(1000, 100);
  const std::vector<std::uint32_t> many = dense.sample(1000, 500);
  EXPECT_TRUE(std::equal(few.begin(), few.end(), many.begin()));
}

TEST(Stream, SamplesEveryNumberEquallyOften) {
  Stream stream(19, Purpose::kTest, 0);
  std::vector<int> counts(20);
  for (int i = 0; i < 20000; ++i) {
    for (const std::uint32_t x : stream.sample(20, 2)) ++counts[x];
  }
  for (const int count : counts) EXPECT_NEAR(count, 2000, 180);
}

TEST(Stream, SamplesFewOfManyWithoutMemoryForAll) {
  Stream stream(20, Purpose::kTest, 0);
  EXPECT_EQ(stream.sample(0xFFFFFFFF, 3).size(), 3U);
  EXPECT_TRUE(stream.sample(0, 0).empty());
}

TEST(Stream, RefusesToSampleMoreThanThereAre) {
  Stream stream(21, Purpose::kTest, 0);
  EXPECT_THROW(stream.sample(3, 4), ArgumentError);
}

}  // namespace
}  // namespace oddshot
