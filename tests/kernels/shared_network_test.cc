// The network that coordinates share, forward and back, against the formulas in double.
#include <array>
#include <cmath>
#include <limits>
#include <vector>

#include "oddshot/base/random.h"
#include "planes.h"

namespace oddshot::kernels {
namespace {

ODDSHOT_EVERY_TARGET(SharedNetworkOn);

constexpr std::array<std::size_t, 4> kWidths = {1, 2, 7, 16};
constexpr double kTanhError = 4e-7;

template <class T>
std::vector<T> numbers(std::size_t count, std::uint64_t index) {
  Stream stream(8, Purpose::kTest, index);
  std::vector<T> values(count);
  for (T& value : values) value = static_cast<T>(stream.normal());
  return values;
}

std::vector<double> wide(const std::vector<float>& values) { return {values.begin(), values.end()}; }

// Weights of ten carry units into the flat ends of tanh.
TEST_P(SharedNetworkOn, ForwardIsNearTheFormula) {
  const auto& target = table<float>(GetParam());
  for (const std::size_t width : kWidths) {
    std::vector<float> in = numbers<float>(4 * width, 1);
    for (std::size_t i = 0; i < in.size(); i += 3) in[i] *= 10;
    const std::vector<float> out = numbers<float>(2 * (width + 1), 2);
    const std::vector<double> wide_in = wide(in);
    const std::vector<double> wide_out = wide(out);
    for (const std::size_t n : sizes<float>()) {
      const Plane<float> x = Plane<float>::normal(3, n, 3);
      const Plane<double> wide_x = x.in_double([](double v) { return v; });
      Plane<float> hidden(width, n);
      Plane<float> y(2, n);
      Plane<double> exact_hidden(width, n);
      Plane<double> exact(2, n);
      ASSERT_EQ(x.ld(), y.ld());
      ASSERT_EQ(x.ld(), hidden.ld());
      target.shared_forward({width, in.data(), out.data()}, n, x.data(), x.ld(), hidden.data(), y.data());
      table<double>("scalar").shared_forward({width, wide_in.data(), wide_out.data()}, n, wide_x.data(), wide_x.ld(), exact_hidden.data(),
                                             exact.data());
      for (std::size_t i = 0; i < n; ++i) {
        for (std::size_t j = 0; j < width; ++j) {
          // What reaches tanh rounds too, by some 1e-6 of numbers around 20.
          ASSERT_NEAR(hidden.at(j, i), exact_hidden.at(j, i), kTanhError + 4e-6) << width << " units, lane " << i << " of " << n;
        }
        for (std::size_t o = 0; o < 2; ++o) ASSERT_NEAR(y.at(o, i), exact.at(o, i), 2e-5) << width << " units, lane " << i << " of " << n;
      }
      ASSERT_TRUE(hidden.padding_is_intact());
      ASSERT_TRUE(y.padding_is_intact());
    }
  }
}

// One unit of weight 1 and no bias: its tanh itself, to all its digits.
TEST_P(SharedNetworkOn, TanhIsAsAccurateAsPromised) {
  const std::vector<float> in = {1, 0, 0, 0};
  const std::vector<float> out(4);
  const auto tanh_of = [&](float z) {
    const float x[] = {z, 0, 0};
    float hidden = 0;
    float y[2];
    table<float>(GetParam()).shared_forward({1, in.data(), out.data()}, 1, x, 1, &hidden, y);
    return hidden;
  };
  for (int i = -120000; i <= 120000; ++i) {
    const float z = static_cast<float>(i) * 1e-4F;
    const double exact = std::tanh(static_cast<double>(z));
    ASSERT_NEAR(tanh_of(z), exact, kTanhError * std::abs(exact)) << z;
  }
  EXPECT_EQ(tanh_of(0), 0);
  EXPECT_NEAR(tanh_of(1e-20F), 1e-20F, 1e-26);
  EXPECT_NEAR(tanh_of(std::numeric_limits<float>::infinity()), 1, kTanhError);
  EXPECT_NEAR(tanh_of(-1e30F), -1, kTanhError);
  EXPECT_TRUE(std::isnan(tanh_of(std::numeric_limits<float>::quiet_NaN())));
}

TEST_P(SharedNetworkOn, BackwardIsNearTheFormula) {
  const auto& target = table<float>(GetParam());
  for (const std::size_t width : kWidths) {
    const std::vector<float> in = numbers<float>(4 * width, 4);
    const std::vector<float> out = numbers<float>(2 * (width + 1), 5);
    const std::vector<double> wide_in = wide(in);
    const std::vector<double> wide_out = wide(out);
    for (const std::size_t n : sizes<float>()) {
      const Plane<float> x = Plane<float>::normal(3, n, 6);
      Plane<float> hidden = Plane<float>::normal(width, n, 7);
      for (std::size_t j = 0; j < width; ++j) {
        for (std::size_t i = 0; i < n; ++i) hidden.at(j, i) = std::tanh(hidden.at(j, i));
      }
      const Plane<float> d_y = Plane<float>::normal(2, n, 8);
      const auto same = [](double v) { return v; };
      const Plane<double> wide_x = x.in_double(same);
      const Plane<double> wide_hidden = hidden.in_double(same);
      const Plane<double> wide_d_y = d_y.in_double(same);
      Plane<float> d_x(3, n);
      Plane<double> exact_d_x(3, n);
      std::vector<float> d_in(4 * width, 1);  // what is there is added to
      std::vector<float> d_out(2 * (width + 1), -1);
      std::vector<double> exact_d_in = wide(d_in);
      std::vector<double> exact_d_out = wide(d_out);
      target.shared_backward({width, in.data(), out.data()}, n, x.data(), x.ld(), hidden.data(), d_y.data(), d_x.data(), d_in.data(),
                             d_out.data());
      table<double>("scalar").shared_backward({width, wide_in.data(), wide_out.data()}, n, wide_x.data(), wide_x.ld(), wide_hidden.data(),
                                              wide_d_y.data(), exact_d_x.data(), exact_d_in.data(), exact_d_out.data());
      for (std::size_t s = 0; s < 3; ++s) {
        for (std::size_t i = 0; i < n; ++i)
          ASSERT_NEAR(d_x.at(s, i), exact_d_x.at(s, i), 2e-5) << width << " units, lane " << i << " of " << n;
      }
      for (std::size_t i = 0; i < d_in.size(); ++i) ASSERT_NEAR(d_in[i], exact_d_in[i], 1e-4) << width << " units, " << n << " lanes";
      for (std::size_t i = 0; i < d_out.size(); ++i) ASSERT_NEAR(d_out[i], exact_d_out[i], 1e-4) << width << " units, " << n << " lanes";
      ASSERT_TRUE(d_x.padding_is_intact());
    }
  }
}

TEST_P(SharedNetworkOn, SquashIsNearTheFormula) {
  const auto& target = table<float>(GetParam());
  for (const std::size_t n : sizes<float>()) {
    for (const float c : {0.001F, 0.1F, 1.0F}) {
      Plane<float> z = Plane<float>::normal(1, n, 9);
      for (std::size_t i = 0; i < n; ++i) z.at(0, i) *= i % 2 == 0 ? c : 100;
      Plane<float> value(1, n);
      Plane<float> slope(1, n);
      target.squash(n, c, z.data(), value.data(), slope.data());
      for (std::size_t i = 0; i < n; ++i) {
        const double x = z.at(0, i);
        const double square = x * x + static_cast<double>(c) * static_cast<double>(c);
        const double exact_slope = static_cast<double>(c) * static_cast<double>(c) / std::pow(square, 1.5);
        ASSERT_NEAR(value.at(0, i), x / std::sqrt(square), 4e-7);
        ASSERT_NEAR(slope.at(0, i), exact_slope, 1e-6 * exact_slope);
      }
      target.squash(n, c, z.data(), z.data(), nullptr);  // in place
      for (std::size_t i = 0; i < n; ++i) ASSERT_EQ(z.at(0, i), value.at(0, i));
      ASSERT_TRUE(value.padding_is_intact() && slope.padding_is_intact() && z.padding_is_intact());
    }
  }
}

}  // namespace
}  // namespace oddshot::kernels
