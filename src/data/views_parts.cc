// Views as a JSON text and arrays:
//   {"format": "oddshot views", "version": 1, "inputs": 41, "numeric": [0, 2, 3], "rows": 13449, "plain_clip": 8.0, "rank_clip": 10.0,
//    "whitened_clip": 15.0, "whitened_shrinkage": 0.002, "joined_shrinkage": 0.02, "order_statistics": 2048, "indicators": 128,
//    "widest": 384, "whitened_columns": [0, 2, 3], "joined_columns": [0, 1, 2, 3, 40, 41, 42, 43]}
//   rank.order_statistics [numeric x K]    whitened.mean [d]    whitened.matrix [d x d]    joined.mean    joined.matrix
// Columns are those of a joined row. Without numeric features whitened_columns is empty and the tensors of rank and whitened are absent.
#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "data/cell.h"
#include "data/json_members.h"
#include "data/strict_json.h"
#include "oddshot/base/error.h"
#include "oddshot/data/views.h"

namespace oddshot {
namespace {

using Json = nlohmann::json;
using data::in_quotes;

constexpr std::string_view kFormat = "oddshot views";
constexpr int kVersion = 1;
constexpr std::string_view kStatistics = "rank.order_statistics";
// Fitting gives no larger numbers; with these the products of whitening stay within float.
constexpr float kLargestWeight = 1e15F;
constexpr float kLargestMean = 1e6F;
constexpr std::size_t kMostInputs = std::size_t{1} << 20U;

[[noreturn]] void refuse(const std::string& what) { throw FormatError("views: " + what); }

// Takes tensors by name; each once.
class Tensors {
 public:
  explicit Tensors(std::vector<NamedTensor> tensors) : tensors_(std::move(tensors)) {}

  // Values within [-limit, limit].
  std::vector<float> take(std::string_view name, const std::vector<std::size_t>& shape, float limit) {
    const auto found = std::find_if(tensors_.begin(), tensors_.end(), [&](const NamedTensor& one) { return one.name == name; });
    if (found == tensors_.end()) refuse(fmt::format("tensor {}: is missing", in_quotes(name)));
    if (found->shape != shape) {
      refuse(
          fmt::format("tensor {}: shape [{}] where [{}] belongs", in_quotes(name), fmt::join(found->shape, ", "), fmt::join(shape, ", ")));
    }
    std::size_t size = 1;  // of known shapes: no product overflows
    for (const std::size_t axis : shape) size *= axis;
    std::vector<float> values = std::move(found->values);
    tensors_.erase(found);
    if (values.size() != size) refuse(fmt::format("tensor {}: {} values where {} belong", in_quotes(name), values.size(), size));
    for (std::size_t i = 0; i < size; ++i) {
      if (!(std::fabs(values[i]) <= limit)) refuse(fmt::format("tensor {}: element {} is {}", in_quotes(name), i, values[i]));
    }
    return values;
  }

  void finish() const {
    if (!tensors_.empty()) refuse(fmt::format("tensor {}: is not known", in_quotes(tensors_.front().name)));
  }

