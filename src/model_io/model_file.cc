#include "oddshot/model_io/model_file.h"

#include <algorithm>
#include <cmath>
#include <string_view>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "data/cell.h"
#include "model_io/model_metadata.h"
#include "model_io/model_tensors.h"
#include "oddshot/base/error.h"
#include "oddshot/model_io/tensor_file.h"

namespace oddshot {
namespace {

using data::in_quotes;

// Names of tensors: those of the layout as they are, moments and losses under a name of their own.
constexpr std::string_view kParams;
constexpr std::string_view kMoment1 = "adam_m.";
constexpr std::string_view kMoment2 = "adam_v.";
constexpr std::string_view kLosses = "training.losses";
constexpr std::string_view kViews = "views.";
constexpr std::string_view kReference = "reference";

// A value that must not be: not finite, or negative where that cannot be (a second moment is a mean of squares).
bool acceptable(float value, std::string_view prefix) { return std::isfinite(value) && (prefix != kMoment2 || value >= 0); }

std::optional<std::size_t> find_unacceptable(std::span<const float> values, std::string_view prefix) {
  const auto found = std::find_if_not(values.begin(), values.end(), [&](float value) { return acceptable(value, prefix); });
  if (found == values.end()) return std::nullopt;
  return static_cast<std::size_t>(found - values.begin());
}

void put(TensorFile& content, std::string name, std::vector<std::size_t> shape, std::span<const float> values, std::string_view prefix) {
  if (const auto bad = find_unacceptable(values, prefix)) {
    throw NumericError(fmt::format("tensor {}: element {} is {}; a model is not saved with such numbers", name, *bad, values[*bad]));
  }
  const auto [place, fresh] = content.tensors.try_emplace(std::move(name));
  if (!fresh) throw ArgumentError(fmt::format("two tensors of the model file would be called {}", place->first));
  place->second = {std::move(shape), {values.begin(), values.end()}};
}

// One flat vector as the layout's tensors; the padding between them is left out.
void put_flat(TensorFile& content, const Layout& layout, std::span<const float> flat, std::string_view prefix) {
  if (flat.size() != layout.size()) {
    throw ShapeError(fmt::format("{} {}values for a layout of {}", flat.size(), prefix, layout.size()));
  }
  for (const Tensor& tensor : layout.tensors()) {
    put(content, fmt::format("{}{}", prefix, tensor.name), tensor.shape, flat.subspan(tensor.offset, tensor.size()), prefix);
  }
}

// Takes tensors out of a file that was read; what nobody took is an error in the end.
class Tensors {
 public:
  Tensors(TensorFile& content, const std::string& file) : tensors_(content.tensors), file_(file) {}

  // Any tensor of the layout, under this prefix?
  bool any(const Layout& layout, std::string_view prefix) const {
    return std::any_of(layout.tensors().begin(), layout.tensors().end(),
                       [&](const Tensor& tensor) { return tensors_.contains(fmt::format("{}{}", prefix, tensor.name)); });
  }

  std::vector<float> take(const std::string& name, const std::vector<std::size_t>& shape, std::string_view prefix) {
    check(name, shape);
    std::vector<float> values = std::move(tensors_.extract(name).mapped().values);
    if (const auto bad = find_unacceptable(values, prefix)) refuse(name, fmt::format("element {} is {}", *bad, values[*bad]));
    return values;
  }

  // Rows of a matrix of this name, which take() has yet to check; 0 if there is none.
  std::size_t rows_of(std::string_view name) const {
    const auto found = tensors_.find(std::string(name));
    return found == tensors_.end() || found->second.shape.empty() ? 0 : found->second.shape.front();
  }

  // All under this prefix, named without it.
  std::vector<NamedTensor> take_all(std::string_view prefix) {
    std::vector<NamedTensor> taken;
    for (auto next = tensors_.begin(); next != tensors_.end();) {
      const auto here = next++;
      if (!here->first.starts_with(prefix)) continue;
      auto node = tensors_.extract(here);
      taken.push_back({node.key().substr(prefix.size()), std::move(node.mapped().shape), std::move(node.mapped().values)});
    }
    return taken;
  }

  AlignedVector<float> take_flat(const Layout& layout, std::string_view prefix) {
    for (const Tensor& tensor : layout.tensors()) check(fmt::format("{}{}", prefix, tensor.name), tensor.shape);
    AlignedVector<float> flat(layout.size());  // now known to be no more than the file holds and the padding
    for (const Tensor& tensor : layout.tensors()) {
      const std::vector<float> values = take(fmt::format("{}{}", prefix, tensor.name), tensor.shape, prefix);
      std::copy(values.begin(), values.end(), flat.begin() + static_cast<std::ptrdiff_t>(tensor.offset));
    }
    return flat;
  }

  void finish() const {
    if (!tensors_.empty()) refuse(tensors_.begin()->first, "is not part of such a model");
  }

