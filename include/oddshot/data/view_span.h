// Where the views of a row lie: a joined row holds the columns of every view side by side, so that a view is a slice of columns.
#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "oddshot/base/matrix.h"

namespace oddshot {

// A view: columns [first, first + count) of a joined row.
struct ViewSpan {
  std::string name;
  std::size_t first = 0;
  std::size_t count = 0;

  bool operator==(const ViewSpan&) const = default;
};

// The first of the views, which is the features themselves: what a detector sees that asks for nothing else.
inline constexpr std::string_view kPlain = "plain";
// All that can be, in the order of their columns.
inline constexpr std::array<std::string_view, 4> kViewNames = {kPlain, "rank", "whitened", "joined"};

// The columns of one view. `joined` has them all.
inline MatrixView view(MatrixView joined, const ViewSpan& span) { return joined.columns(span.first, span.count); }

// The span of that name; throws ArgumentError naming those there are.
const ViewSpan& find_view(std::span<const ViewSpan> spans, std::string_view name);

}  // namespace oddshot
