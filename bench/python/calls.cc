// calls FOLDER COLUMNS: what the calls that calls_bench.py makes cost in C++, on the same rows and one thread.
//   detector.safetensors, rows.f32 [N x COLUMNS]    a detector of columns x0, x1, ..., and what it scores
//   normals.f32 [n x COLUMNS]                       what the expert knn is fitted on
// Scores go to detector.f32 and knn.f32 [N] beside them, the least processor time of a call to standard output as JSON, microseconds.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <functional>
#include <limits>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include "oddshot/detector/detector.h"

namespace {

using namespace oddshot;
namespace fs = std::filesystem;

Matrix read_rows(const fs::path& path, std::size_t cols) {
  std::ifstream file(path, std::ios::binary);
  const std::size_t rows = file ? fs::file_size(path) / sizeof(float) / cols : 0;
  Matrix values(rows, cols);
  if (rows == 0 || !file.read(reinterpret_cast<char*>(values.data()), static_cast<std::streamsize>(rows * cols * sizeof(float)))) {
    throw std::runtime_error("cannot read " + path.string());
  }
  return values;
}

void write_scores(const fs::path& path, std::span<const float> scores) {
  std::ofstream(path, std::ios::binary)
      .write(reinterpret_cast<const char*>(scores.data()), static_cast<std::streamsize>(scores.size_bytes()));
}

Table table_of(MatrixView rows) {
  Table table;
  for (std::size_t c = 0; c < rows.cols; ++c) {
    Column column{.name = "x" + std::to_string(c), .kind = ColumnKind::kNumeric, .numbers = {}, .codes = {}, .categories = {}};
    for (std::size_t r = 0; r < rows.rows; ++r) column.numbers.push_back(rows(r, c));
    table.columns.push_back(std::move(column));
  }
  return table;
}

// Of the fastest of 30 rounds of `calls` calls.
double call_us(int calls, const std::function<void()>& call) {
  double best = std::numeric_limits<double>::infinity();
  for (int round = 0; round < 30; ++round) {
    const std::clock_t start = std::clock();
    for (int i = 0; i < calls; ++i) call();
    best = std::min(best, 1e6 * static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC / calls);
  }
  return best;
}

void time_detector(const fs::path& folder, const Matrix& rows) {
  const Detector detector = load_detector(folder / "detector.safetensors");
  ThreadPool pool(1);
  const Table all = table_of(rows);
  const Table one = table_of(MatrixView(rows).slice(0, 1));
  write_scores(folder / "detector.f32", detector.score(all, pool));
  std::printf("\"detector\": {\"batch\": %.3f, ", call_us(1, [&] { detector.score(all, pool); }));
  std::printf("\"row\": %.3f}", call_us(100, [&] { detector.score(one, pool); }));
}

void time_expert(const fs::path& folder, const Matrix& rows) {
  const Matrix normals = read_rows(folder / "normals.f32", rows.cols());
  const auto expert = find_expert("knn")->fit(normals, {}, Stream(1, Purpose::kForest, 0));
  std::vector<float> scores(rows.rows());
  expert->score(rows, scores);
  write_scores(folder / "knn.f32", scores);
  const auto score = [&](std::size_t count) { expert->score(MatrixView(rows).slice(0, count), std::span(scores).first(count)); };
  std::printf("\"knn\": {\"batch\": %.3f, ", call_us(10, [&] { score(rows.rows()); }));
  std::printf("\"row\": %.3f}", call_us(1000, [&] { score(1); }));
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  const fs::path folder = argv[1];
  const Matrix rows = read_rows(folder / "rows.f32", std::strtoul(argv[2], nullptr, 10));
  std::printf("{");
  time_detector(folder, rows);
  std::printf(", ");
  time_expert(folder, rows);
  std::printf("}\n");
  return 0;
}
