#include "tasks/identity.h"

#include <algorithm>
#include <bit>
#include <cstddef>
#include <numeric>
#include <tuple>

namespace oddshot {
namespace {

constexpr std::size_t kRowsAtATime = 4096;  // that are compared

}  // namespace

std::uint64_t row_hash(std::span<const float> row) {
  std::uint64_t value = 0xCBF29CE484222325ULL;
  for (const float x : row) {
    value = (value ^ std::bit_cast<std::uint32_t>(x + 0.0F)) * 0x9E3779B97F4A7C15ULL;  // -0 becomes 0
    value ^= value >> 32;
  }
  return value;
}

std::vector<std::uint32_t> identities(MatrixView rows, std::span<const std::uint8_t> classes) {
  std::vector<std::uint64_t> hashes(rows.rows);
  for (std::size_t r = 0; r < rows.rows; ++r) hashes[r] = row_hash(rows.row(r));
  return identities(hashes, [&](std::span<const std::uint32_t> numbers) { return gathered(rows, numbers); }, classes);
}

std::vector<std::uint32_t> identities(std::span<const std::uint64_t> hashes,
                                      const std::function<Matrix(std::span<const std::uint32_t> numbers)>& rows_of,
                                      std::span<const std::uint8_t> classes) {
  const auto class_of = [&](std::uint32_t r) { return classes.empty() ? std::uint8_t{0} : classes[r]; };
  const auto alike = [&](std::uint32_t a, std::uint32_t b) { return hashes[a] == hashes[b] && class_of(a) == class_of(b); };
  std::vector<std::uint32_t> first(hashes.size());
  std::iota(first.begin(), first.end(), 0U);
  std::vector<std::uint32_t> open = first;  // whose identity is not known
  while (!open.empty()) {
    // Of those that are alike the first is itself. The others are the same if they are equal to it; if not, they are looked at once more.
    std::ranges::sort(open, {}, [&](std::uint32_t r) { return std::tuple(hashes[r], class_of(r), r); });
    for (std::size_t i = 0; i < open.size(); ++i) first[open[i]] = i > 0 && alike(open[i - 1], open[i]) ? first[open[i - 1]] : open[i];
    std::erase_if(open, [&](std::uint32_t r) { return first[r] == r; });
    std::ranges::sort(open);  // rows that lie side by side are made faster
    std::size_t different = 0;
    std::vector<std::uint32_t> originals;
    for (std::size_t at = 0; at < open.size(); at += kRowsAtATime) {
      const auto some = std::span(open).subspan(at, std::min(kRowsAtATime, open.size() - at));
      originals.resize(some.size());
      std::ranges::transform(some, originals.begin(), [&](std::uint32_t r) { return first[r]; });
      const Matrix rows = rows_of(some);
      const Matrix others = rows_of(originals);
      for (std::size_t i = 0; i < some.size(); ++i) {
        if (!std::ranges::equal(rows.row(i), others.row(i))) open[different++] = some[i];
      }
    }
    open.resize(different);
  }
  return first;
}

}  // namespace oddshot
