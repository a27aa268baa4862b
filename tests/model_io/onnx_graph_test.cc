// The bytes of ONNX files, by hand against the encoding's own documentation.
#include "model_io/onnx_graph.h"

#include <string>

#include <gtest/gtest.h>

#include "oddshot/base/error.h"

namespace oddshot::onnx {
namespace {

std::string text(const std::vector<std::uint8_t>& bytes) { return {bytes.begin(), bytes.end()}; }

// The examples of https://protobuf.dev/programming-guides/encoding.
TEST(OnnxMessage, WritesFieldsAsTheEncodingSays) {
  Message a;
  a.whole(1, 150);
  EXPECT_EQ(a.text(), "\x08\x96\x01");
  Message b;
  b.bytes(2, "testing");
  EXPECT_EQ(b.text(), "\x12\x07testing");
  Message c;
  c.message(3, a);
  EXPECT_EQ(c.text(), std::string("\x1a\x03\x08\x96\x01"));
  Message negative;
  negative.whole(1, -2);
  EXPECT_EQ(negative.text(), "\x08\xfe\xff\xff\xff\xff\xff\xff\xff\xff\x01");
  Message high;
  high.whole(20, 2);
  EXPECT_EQ(high.text(), std::string("\xa0\x01\x02"));
}

TEST(OnnxGraph, HoldsOperatorsConstantsInputsAndOutputs) {
  Graph g;
  const Value x = g.input("x", Type::kFloat);
  g.output(g.add(g.cast(x, Type::kDouble), g.number(1.5)), "y", Type::kDouble);
  const std::string file = text(g.file("0.1.0", "adds", {{"key", "value"}}));
  EXPECT_EQ(file.substr(0, 2), "\x08\x08");  // IR version 8
  for (const char* part : {"oddshot", "adds", "Cast", "Add", "Identity", "key", "value", "ai.onnx.ml"}) {
    EXPECT_NE(file.find(part), std::string::npos) << part;
  }
  // 1.5 as raw bytes of a double scalar: data type 11, a name, then field 9.
  EXPECT_NE(file.find(std::string("\x4a\x08\0\0\0\0\0\0\xf8\x3f", 10)), std::string::npos);
}

TEST(OnnxGraph, KeepsItsOwnNamesApartFromTheUsers) {
  Graph g;
  g.input("%0", Type::kFloat);
  EXPECT_NE(g.number(1), "%0");
  EXPECT_THROW(g.input("%0", Type::kFloat), ArgumentError);
  EXPECT_THROW(g.output("%0", "%0", Type::kFloat), ArgumentError);
}

TEST(OnnxGraph, KeepsANumberOnce) {
  Graph g;
  EXPECT_EQ(g.number(2), g.number(2));
  EXPECT_NE(g.number(2), g.number(3));
}

}  // namespace
}  // namespace oddshot::onnx
