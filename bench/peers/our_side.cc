// Oddshot's side of the comparison with peers (run.py): the same parameters, episodes and rows, read from plain files, one thread.
//   our_side step WORKLOAD FOLDER    mean loss and gradient of a step's episodes, and the time of a step
//   our_side expert NAME FOLDER      scores of rows by a classical detector, and the times of fitting and scoring
//   our_side csv FILE                a file of numbers to a feature matrix: its rows, the sum of each column, and the time of all threads
// Results lie beside the input, times go to standard output as JSON.
#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iostream>
#include <limits>
#include <numeric>
#include <stdexcept>
#include <string>
#include <vector>

#include "oddshot/data/preprocessor.h"
#include "oddshot/data/reader.h"
#include "oddshot/experts/expert.h"
#include "oddshot/learners/learner.h"

namespace {

using namespace oddshot;
namespace fs = std::filesystem;

template <class T>
std::vector<T> read_values(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::vector<T> values(file ? fs::file_size(path) / sizeof(T) : 0);
  if (!file.read(reinterpret_cast<char*>(values.data()), static_cast<std::streamsize>(values.size() * sizeof(T)))) {
    throw std::runtime_error("cannot read " + path.string());
  }
  return values;
}

void write_values(const fs::path& path, std::span<const float> values) {
  std::ofstream(path, std::ios::binary)
      .write(reinterpret_cast<const char*>(values.data()), static_cast<std::streamsize>(values.size_bytes()));
}

Matrix matrix(std::span<const float> values, std::size_t rows, std::size_t cols) {
  Matrix m(rows, cols);
  std::copy(values.begin(), values.end(), m.data());
  return m;
}

// Processor time of the fastest of `times` runs.
double fastest_ms(int times, const std::function<void()>& work) {
  double best = std::numeric_limits<double>::infinity();
  for (int i = 0; i < times; ++i) {
    const std::clock_t start = std::clock();
    work();
    best = std::min(best, 1e3 * static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC);
  }
  return best;
}

// Tasks t = 0, 1, ... of `tasks`: support [S x D] and query [Q x D] one after the other in support.f32 and query.f32, labels likewise.
std::vector<Episode> read_episodes(const fs::path& folder, std::size_t columns, std::size_t tasks) {
  std::vector<Episode> episodes(tasks);
  const auto share = [&](const char* name, auto rows_of, auto labels_of) {
    const std::vector<float> rows = read_values<float>(folder / (std::string(name) + ".f32"));
    const std::vector<std::uint8_t> labels = read_values<std::uint8_t>(folder / (std::string(name) + "_labels.u8"));
    const std::size_t count = labels.size() / tasks;
    for (std::size_t t = 0; t < tasks; ++t) {
      rows_of(episodes[t]) = matrix(std::span(rows).subspan(t * count * columns, count * columns), count, columns);
      labels_of(episodes[t])
          .assign(labels.begin() + static_cast<std::ptrdiff_t>(t * count), labels.begin() + static_cast<std::ptrdiff_t>((t + 1) * count));
    }
  };
  share("support", [](Episode& e) -> Matrix& { return e.support_rows; }, [](Episode& e) -> auto& { return e.support_labels; });
  share("query", [](Episode& e) -> Matrix& { return e.query_rows; }, [](Episode& e) -> auto& { return e.query_labels; });
  return episodes;
}

void step(const std::string& name, const fs::path& folder) {
  constexpr std::size_t kColumns = 40;
  constexpr std::size_t kTasks = 32;
  LearnerOptions options;
  options.encoder.inputs = kColumns;
  options.encoder.hidden = {64, 64};
  const auto learner = find_learner(name)->make(options);
  const Layout& layout = learner->layout();
  AlignedVector<float> params(layout.size());
  learner->initialise(params, Stream(1, Purpose::kInitialise, 0));
  for (const Tensor& tensor : layout.tensors()) {
    const fs::path path = folder / (tensor.name + ".f32");
    if (!fs::exists(path)) continue;  // what peers have no like of keeps its start
    const std::vector<float> values = read_values<float>(path);
    if (values.size() != tensor.size()) throw std::runtime_error(path.string() + " has another size");
    std::copy(values.begin(), values.end(), params.begin() + static_cast<std::ptrdiff_t>(tensor.offset));
  }
  const std::vector<Episode> episodes = read_episodes(folder, kColumns, kTasks);
  const auto scratch = learner->make_scratch();
  AlignedVector<float> gradient(layout.size());
  AlignedVector<float> sum(layout.size());
  float loss = 0;
  const double ms = fastest_ms(300, [&] {
    std::fill(sum.begin(), sum.end(), 0.0F);
    loss = 0;
    for (const Episode& episode : episodes) {
      loss += learner->task_gradient(params, episode, *scratch, gradient);
      for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += gradient[i];
    }
  });
  for (float& value : sum) value /= static_cast<float>(kTasks);
  for (const Tensor& tensor : layout.tensors())
    write_values(folder / ("gradient." + tensor.name + ".f32"), std::span(sum).subspan(tensor.offset, tensor.size()));
  std::printf("{\"loss\": %.9g, \"ms\": %.6f}\n", static_cast<double>(loss / static_cast<float>(kTasks)), ms);
}

void expert(const std::string& name, const fs::path& folder) {
  const std::vector<std::uint32_t> shape = read_values<std::uint32_t>(folder / "shape.u32");  // rows to fit, rows to score, columns
  const Matrix fit = matrix(read_values<float>(folder / "fit.f32"), shape.at(0), shape.at(2));
  const Matrix rows = matrix(read_values<float>(folder / "score.f32"), shape.at(1), shape.at(2));
  const Expert* found = find_expert(name);
  if (found == nullptr) throw std::runtime_error("no expert \"" + name + "\"");
  std::unique_ptr<FittedExpert> fitted;
  const double fit_ms = fastest_ms(1, [&] { fitted = found->fit(fit, {}, Stream(1, Purpose::kForest, 0)); });
  std::vector<float> scores(rows.rows());
  const double score_ms = fastest_ms(1, [&] { fitted->score(rows, scores); });
  write_values(folder / ("scores." + name + ".f32"), scores);
  std::printf("{\"fit_ms\": %.3f, \"score_ms\": %.3f}\n", fit_ms, score_ms);
}

void csv(const fs::path& file) {
  Table table;
  Matrix features;
  const double ms = fastest_ms(1, [&] {
    table = read_table({file});
    std::vector<std::string> names;
    for (const Column& column : table.columns) names.push_back(column.name);
    std::vector<std::uint32_t> rows(table.rows());
    std::iota(rows.begin(), rows.end(), 0U);
    features = Preprocessor::fit(table, names, rows).transform(table, rows);
  });
  std::printf("{\"rows\": %zu, \"ms\": %.3f, \"sums\": [", features.rows(), ms);
  for (std::size_t c = 0; c < table.columns.size(); ++c) {
    const auto& numbers = table.columns[c].numbers;
    std::printf("%s%.17g", c == 0 ? "" : ", ", std::accumulate(numbers.begin(), numbers.end(), 0.0));
  }
  std::printf("]}\n");
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> words(argv + 1, argv + argc);
  try {
    if (words.size() == 3 && words[0] == "step") {
      step(words[1], words[2]);
      return 0;
    }
    if (words.size() == 3 && words[0] == "expert") {
      expert(words[1], words[2]);
      return 0;
    }
    if (words.size() == 2 && words[0] == "csv") {
      csv(words[1]);
      return 0;
    }
    std::cerr << "our_side step LEARNER FOLDER | our_side expert NAME FOLDER | our_side csv FILE\n";
    return 2;
  } catch (const std::exception& error) {
    std::cerr << "our_side: " << error.what() << '\n';
    return 1;
  }
}