 private:
  std::vector<NamedTensor> tensors_;
};

Matrix to_matrix(const std::vector<float>& values, std::size_t rows, std::size_t cols) {
  Matrix out(rows, cols);
  std::copy(values.begin(), values.end(), out.data());
  return out;
}

NamedTensor to_tensor(std::string_view name, const Matrix& m) {
  return {std::string(name), {m.rows(), m.cols()}, {m.data(), m.data() + m.rows() * m.cols()}};
}

ViewOptions read_options(const data::Members& members) {
  ViewOptions options;
  options.plain_clip = static_cast<float>(members.number("plain_clip"));
  options.rank_clip = static_cast<float>(members.number("rank_clip"));
  options.whitened_clip = static_cast<float>(members.number("whitened_clip"));
  options.whitened_shrinkage = static_cast<float>(members.number("whitened_shrinkage"));
  options.joined_shrinkage = static_cast<float>(members.number("joined_shrinkage"));
  options.order_statistics = members.whole("order_statistics");
  options.indicators = members.whole("indicators");
  options.widest = members.whole("widest");
  try {
    options.validate();
  } catch (const ArgumentError& error) {
    refuse(error.what());
  }
  return options;
}

}  // namespace

std::string Views::to_json() const {
  const bool numeric = whitenings_.size() == 2;
  const Json out = {{"format", kFormat},
                    {"version", kVersion},
                    {"inputs", inputs()},
                    {"numeric", numeric_},
                    {"rows", rows_},
                    {"plain_clip", options_.plain_clip},
                    {"rank_clip", options_.rank_clip},
                    {"whitened_clip", options_.whitened_clip},
                    {"whitened_shrinkage", options_.whitened_shrinkage},
                    {"joined_shrinkage", options_.joined_shrinkage},
                    {"order_statistics", options_.order_statistics},
                    {"indicators", options_.indicators},
                    {"widest", options_.widest},
                    {"whitened_columns", numeric ? whitenings_.front().columns : std::vector<std::uint32_t>()},
                    {"joined_columns", whitenings_.empty() ? std::vector<std::uint32_t>() : whitenings_.back().columns}};
  return out.dump();
}

std::vector<NamedTensor> Views::tensors() const {
  std::vector<NamedTensor> out;
  if (!numeric_.empty()) out.push_back(to_tensor(kStatistics, order_statistics_));
  for (std::size_t w = 0; w < whitenings_.size(); ++w) {
    const std::string& name = spans_[spans_.size() - whitenings_.size() + w].name;
    out.push_back({name + ".mean", {whitenings_[w].mean.size()}, whitenings_[w].mean});
    out.push_back(to_tensor(name + ".matrix", whitenings_[w].matrix));
  }
  return out;
}

Views Views::from_parts(std::string_view json, std::vector<NamedTensor> tensors) {
  const Json document = data::parse_json(json, "views");
  const data::Members members(
      "views", document, "the text",
      {"format", "version", "inputs", "numeric", "rows", "plain_clip", "rank_clip", "whitened_clip", "whitened_shrinkage",
       "joined_shrinkage", "order_statistics", "indicators", "widest", "whitened_columns", "joined_columns"});
  if (members.text("format") != kFormat)
    refuse(fmt::format("the format is {}, not {}", in_quotes(members.text("format")), in_quotes(kFormat)));
  if (members.at("version") != kVersion) refuse(fmt::format("version {} is not known, only {}", members.at("version").dump(), kVersion));

  Views out;
  out.options_ = read_options(members);
  out.rows_ = members.whole("rows");
  if (out.rows_ == 0 || out.rows_ > (std::uint64_t{1} << 53U)) refuse(fmt::format("fitted on {} rows", out.rows_));
  const std::uint64_t inputs = members.whole("inputs");
  if (inputs == 0 || inputs > kMostInputs) refuse(fmt::format("{} inputs; they must be 1 to {}", inputs, kMostInputs));
  const std::vector<std::uint32_t> numeric = members.indices("numeric");
  if (!numeric.empty() && numeric.back() >= inputs) refuse(fmt::format("numeric feature {} of {}", numeric.back(), inputs));
  out.kinds_.assign(inputs, FeatureKind::kIndicator);
  for (const std::uint32_t f : numeric) out.kinds_[f] = FeatureKind::kNumeric;

  Tensors given(std::move(tensors));
  const std::size_t kept = std::min<std::uint64_t>(out.rows_, out.options_.order_statistics);
  if (!numeric.empty()) {
    const float any = std::numeric_limits<float>::max();
    out.order_statistics_ = to_matrix(given.take(kStatistics, {numeric.size(), kept}, any), numeric.size(), kept);
    for (std::size_t i = 0; i < numeric.size(); ++i) {
      if (!std::ranges::is_sorted(out.order_statistics_.row(i))) {
        refuse(fmt::format("tensor {}: row {} does not ascend", in_quotes(kStatistics), i));
      }
    }
  }
  const auto take_whitening = [&](const std::string& name) {
    Whitening whitening{members.indices((name + "_columns").c_str()), {}, {}};
    const std::size_t d = whitening.columns.size();
    if (d == 0 || d > out.options_.widest) refuse(fmt::format("{} has {} columns; it must have 1 to {}", name, d, out.options_.widest));
    if (whitening.columns.back() >= inputs + numeric.size()) {
      refuse(fmt::format("{}: column {} where plain and rank have {}", name, whitening.columns.back(), inputs + numeric.size()));
    }
    whitening.mean = given.take(name + ".mean", {d}, kLargestMean);
    whitening.matrix = to_matrix(given.take(name + ".matrix", {d, d}, kLargestWeight), d, d);
    out.whitenings_.push_back(std::move(whitening));
  };
  if (!numeric.empty()) {
    take_whitening("whitened");
  } else if (!members.list("whitened_columns").empty()) {
    refuse("there are whitened_columns but no numeric features");
  }
  take_whitening("joined");
  given.finish();
  out.finish();
  return out;
}

}  // namespace oddshot
