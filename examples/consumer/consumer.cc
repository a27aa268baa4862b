// A program of one's own on an installed Oddshot: how odd are four numbers, seen from five ordinary ones?
#include <array>
#include <iostream>

#include <oddshot/oddshot.h>

int main() {
  const std::array<float, 5> ordinary = {0.9F, 1.0F, 1.1F, 1.2F, 0.8F};
  const std::array<float, 4> rows = {1.0F, 1.3F, 2.0F, 9.0F};
  const auto scorer = oddshot::find_expert("knn")->fit({ordinary.data(), 5, 1, 1}, {}, oddshot::Stream(1, oddshot::Purpose::kForest, 0));
  std::array<float, 4> scores{};
  scorer->score({rows.data(), 4, 1, 1}, scores);
  for (std::size_t i = 0; i < rows.size(); ++i) std::cout << rows[i] << " scores " << scores[i] << '\n';
}
