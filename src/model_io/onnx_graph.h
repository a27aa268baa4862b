// A graph of ONNX operators under construction, and the bytes of its file.
//
// The file is a protocol buffer (onnx/onnx.proto of ONNX 1.13, IR version 8, operator sets ai.onnx 18 and ai.onnx.ml 3). Of that format it
// needs what is written here alone: fields that are whole numbers, bytes, or messages again; so it is written by hand, see
// docs/dependencies.md. All arithmetic of ours is in double: where a support row is met again a distance is the small difference of large
// numbers, and single precision would tell it from 0.
// Source: https://protobuf.dev/programming-guides/encoding, https://github.com/onnx/onnx/blob/main/docs/IR.md.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "oddshot/base/matrix.h"

namespace oddshot::onnx {

// The fields of a protocol-buffer message, written one after the other.
class Message {
 public:
  void whole(std::uint32_t field, std::int64_t value);
  void bytes(std::uint32_t field, std::string_view value);
  void message(std::uint32_t field, const Message& value) { bytes(field, value.text()); }
  const std::string& text() const { return text_; }

 private:
  void varint(std::uint64_t value);
  void tag(std::uint32_t field, std::uint32_t kind) { varint(std::uint64_t{field} << 3U | kind); }

  std::string text_;
};

// Of tensors; the numbers are ONNX's.
enum class Type : std::int32_t { kFloat = 1, kByte = 2, kInt64 = 7, kString = 8, kBool = 9, kDouble = 11 };

// The domain of operators for categories and trees.
inline constexpr const char* kLearning = "ai.onnx.ml";

// The name of a tensor in the graph.
using Value = std::string;
using Attribute = std::variant<std::int64_t, std::vector<std::int64_t>, std::vector<float>, std::vector<std::string>>;
using Attributes = std::vector<std::pair<std::string, Attribute>>;

class Graph {
 public:
  // A column of the table, [N x 1]. Names of inputs and outputs come first, so that no other value is called so. Throws ArgumentError for a
  // name that is taken.
  Value input(const std::string& name, Type type);
  // What `value`, [N x columns], is called outside.
  void output(const Value& value, const std::string& name, Type type, std::size_t columns = 1);

  // One operator with one result, or with several.
  Value op(std::string_view type, const std::vector<Value>& inputs, const Attributes& attributes = {}, std::string_view domain = {});
  std::vector<Value> ops(std::string_view type, const std::vector<Value>& inputs, std::size_t results, const Attributes& attributes = {},
                         std::string_view domain = {});

  Value number(double value);                 // a scalar
  Value row(std::span<const double> values);  // [1 x values]
  Value row(std::span<const float> values);
  Value matrix(const BasicMatrix<double>& values);
  Value matrix(MatrixView values);
  Value whole_numbers(std::vector<std::int64_t> values);  // [values]

  Value add(const Value& a, const Value& b) { return op("Add", {a, b}); }
  Value subtract(const Value& a, const Value& b) { return op("Sub", {a, b}); }
  Value multiply(const Value& a, const Value& b) { return op("Mul", {a, b}); }
  Value divide(const Value& a, const Value& b) { return op("Div", {a, b}); }
  Value product(const Value& a, const Value& b) { return op("MatMul", {a, b}); }
  Value choose(const Value& condition, const Value& yes, const Value& no) { return op("Where", {condition, yes, no}); }
  Value cast(const Value& value, Type type) { return op("Cast", {value}, {{"to", static_cast<std::int64_t>(type)}}); }
  Value clip(const Value& value, double low, double high) { return op("Clip", {value, number(low), number(high)}); }
  // ReduceSum, ReduceMean, ReduceMax, .. over the columns: [.. x 1].
  Value reduce(std::string_view type, const Value& value, std::int64_t axis = 1, bool keep = true);
  // Side by side; `parts` are not empty.
  Value joined(const std::vector<Value>& parts);
  // These columns, in this order.
  Value columns(const Value& value, std::span<const std::uint32_t> chosen);

  // `version`: of Oddshot; `metadata`: texts by key, for people.
  std::vector<std::uint8_t> file(const std::string& version, const std::string& description,
                                 const std::map<std::string, std::string>& metadata) const;

 private:
  Value fresh();
  void claim(const std::string& name);
  Value constant(Type type, const std::vector<std::int64_t>& shape, std::string_view raw);

  Message graph_;  // its nodes and initializers so far
  Message ends_;   // its inputs and outputs
  std::set<std::string> taken_;
  std::map<double, Value> numbers_;
  std::size_t next_ = 0;
};

}  // namespace oddshot::onnx
