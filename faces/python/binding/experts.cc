// Classical detectors, fitted on rows.
#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nanobind/nanobind.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/string_view.h>

#include "arrays.h"
#include "bind.h"
#include "oddshot/base/error.h"
#include "oddshot/base/matrix.h"
#include "oddshot/base/random.h"
#include "oddshot/base/thread_pool.h"
#include "oddshot/experts/expert.h"

namespace nb = nanobind;

namespace oddshot::python {
namespace {

constexpr std::size_t kRows = 1024;  // scored at a time by one thread

const Expert& expert_of(std::string_view name) {
  if (const Expert* expert = find_expert(name)) return *expert;
  throw ArgumentError("there is no expert \"" + std::string(name) + "\"");
}

// An expert on the rows that it was fitted on.
class PyExpert {
 public:
  // Called with the GIL, which is free while it fits. anomalies: rows, or None.
  PyExpert(const std::string& name, nb::handle array, nb::handle anomalies, std::uint64_t seed) : expert_(expert_of(name)) {
    const Rows rows(array, "X");
    std::optional<Rows> odd;
    if (!anomalies.is_none()) odd.emplace(anomalies, "anomalies");
    const nb::gil_scoped_release free;
    fitted_ = expert_.fit(rows.view(), odd ? odd->view() : MatrixView(), Stream(seed, Purpose::kForest, 0));
  }

  void score(nb::handle array, nb::handle out, unsigned threads) const {
    const Rows rows(array, "X");
    const MatrixView view = rows.view();
    const Floats scores(out, view.rows, "out");
    const nb::gil_scoped_release free;
    if (view.rows <= kRows || threads == 1) {
      fitted_->score(view, scores.span());
      return;
    }
    ThreadPool pool(threads);
    pool.parallel_for((view.rows + kRows - 1) / kRows, [&](std::size_t i, unsigned) {
      const std::size_t first = i * kRows;
      const std::size_t count = std::min(kRows, view.rows - first);
      fitted_->score(view.slice(first, count), scores.span().subspan(first, count));
    });
  }

  void fitting_scores(nb::handle out) const {
    std::vector<float> scores;
    {
      const nb::gil_scoped_release free;
      scores = fitted_->fitting_scores();
    }
    std::ranges::copy(scores, Floats(out, scores.size(), "out").span().begin());
  }

 private:
  const Expert& expert_;
  std::unique_ptr<FittedExpert> fitted_;
};

nb::list names() {
  nb::list all;
  for (const Expert* expert : known_experts()) {
    const std::string_view name = expert->name();
    const std::string_view missing = expert->missing();
    all.append(nb::make_tuple(nb::str(name.data(), name.size()), expert->uses_labels(), nb::str(missing.data(), missing.size())));
  }
  return all;
}

}  // namespace

void bind_experts(nb::module_& module) {
  module.def("experts", &names,
             "(name, whether it uses labels, why it cannot be used on this machine or \"\") of every expert, in the order of tables.");
  nb::class_<PyExpert>(module, "FittedExpert", "An expert fitted on normal rows X [N x D] and, if it uses labels, anomalies [A x D].")
      .def(nb::init<const std::string&, nb::handle, nb::handle, std::uint64_t>(), nb::arg("name"), nb::arg("X"),
           nb::arg("anomalies").none(), nb::arg("seed"))
      .def("score", &PyExpert::score, nb::arg("X"), nb::arg("out"), nb::arg("threads"),
           "Scores of X [M x D], rising with abnormality, to out [M] of float32; threads as of n_jobs, 0: one per core.")
      .def("fitting_scores", &PyExpert::fitting_scores, nb::arg("out"),
           "To out [N] the scores that the fitting rows would have had, had each been left out.");
}

}  // namespace oddshot::python
