#include <cmath>
#include <limits>

#include "planes.h"

namespace oddshot::kernels {
namespace {

ODDSHOT_EVERY_TARGET(ProductOn);

// Which parts of a Product are there.
struct Form {
  bool transposed = false;
  bool pair = false;
  bool bias = false;
  bool scale = false;
  bool addend = false;
  bool relu = false;
  bool gate = false;
  bool contiguous = false;  // b and b2, without padding
};

constexpr Form kForms[] = {
    {},
    {.transposed = true},
    {.bias = true, .relu = true},
    {.pair = true, .scale = true},
    {.transposed = true, .addend = true},
    {.transposed = true, .pair = true, .bias = true, .scale = true, .addend = true},
    {.pair = true, .bias = true, .scale = true, .addend = true, .relu = true},
    {.pair = true, .gate = true},
    {.scale = true, .addend = true, .gate = true},
};

// All planes of one product, in T.
template <class T>
struct Operands {
  Plane<T> a, b, a2, b2, bias, scale, addend, gate, c;
  T alpha;

  Product<T> product(Form form, std::size_t m, std::size_t n, std::size_t k) {
    Product<T> p;
    p.m = m;
    p.n = n;
    p.k = k;
    p.a = a.data();
    p.a_row = a.ld();
    p.b = b.data();
    p.ldb = b.ld();
    if (form.pair) {
      p.a2 = a2.data();
      p.a2_row = a2.ld();
      p.b2 = b2.data();
      p.ldb2 = b2.ld();
    }
    if (form.transposed) {
      p.a_row = p.a2_row = 1;
      p.a_col = a.ld();
      p.a2_col = a2.ld();
    }
    if (form.bias) p.bias = bias.data();
    if (form.scale) {
      p.scale = scale.data();
      p.ld_scale = scale.ld();
    }
    if (form.addend) {
      p.addend = addend.data();
      p.ld_addend = addend.ld();
    }
    if (form.gate) {
      p.gate = gate.data();
      p.ld_gate = gate.ld();
    }
    p.alpha = alpha;
    p.relu = form.relu;
    p.c = c.data();
    p.ldc = c.ld();
    return p;
  }
};

template <class T, class Make>
Operands<T> operands(Form form, std::size_t m, std::size_t n, std::size_t k, T alpha, Make make) {
  const std::size_t a_rows = form.transposed ? k : m;
  const std::size_t a_cols = form.transposed ? m : k;
  constexpr std::size_t kPad = 3;
  const std::size_t of_b = form.contiguous ? 0 : kPad;
  return {make(a_rows, a_cols, 1, kPad), make(k, n, 2, of_b), make(a_rows, a_cols, 3, kPad), make(k, n, 4, of_b), make(1, n, 5, kPad),
          make(m, n, 6, kPad),           make(m, n, 7, kPad), make(m, n, 8, kPad),           Plane<T>(m, n, 5),   alpha};
}

template <class T, class Change>
Operands<double> in_double(const Operands<T>& o, Change change) {
  return {o.a.in_double(change),      o.b.in_double(change),
          o.a2.in_double(change),     o.b2.in_double(change),
          o.bias.in_double(change),   o.scale.in_double(change),
          o.addend.in_double(change), o.gate.in_double(change),
          o.c.in_double(change),      change(static_cast<double>(o.alpha))};
}

// Each of the 2 k + 4 operations behind an element rounds by at most eps / 2 of what has been gathered by then, which is at most the same
// formula of absolute values: (k + 2) eps times that bounds the error, k being all products; doubled for the oracle's own in double.
template <class T>
void expect_near_oracle(const Table<T>& target, Form form, std::size_t m, std::size_t n, std::size_t k) {
  Operands<T> o = operands<T>(form, m, n, k, T(-0.7), Plane<T>::normal);
  Operands<double> exact = in_double(o, [](double x) { return x; });
  Operands<double> sizes_of = in_double(o, [](double x) { return std::abs(x); });
  target.product(o.product(form, m, n, k));
  table<double>("scalar").product(exact.product(form, m, n, k));
  table<double>("scalar").product(sizes_of.product(form, m, n, k));
  const double terms = 2.0 * static_cast<double>((form.pair ? 2 : 1) * k + 2);
  for (std::size_t i = 0; i < m; ++i) {
    for (std::size_t j = 0; j < n; ++j) {
      const double tolerance = terms * std::numeric_limits<T>::epsilon() * sizes_of.c.at(i, j);
      ASSERT_TRUE(within(o.c.at(i, j), exact.c.at(i, j), tolerance))
          << "m " << m << " n " << n << " k " << k << " at " << i << ", " << j << ": " << o.c.at(i, j) << " not " << exact.c.at(i, j);
    }
  }
  ASSERT_TRUE(o.c.padding_is_intact()) << "m " << m << " n " << n << " k " << k;
}

template <class T>
void expect_near_oracle_everywhere(const Table<T>& target) {
  for (const Form form : kForms) {
    for (const std::size_t n : sizes<T>()) {
      for (const std::size_t m : {0, 1, 2, 5, 6, 7, 9, 13}) {
        for (const std::size_t k : {0, 1, 5, 18}) {
          expect_near_oracle(target, form, m, n, k);
          if (testing::Test::HasFatalFailure()) return;
        }
      }
    }
    // Few rows take wider tiles: up to eight vectors, of which the longest have 64 bytes.
    for (const std::size_t m : {1, 2, 3, 4}) {
      for (std::size_t n = 2; n <= 9 * 64 / sizeof(T); n += 3) {
        expect_near_oracle(target, form, m, n, 5);
        if (testing::Test::HasFatalFailure()) return;
      }
    }
    // A single column takes a path of its own, by rows, and another where it is contiguous.
    for (const bool contiguous : {false, true}) {
      Form of_column = form;
      of_column.contiguous = contiguous;
      for (const std::size_t m : sizes<T>()) {
        for (const std::size_t k : {0, 1, 3, 4, 5, 18, 40}) {
          expect_near_oracle(target, of_column, m, 1, k);
          if (testing::Test::HasFatalFailure()) return;
        }
      }
    }
  }
}

TEST_P(ProductOn, IsNearTheOracleInFloat) { expect_near_oracle_everywhere(table<float>(GetParam())); }
TEST_P(ProductOn, IsNearTheOracleInDouble) { expect_near_oracle_everywhere(table<double>(GetParam())); }

template <class T>
void expect_exact(const Table<T>& target) {
  for (const Form form : kForms) {
    const std::size_t m = 23;
    const std::size_t n = 45;
    const std::size_t k = 70;
    Operands<T> o = operands<T>(form, m, n, k, T{2}, Plane<T>::whole);
    Operands<double> exact = in_double(o, [](double x) { return x; });
    target.product(o.product(form, m, n, k));
    table<double>("scalar").product(exact.product(form, m, n, k));
    for (std::size_t i = 0; i < m; ++i) {
      for (std::size_t j = 0; j < n; ++j) ASSERT_EQ(o.c.at(i, j), exact.c.at(i, j)) << i << ", " << j;
    }
  }
}

TEST_P(ProductOn, IsExactForSmallIntegers) {
  expect_exact(table<float>(GetParam()));
  expect_exact(table<double>(GetParam()));
}

// What a network relies on: scoring one row gives the bits of scoring it in a batch.
template <class T>
void expect_same_bits_in_parts(const Table<T>& target, Form form, std::size_t m, std::size_t n) {
  const std::size_t k = 37;
  Operands<T> o = operands<T>(form, m, n, k, T(0.3), Plane<T>::normal);
  const Product<T> whole = o.product(form, m, n, k);
  target.product(whole);
  const auto expect_part = [&](std::size_t i, std::size_t rows, std::size_t j, std::size_t cols) {
    Plane<T> part(rows, cols, 0);
    Product<T> p = whole;
    p.m = rows;
    p.n = cols;
    p.a += i * p.a_row;
    p.b += j;
    if (p.a2) {
      p.a2 += i * p.a2_row;
      p.b2 += j;
    }
    if (p.bias) p.bias += j;
    if (p.scale) p.scale += i * p.ld_scale + j;
    if (p.addend) p.addend += i * p.ld_addend + j;
    if (p.gate) p.gate += i * p.ld_gate + j;
    p.c = part.data();
    p.ldc = part.ld();
    target.product(p);
    for (std::size_t r = 0; r < rows; ++r) {
      for (std::size_t c = 0; c < cols; ++c)
        ASSERT_EQ(part.at(r, c), o.c.at(i + r, j + c)) << m << " x " << n << ": " << i + r << ", " << j + c;
    }
  };
  for (std::size_t i = 0; i < m; ++i) expect_part(i, 1, 0, n);
  for (std::size_t j = 0; j < n; ++j) expect_part(0, m, j, 1);
  if (m > 4 && n > 4) expect_part(2, m - 3, 3, n - 4);
}

TEST_P(ProductOn, GivesEachElementTheSameBitsWhateverMAndNAre) {
  for (const Form form : kForms) {
    for (const std::size_t m : {1, 3, 20, 35}) {
      for (const std::size_t n : {1, 7, 40, 67, 128}) {
        expect_same_bits_in_parts(table<float>(GetParam()), form, m, n);
        expect_same_bits_in_parts(table<double>(GetParam()), form, m, n);
      }
      Form of_column = form;
      of_column.contiguous = true;
      expect_same_bits_in_parts(table<float>(GetParam()), of_column, m, 1);
      expect_same_bits_in_parts(table<double>(GetParam()), of_column, m, 1);
    }
  }
}

TEST_P(ProductOn, MayWriteOverItsAddendOrItsScale) {
  const Table<float>& target = table<float>(GetParam());
  for (const std::size_t n : {1, 33}) {
    const Form form{.scale = true, .addend = true};
    Operands<float> o = operands<float>(form, 35, n, 9, -0.5F, Plane<float>::normal);
    Operands<float> over_addend = o;
    Operands<float> over_scale = o;
    target.product(o.product(form, 35, n, 9));
    Product<float> p = over_addend.product(form, 35, n, 9);
    p.c = over_addend.addend.data();
    p.ldc = over_addend.addend.ld();
    target.product(p);
    p = over_scale.product(form, 35, n, 9);
    p.c = over_scale.scale.data();
    p.ldc = over_scale.scale.ld();
    target.product(p);
    for (std::size_t i = 0; i < 35; ++i) {
      for (std::size_t j = 0; j < n; ++j) {
        EXPECT_EQ(over_addend.addend.at(i, j), o.c.at(i, j));
        EXPECT_EQ(over_scale.scale.at(i, j), o.c.at(i, j));
      }
    }
  }
}

TEST_P(ProductOn, IsZeroWhereItsGateIsNotAboveZero) {
  const Table<float>& target = table<float>(GetParam());
  for (const std::size_t n : {1, 33}) {
    const auto make = &Plane<float>::normal;
    Operands<float> open = operands<float>({}, 35, n, 9, 1.0F, make);
    Operands<float> gated = operands<float>({.gate = true}, 35, n, 9, 1.0F, make);
    const float gates[] = {-1.0F, -0.0F, 0.0F, 1e-40F, 2.0F, std::numeric_limits<float>::quiet_NaN()};
    for (std::size_t i = 0; i < 35; ++i) {
      for (std::size_t j = 0; j < n; ++j) gated.gate.at(i, j) = gates[(i + j) % 6];
    }
    target.product(open.product({}, 35, n, 9));
    target.product(gated.product({.gate = true}, 35, n, 9));
    for (std::size_t i = 0; i < 35; ++i) {
      for (std::size_t j = 0; j < n; ++j) {
        const bool passes = (i + j) % 6 == 3 || (i + j) % 6 == 4;
        EXPECT_EQ(gated.c.at(i, j), passes ? open.c.at(i, j) : 0.0F) << i << ", " << j;
      }
    }
  }
}

// Else a training run gone wrong would look like dead units.
TEST_P(ProductOn, KeepsANanThroughTheRelu) {
  for (const std::size_t n : {1, 20}) {
    const Form form{.relu = true};
    Operands<float> o = operands<float>(form, 20, n, 3, 1.0F, Plane<float>::normal);
    o.a.at(7, 1) = std::numeric_limits<float>::quiet_NaN();
    table<float>(GetParam()).product(o.product(form, 20, n, 3));
    for (std::size_t i = 0; i < 20; ++i) {
      for (std::size_t j = 0; j < n; ++j) EXPECT_EQ(std::isnan(o.c.at(i, j)), i == 7);
    }
  }
}

}  // namespace
}  // namespace oddshot::kernels
