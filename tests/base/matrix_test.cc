#include "oddshot/base/matrix.h"

#include <cstdint>

#include <gtest/gtest.h>

namespace oddshot {
namespace {

TEST(Matrix, IsZeroAtBirthAndAligned) {
  const Matrix matrix(3, 5);
  for (std::size_t r = 0; r < 3; ++r) {
    for (std::size_t c = 0; c < 5; ++c) EXPECT_EQ(matrix(r, c), 0.0F);
  }
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(matrix.data()) % kAlignment, 0U);
  EXPECT_TRUE(Matrix().empty());
  EXPECT_TRUE(Matrix(0, 4).empty());
}

TEST(Matrix, IsSeenThroughItsView) {
  Matrix matrix(4, 3);
  matrix(2, 1) = 7;
  matrix.row(3)[0] = 9;
  const MatrixView view = matrix;
  EXPECT_EQ(view(2, 1), 7.0F);
  EXPECT_EQ(view.row(3)[0], 9.0F);
  EXPECT_EQ(view.row(3).size(), 3U);
}

TEST(MatrixView, SlicesRowsOfAnyStride) {
  const float values[] = {0, 1, 2, 3, 4, 5, 6, 7, 8};
  const MatrixView view{values, 3, 2, 3};
  const MatrixView tail = view.slice(1, 2);
  EXPECT_EQ(tail.rows, 2U);
  EXPECT_EQ(tail(0, 0), 3.0F);
  EXPECT_EQ(tail(1, 1), 7.0F);
}

}  // namespace
}  // namespace oddshot
