#include <algorithm>
#include <bit>
#include <bitset>
#include <optional>
#include <string>

#include "oddshot/base/error.h"
#include "oddshot/tasks/task.h"

namespace oddshot {

namespace {

// The numbers of [0, n) in random order, one at a time: a Fisher-Yates shuffle that is carried on only as far as it is asked for.
// Of the array that it would permute only the places that differ from the start are kept, in a table with open addressing (a training
// step draws some 6,000 rows, which must not cost 6,000 allocations).
class RandomOrder {
 public:
  RandomOrder(std::size_t n, std::size_t expected, Stream& stream)
      : n_(static_cast<std::uint32_t>(n)), slots_(std::bit_ceil(std::max<std::size_t>(2 * std::min(n, expected), 16))), stream_(&stream) {}

  std::optional<std::uint32_t> next() {
    if (drawn_ == n_) return std::nullopt;
    if (2 * used_ >= slots_.size()) grow();
    const auto place = drawn_ + static_cast<std::uint32_t>(stream_->below(n_ - drawn_));
    const std::uint32_t here = at(drawn_);
    ++drawn_;
    Slot& slot = find(place);
    const std::uint32_t result = slot.place == kEmpty ? place : slot.number;
    if (slot.place == kEmpty) ++used_;
    slot = {place, here};
    return result;
  }

 private:
  static constexpr std::uint32_t kEmpty = 0xFFFFFFFF;  // no place: a pool has fewer rows
  struct Slot {
    std::uint32_t place = kEmpty;
    std::uint32_t number = 0;
  };

  // The slot of that place, or the empty one where it belongs.
  Slot& find(std::uint32_t place) {
    const std::size_t mask = slots_.size() - 1;
    std::size_t i = static_cast<std::size_t>(place * 0x9E3779B9U) & mask;
    while (slots_[i].place != kEmpty && slots_[i].place != place) i = (i + 1) & mask;
    return slots_[i];
  }
  std::uint32_t at(std::uint32_t place) {
    const Slot& slot = find(place);
    return slot.place == kEmpty ? place : slot.number;
  }
  void grow() {
    std::vector<Slot> old(2 * slots_.size());
    old.swap(slots_);
    for (const Slot& slot : old) {
      if (slot.place != kEmpty) find(slot.place) = slot;
    }
  }

  std::uint32_t n_;
  std::uint32_t drawn_ = 0;
  std::size_t used_ = 0;
  std::vector<Slot> slots_;
  Stream* stream_;
};

// The identities in a support. Nearly every row asked about is not among them, and the filter tells so without a search whose branches
// nobody can predict (measured: half of the time of drawing).
class IdentitySet {
 public:
  void add(std::uint32_t identity) {
    identities_.push_back(identity);
    filter_.set(identity % kBits);
  }
  void sort() { std::sort(identities_.begin(), identities_.end()); }
  // Once sorted.
  bool contains(std::uint32_t identity) const {
    return filter_.test(identity % kBits) && std::binary_search(identities_.begin(), identities_.end(), identity);
  }

 private:
  static constexpr std::uint32_t kBits = 4096;  // 512 bytes; at 50 rows 1 of 80 others has to be searched
  std::bitset<kBits> filter_;
  std::vector<std::uint32_t> identities_;
};

// Draws the rows of one class: `support` of them, then up to `query` others of which no duplicate was drawn before.
struct ClassDraw {
  std::vector<std::uint32_t> support, query;  // pool rows
};
ClassDraw draw(const RowPool& pool, std::span<const std::uint32_t> rows, std::size_t support, std::size_t query, Stream& stream) {
  ClassDraw result;
  RandomOrder order(rows.size(), support + query, stream);
  result.support.reserve(support);
  result.query.reserve(std::min(query, rows.size()));
  IdentitySet taken;
  while (result.support.size() < support) {
    result.support.push_back(rows[order.next().value()]);
    taken.add(pool.identity[result.support.back()]);
  }
  taken.sort();
  while (result.query.size() < query) {
    const auto next = order.next();
    if (!next) break;
    const std::uint32_t row = rows[*next];
    if (!taken.contains(pool.identity[row])) result.query.push_back(row);
  }
  return result;
}

void check(const Task& task, const char* what, std::size_t have, std::size_t asked) {
  if (asked > have) {
    throw ArgumentError("task \"" + task.name + "\" has " + std::to_string(have) + " " + what + ", too few for a support of " +
                        std::to_string(asked));
  }
}

void check_query(const Task& task, const char* what, std::size_t have, std::size_t support, std::size_t asked, std::size_t drawn) {
  if (asked > 0 && drawn == 0) {
    throw ArgumentError("task \"" + task.name + "\": of its " + std::to_string(have) + " " + what + " none is left for the query once " +
                        std::to_string(support) + " (and their duplicates) are in the support");
  }
}

// Both classes' rows of that part, with labels: `normals` becomes the numbers of both.
void gather_rows(const RowPool& pool, std::string_view view, std::vector<std::uint32_t>& normals,
                 const std::vector<std::uint32_t>& anomalies, Matrix& rows, std::vector<std::uint8_t>& labels) {
  labels.assign(normals.size(), 0);
  normals.insert(normals.end(), anomalies.begin(), anomalies.end());
  labels.resize(normals.size(), 1);
  rows = pool.gather(normals, view);
}

}  // namespace

std::size_t RowPool::width() const { return make ? views.back().first + views.back().count : rows.cols(); }

Matrix RowPool::gather(std::span<const std::uint32_t> numbers, std::string_view view) const {
  if (make) return make(numbers, view);
  return gathered(view.empty() ? rows.view() : oddshot::view(rows, span(view)), numbers);
}

ViewSpan RowPool::span(std::string_view name) const {
  const ViewSpan whole{std::string(kPlain), 0, rows.cols()};
  return find_view(views.empty() ? std::span(&whole, 1) : std::span(views), name);
}

EpisodeSpec fitted_to(const Task& task, EpisodeSpec spec) {
  spec.normals = std::min(spec.normals, std::max<std::size_t>(2, 2 * task.normals.size() / 3));
  return spec;
}

Episode sample_episode(const Task& task, const EpisodeSpec& spec, Stream stream, std::string_view view) {
  if (spec.normals == 0) throw ArgumentError("task \"" + task.name + "\": a support needs at least 1 normal row, 0 asked");
  check(task, "normals", task.normals.size(), spec.normals);
  check(task, "anomalies", task.anomalies.size(), spec.shots);
  ClassDraw normals = draw(*task.pool, task.normals, spec.normals, spec.query_normals, stream);
  const ClassDraw anomalies = draw(*task.pool, task.anomalies, spec.shots, spec.query_anomalies, stream);
  check_query(task, "normals", task.normals.size(), spec.normals, spec.query_normals, normals.query.size());
  check_query(task, "anomalies", task.anomalies.size(), spec.shots, spec.query_anomalies, anomalies.query.size());

  Episode episode;
  episode.task = task.name;
  gather_rows(*task.pool, view, normals.support, anomalies.support, episode.support_rows, episode.support_labels);
  gather_rows(*task.pool, view, normals.query, anomalies.query, episode.query_rows, episode.query_labels);
  return episode;
}

}  // namespace oddshot
