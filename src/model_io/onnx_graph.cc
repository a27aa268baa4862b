#include "model_io/onnx_graph.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include <fmt/format.h>

#include "oddshot/base/error.h"

namespace oddshot::onnx {
namespace {

constexpr std::int64_t kIrVersion = 8;
constexpr std::int64_t kOperators = 18;
constexpr std::int64_t kLearningOperators = 3;

// Numbers of the fields in onnx.proto.
namespace model {
constexpr std::uint32_t kIr = 1, kProducer = 2, kProducerVersion = 3, kDescription = 6, kGraph = 7, kOperatorSets = 8, kMetadata = 14;
}
namespace graph {
constexpr std::uint32_t kNode = 1, kName = 2, kInitializer = 5, kInput = 11, kOutput = 12;
}
namespace node {
constexpr std::uint32_t kInput = 1, kOutput = 2, kName = 3, kOperator = 4, kAttribute = 5, kDomain = 7;
}
namespace attribute {
constexpr std::uint32_t kName = 1, kWhole = 3, kNumbers = 7, kWholes = 8, kTexts = 9, kKind = 20;
constexpr std::int64_t kOneWhole = 2, kManyNumbers = 6, kManyWholes = 7, kManyTexts = 8;
}  // namespace attribute
namespace tensor {
constexpr std::uint32_t kDims = 1, kType = 2, kName = 8, kRaw = 9;
}

// Little-endian, as the format asks.
template <class T>
std::string raw_bytes(std::span<const T> values) {
  static_assert(std::endian::native == std::endian::little, "tensors are little-endian");
  std::string out(values.size_bytes(), '\0');
  if (!values.empty()) std::memcpy(out.data(), values.data(), values.size_bytes());
  return out;
}

Message attribute_message(const std::string& name, const Attribute& value) {
  Message out;
  out.bytes(attribute::kName, name);
  if (const auto* whole = std::get_if<std::int64_t>(&value)) {
    out.whole(attribute::kWhole, *whole);
    out.whole(attribute::kKind, attribute::kOneWhole);
  } else if (const auto* wholes = std::get_if<std::vector<std::int64_t>>(&value)) {
    for (const std::int64_t one : *wholes) out.whole(attribute::kWholes, one);
    out.whole(attribute::kKind, attribute::kManyWholes);
  } else if (const auto* numbers = std::get_if<std::vector<float>>(&value)) {
    out.bytes(attribute::kNumbers, raw_bytes(std::span<const float>(*numbers)));
    out.whole(attribute::kKind, attribute::kManyNumbers);
  } else {
    for (const std::string& one : std::get<std::vector<std::string>>(value)) out.bytes(attribute::kTexts, one);
    out.whole(attribute::kKind, attribute::kManyTexts);
  }
  return out;
}

// ValueInfoProto of an [N x columns] tensor.
Message described(const std::string& name, Type type, std::size_t columns) {
  Message rows;
  rows.bytes(2, "N");
  Message cols;
  cols.whole(1, static_cast<std::int64_t>(columns));
  Message shape;
  shape.message(1, rows);
  shape.message(1, cols);
  Message tensor_type;
  tensor_type.whole(1, static_cast<std::int64_t>(type));
  tensor_type.message(2, shape);
  Message any;
  any.message(1, tensor_type);
  Message out;
  out.bytes(1, name);
  out.message(2, any);
  return out;
}

Message operator_set(std::string_view domain, std::int64_t version) {
  Message out;
  out.bytes(1, domain);
  out.whole(2, version);
  return out;
}

}  // namespace

void Message::varint(std::uint64_t value) {
  for (; value >= 0x80U; value >>= 7U) text_ += static_cast<char>((value & 0x7FU) | 0x80U);
  text_ += static_cast<char>(value);
}

void Message::whole(std::uint32_t field, std::int64_t value) {
  tag(field, 0);
  varint(static_cast<std::uint64_t>(value));
}

void Message::bytes(std::uint32_t field, std::string_view value) {
  tag(field, 2);
  varint(value.size());
  text_ += value;
}

void Graph::claim(const std::string& name) {
  if (!taken_.insert(name).second) throw ArgumentError(fmt::format("two inputs or outputs would be called \"{}\"", name));
}

Value Graph::input(const std::string& name, Type type) {
  claim(name);
  ends_.message(graph::kInput, described(name, type, 1));
  return name;
}

void Graph::output(const Value& value, const std::string& name, Type type, std::size_t columns) {
  claim(name);
  ends_.message(graph::kOutput, described(name, type, columns));
  Message same;
  same.bytes(node::kInput, value);
  same.bytes(node::kOutput, name);
  same.bytes(node::kOperator, "Identity");
  graph_.message(graph::kNode, same);
}

// "%12" is none of the user's names: those in use so far are claimed, and a later one of that name is refused.
Value Graph::fresh() {
  std::string name;
  do {
    name = fmt::format("%{}", next_++);
  } while (!taken_.insert(name).second);
  return name;
}

std::vector<Value> Graph::ops(std::string_view type, const std::vector<Value>& inputs, std::size_t results, const Attributes& attributes,
                              std::string_view domain) {
  Message out;
  for (const Value& one : inputs) out.bytes(node::kInput, one);
  std::vector<Value> names;
  for (std::size_t i = 0; i < results; ++i) {
    names.push_back(fresh());
    out.bytes(node::kOutput, names.back());
  }
  out.bytes(node::kName, fmt::format("{}{}", type, names.front()));
  out.bytes(node::kOperator, type);
  for (const auto& [name, value] : attributes) out.message(node::kAttribute, attribute_message(name, value));
  if (!domain.empty()) out.bytes(node::kDomain, domain);
  graph_.message(graph::kNode, out);
  return names;
}

Value Graph::op(std::string_view type, const std::vector<Value>& inputs, const Attributes& attributes, std::string_view domain) {
  return ops(type, inputs, 1, attributes, domain).front();
}

Value Graph::constant(Type type, const std::vector<std::int64_t>& shape, std::string_view raw) {
  Value name = fresh();
  Message out;
  for (const std::int64_t axis : shape) out.whole(tensor::kDims, axis);
  out.whole(tensor::kType, static_cast<std::int64_t>(type));
  out.bytes(tensor::kName, name);
  out.bytes(tensor::kRaw, raw);
  graph_.message(graph::kInitializer, out);
  return name;
}

Value Graph::number(double value) {
  const auto found = numbers_.find(value);
  if (found != numbers_.end()) return found->second;
  return numbers_[value] = constant(Type::kDouble, {}, raw_bytes(std::span<const double>(&value, 1)));
}

Value Graph::row(std::span<const double> values) {
  return constant(Type::kDouble, {1, static_cast<std::int64_t>(values.size())}, raw_bytes(values));
}

Value Graph::row(std::span<const float> values) {
  const std::vector<double> wide(values.begin(), values.end());
  return row(std::span<const double>(wide));
}

Value Graph::matrix(const BasicMatrix<double>& values) {
  return constant(Type::kDouble, {static_cast<std::int64_t>(values.rows()), static_cast<std::int64_t>(values.cols())},
                  raw_bytes(std::span(values.data(), values.rows() * values.cols())));
}

Value Graph::matrix(MatrixView values) {
  BasicMatrix<double> wide(values.rows, values.cols);
  for (std::size_t r = 0; r < values.rows; ++r) std::ranges::copy(values.row(r), wide.row(r).begin());
  return matrix(wide);
}

Value Graph::whole_numbers(std::vector<std::int64_t> values) {
  return constant(Type::kInt64, {static_cast<std::int64_t>(values.size())}, raw_bytes(std::span<const std::int64_t>(values)));
}

Value Graph::reduce(std::string_view type, const Value& value, std::int64_t axis, bool keep) {
  return op(type, {value, whole_numbers({axis})}, {{"keepdims", std::int64_t{keep}}});
}

Value Graph::joined(const std::vector<Value>& parts) {
  return parts.size() == 1 ? parts.front() : op("Concat", parts, {{"axis", std::int64_t{1}}});
}

Value Graph::columns(const Value& value, std::span<const std::uint32_t> chosen) {
  return op("Gather", {value, whole_numbers({chosen.begin(), chosen.end()})}, {{"axis", std::int64_t{1}}});
}

std::vector<std::uint8_t> Graph::file(const std::string& version, const std::string& description,
                                      const std::map<std::string, std::string>& metadata) const {
  Message named;
  named.bytes(graph::kName, "oddshot");
  Message out;
  out.whole(model::kIr, kIrVersion);
  out.bytes(model::kProducer, "oddshot");
  out.bytes(model::kProducerVersion, version);
  out.bytes(model::kDescription, description);
  out.bytes(model::kGraph, graph_.text() + named.text() + ends_.text());
  out.message(model::kOperatorSets, operator_set("", kOperators));
  out.message(model::kOperatorSets, operator_set(kLearning, kLearningOperators));
  for (const auto& [key, value] : metadata) {
    Message entry;
    entry.bytes(1, key);
    entry.bytes(2, value);
    out.message(model::kMetadata, entry);
  }
  return {out.text().begin(), out.text().end()};
}

}  // namespace oddshot::onnx
