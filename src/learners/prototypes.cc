#include "learners/prototypes.h"

#include <algorithm>
#include <string>
#include <utility>

#include "oddshot/base/error.h"

namespace oddshot::learners {
namespace {

constexpr unsigned kMostRounds = 10;

// One class on its way to its prototypes.
template <class T>
class Split {
 public:
  Split(const kernels::Table<T>& kernels, const MetricMap<T>& metric, const T* own, BasicMatrix<T> rows)
      : kernels_(kernels), metric_(metric), own_(own), rows_(std::move(rows)), of_row_(rows_.rows(), 0) {
    mapped_ = metric_.map(own_, rows_, mapped_rows_);
    move_centres(1);
  }

  // Adds the row farthest from all centres as a centre of its own; false if every row is on one.
  bool add_farthest() {
    measure();
    std::size_t farthest = 0;
    T largest = 0;
    for (std::size_t r = 0; r < rows_.rows(); ++r) {
      const T nearest = *std::min_element(distances_.row(r).begin(), distances_.row(r).end());
      if (nearest > largest) {
        largest = nearest;
        farthest = r;
      }
    }
    if (largest == 0) {
      return false;
    }
    const BasicMatrix<T> before = centres_;
    centres_.resize(before.rows() + 1, before.cols());
    std::copy_n(before.data(), before.rows() * before.cols(), centres_.data());
    std::copy_n(rows_.row(farthest).data(), rows_.cols(), centres_.row(before.rows()).data());
    return true;
  }

  // Each row to its nearest centre, centres without rows dropped, each centre to the mean of its rows; false if no row moved.
  bool improve() {
    measure();
    std::vector<std::uint32_t> now(rows_.rows());
    std::vector<std::uint32_t> place(centres_.rows(), 0);
    for (std::size_t r = 0; r < now.size(); ++r) {
      const auto row = distances_.row(r);
      now[r] = static_cast<std::uint32_t>(std::min_element(row.begin(), row.end()) - row.begin());
      place[now[r]] = 1;
    }
    std::uint32_t kept = 0;
    for (std::uint32_t& one : place) {
      one = one == 0 ? kept : kept++;
    }
    for (std::uint32_t& one : now) {
      one = place[one];
    }
    const bool moved = now != of_row_;
    of_row_ = std::move(now);
    move_centres(kept);
    return moved;
  }

  const BasicMatrix<T>& centres() const { return centres_; }
  const std::vector<std::size_t>& sizes() const { return sizes_; }
  std::uint32_t of_row(std::size_t r) const { return of_row_[r]; }

 private:
  void measure() {
    const BasicMatrixView<T> centres = metric_.map(own_, centres_, mapped_centres_);
    distances_.resize(mapped_.rows, centres.rows);
    kernels_.squared_distances(mapped_.rows, centres.rows, mapped_.cols, mapped_.data, mapped_.stride, centres.data, centres.stride,
                               distances_.data(), centres.rows);
  }

  void move_centres(std::size_t count) {
    centres_.resize(count, rows_.cols());
    std::fill_n(centres_.data(), count * rows_.cols(), T{0});
    sizes_.assign(count, 0);
    for (std::size_t r = 0; r < rows_.rows(); ++r) {
      ++sizes_[of_row_[r]];
      kernels_.axpy(rows_.cols(), T{1}, rows_.row(r).data(), centres_.row(of_row_[r]).data());
    }
    for (std::size_t c = 0; c < count; ++c) {
      for (T& value : centres_.row(c)) {
        value /= static_cast<T>(sizes_[c]);
      }
    }
  }

  const kernels::Table<T>& kernels_;
  const MetricMap<T>& metric_;
  const T* own_;
  BasicMatrix<T> rows_;
  BasicMatrix<T> mapped_rows_;
  BasicMatrixView<T> mapped_;
  BasicMatrix<T> centres_;
  BasicMatrix<T> mapped_centres_;
  BasicMatrix<T> distances_;  // [rows x centres]
  std::vector<std::uint32_t> of_row_;
  std::vector<std::size_t> sizes_;
};

template <class T>
BasicMatrix<T> rows_of_class(BasicMatrixView<T> embeddings, std::span<const std::uint8_t> labels, std::uint8_t y) {
  BasicMatrix<T> rows(static_cast<std::size_t>(std::count(labels.begin(), labels.end(), y)), embeddings.cols);
  std::size_t at = 0;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    if (labels[i] == y) {
      std::copy_n(embeddings.row(i).data(), embeddings.cols, rows.row(at++).data());
    }
  }
  return rows;
}

}  // namespace

template <class T>
void find_prototypes(const kernels::Table<T>& kernels, const MetricMap<T>& metric, const T* own, BasicMatrixView<T> embeddings,
                     std::span<const std::uint8_t> labels, std::size_t count, Prototypes<T>& prototypes) {
  prototypes.of_row.resize(labels.size());
  prototypes.sizes.clear();
  AlignedVector<T> means;
  for (const std::uint8_t y : {std::uint8_t{0}, std::uint8_t{1}}) {
    BasicMatrix<T> rows = rows_of_class(embeddings, labels, y);
    if (rows.rows() == 0) {
      if (y == 0) {
        throw ArgumentError("prototypes need normal rows; all " + std::to_string(labels.size()) + " rows of the support are anomalies");
      }
      break;
    }
    Split<T> split(kernels, metric, own, std::move(rows));
    while (split.centres().rows() < count && split.add_farthest()) {
    }
    if (split.centres().rows() > 1) {
      for (unsigned round = 0; round < kMostRounds && split.improve(); ++round) {
      }
    }
    const auto first = static_cast<std::uint32_t>(prototypes.sizes.size());
    std::size_t at = 0;
    for (std::size_t i = 0; i < labels.size(); ++i) {
      if (labels[i] == y) {
        prototypes.of_row[i] = first + split.of_row(at++);
      }
    }
    means.insert(means.end(), split.centres().data(), split.centres().data() + split.centres().rows() * embeddings.cols);
    prototypes.sizes.insert(prototypes.sizes.end(), split.sizes().begin(), split.sizes().end());
    if (y == 0) {
      prototypes.normals = prototypes.sizes.size();
    }
  }
  prototypes.means.resize(prototypes.sizes.size(), embeddings.cols);
  std::copy(means.begin(), means.end(), prototypes.means.data());
}

template void find_prototypes(const kernels::Table<float>&, const MetricMap<float>&, const float*, BasicMatrixView<float>,
                              std::span<const std::uint8_t>, std::size_t, Prototypes<float>&);
template void find_prototypes(const kernels::Table<double>&, const MetricMap<double>&, const double*, BasicMatrixView<double>,
                              std::span<const std::uint8_t>, std::size_t, Prototypes<double>&);

}  // namespace oddshot::learners