 private:
  [[noreturn]] void refuse(const std::string& name, const std::string& what) const {
    throw FormatError(fmt::format("{}: damaged: tensor {}: {}", file_, in_quotes(name), what));
  }
  void check(const std::string& name, const std::vector<std::size_t>& shape) const {
    const auto found = tensors_.find(name);
    if (found == tensors_.end()) refuse(name, "is missing");
    if (found->second.shape != shape) {
      refuse(name, fmt::format("shape [{}] where [{}] belongs", fmt::join(found->second.shape, ", "), fmt::join(shape, ", ")));
    }
  }

  std::map<std::string, FileTensor>& tensors_;
  const std::string& file_;
};

}  // namespace

bool see_alike(const MetaModel& a, const MetaModel& b) {
  const auto values = [](const Matrix& m) { return std::span(m.data(), m.rows() * m.cols()); };
  return a.preprocessor.to_json() == b.preprocessor.to_json() && a.views.to_json() == b.views.to_json() &&
         a.views.tensors() == b.views.tensors() && std::ranges::equal(values(a.reference), values(b.reference));
}

TensorFile to_tensor_file(const MetaModel& model) {
  const std::unique_ptr<Learner> learner = make_learner(model);
  const Layout& layout = learner->layout();
  model.training.validate();
  if (model.losses.size() != model.steps_done || model.steps_done > model.training.steps) {
    throw ShapeError(fmt::format("{} losses for {} of {} steps done", model.losses.size(), model.steps_done, model.training.steps));
  }
  const Matrix& reference = model.reference;
  const bool table = model.training.space == Space::kTable;
  if (table && reference.rows() != 0) throw ShapeError("a reference for a model of space \"table\", which has none");
  if (!table && (reference.rows() == 0 || reference.rows() > kMostReferences || reference.cols() != model.views.width())) {
    throw ShapeError(fmt::format("a reference of {} x {}; it must have 1 to {} rows of {} columns", reference.rows(), reference.cols(),
                                 kMostReferences, model.views.width()));
  }
  if (model.adam_m.has_value() != model.adam_v.has_value()) throw ShapeError("a checkpoint has both of Adam's moments or none");
  if (!std::isfinite(model.training_seconds) || model.training_seconds < 0) {
    throw NumericError(fmt::format("training took {} seconds; a model is not saved with such numbers", model.training_seconds));
  }
  TensorFile content;
  content.metadata = write_metadata(model, learner->options());
  put_flat(content, layout, model.params, kParams);
  if (model.adam_m) put_flat(content, layout, *model.adam_m, kMoment1);
  if (model.adam_v) put_flat(content, layout, *model.adam_v, kMoment2);
  for (const NamedTensor& tensor : model.views.tensors()) {
    put(content, fmt::format("{}{}", kViews, tensor.name), tensor.shape, tensor.values, kViews);
  }
  if (!table) {
    put(content, std::string(kReference), {reference.rows(), reference.cols()}, {reference.data(), reference.rows() * reference.cols()},
        kReference);
  }
  put(content, std::string(kLosses), {model.losses.size()}, model.losses, kLosses);
  return content;
}

std::vector<std::uint8_t> serialise(const MetaModel& model) { return serialise(to_tensor_file(model)); }

void save_model(const MetaModel& model, const std::filesystem::path& file) { write_file_atomically(file, serialise(model)); }

MetaModel from_tensor_file(TensorFile content, const std::string& name) {
  MetaModel model = read_metadata(content.metadata, name);
  Tensors tensors(content, name);
  const bool table = model.training.space == Space::kTable;
  if (!table) model.views = read_views(content.metadata, tensors.take_all(kViews), name);
  std::unique_ptr<Learner> learner;
  try {
    learner = make_learner(model);
  } catch (const ArgumentError& error) {
    throw FormatError(fmt::format("{}: damaged: {}", name, error.what()));
  }
  const std::size_t outputs = learner->options().encoder.outputs;
  if (model.learner_options.encoder.outputs != outputs) {
    throw FormatError(fmt::format("{}: damaged: metadata \"encoder\": outputs: {} where {} belongs", name,
                                  model.learner_options.encoder.outputs, outputs));
  }
  const Layout& layout = learner->layout();
  if (!table) {
    const std::size_t references = std::clamp<std::size_t>(tensors.rows_of(kReference), 1, kMostReferences);
    const std::vector<float> reference = tensors.take(std::string(kReference), {references, model.views.width()}, kReference);
    model.reference = Matrix(references, model.views.width());
    std::copy(reference.begin(), reference.end(), model.reference.data());
  }
  model.params = tensors.take_flat(layout, kParams);
  if (tensors.any(layout, kMoment1) || tensors.any(layout, kMoment2)) {
    model.adam_m = tensors.take_flat(layout, kMoment1);
    model.adam_v = tensors.take_flat(layout, kMoment2);
  }
  model.losses = tensors.take(std::string(kLosses), {static_cast<std::size_t>(model.steps_done)}, kLosses);
  tensors.finish();
  return model;
}

MetaModel parse_model(std::span<const std::uint8_t> bytes, const std::string& name) {
  return from_tensor_file(parse_tensor_file(bytes, name), name);
}

MetaModel load_model(const std::filesystem::path& file) { return parse_model(read_file(file), file.string()); }

}  // namespace oddshot
