#include "oddshot/model_io/tensor_file.h"

#include <bit>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <string>

#include <gtest/gtest.h>

#include "message.h"
#include "oddshot/base/error.h"
#include "temporary_folder.h"

namespace oddshot {
namespace {

// A file with this header, as it stands, and that many bytes of data.
std::vector<std::uint8_t> file_of(const std::string& header, std::size_t data_bytes) {
  const std::uint64_t length = header.size();
  std::vector<std::uint8_t> bytes(8 + header.size() + data_bytes);
  std::memcpy(bytes.data(), &length, 8);
  std::memcpy(bytes.data() + 8, header.data(), header.size());
  return bytes;
}

std::string parse_error(const std::vector<std::uint8_t>& bytes) {
  return message_of<FormatError>([&] { parse_tensor_file(bytes, "m"); });
}
std::string parse_error(const std::string& header, std::size_t data_bytes = 0) { return parse_error(file_of(header, data_bytes)); }

TensorFile sample() {
  TensorFile content;
  content.tensors["b.weight"] = {{2, 3}, {1, -2, 3.5F, 0, -0.0F, 1e-40F}};
  content.tensors["a"] = {{}, {7}};
  content.tensors["none"] = {{0, 5}, {}};
  content.tensors["quote\"\\\n\xC3\xA9"] = {{1}, {std::numeric_limits<float>::max()}};
  content.metadata["kind"] = R"({"deep": ["text", 1]})";
  content.metadata["empty"] = "";
  return content;
}

TEST(TensorFile, ComesBackAsItWas) { EXPECT_EQ(parse_tensor_file(serialise(sample()), "m"), sample()); }

TEST(TensorFile, KeepsEveryBitOfNanAndInfinity) {
  TensorFile content;
  const std::uint32_t patterns[] = {0x7FC00001U, 0xFFC12345U, 0x7F800000U, 0xFF800000U};
  for (const std::uint32_t bits : patterns) content.tensors["t"].values.push_back(std::bit_cast<float>(bits));
  content.tensors["t"].shape = {4};
  const TensorFile read = parse_tensor_file(serialise(content), "m");
  for (std::size_t i = 0; i < 4; ++i) EXPECT_EQ(std::bit_cast<std::uint32_t>(read.tensors.at("t").values[i]), patterns[i]);
}

TEST(TensorFile, MayBeEmpty) { EXPECT_EQ(parse_tensor_file(serialise({}), "m"), TensorFile{}); }

TEST(TensorFile, HasTheBytesOfTheLayout) {
  TensorFile content;
  content.tensors["w"] = {{1, 2}, {1.0F, -2.0F}};
  content.metadata["k"] = "v";
  const std::string header = R"({"__metadata__":{"k":"v"},"w":{"dtype":"F32","shape":[1,2],"data_offsets":[0,8]}})";
  std::vector<std::uint8_t> expected = file_of(header + std::string(7 - (header.size() + 7) % 8, ' '), 8);
  const float values[] = {1.0F, -2.0F};
  std::memcpy(expected.data() + expected.size() - 8, values, 8);
  EXPECT_EQ(serialise(content), expected);
}

TEST(TensorFile, DataStartAtAMultipleOfEight) {
  for (std::size_t letters = 1; letters <= 9; ++letters) {
    TensorFile content;
    content.tensors[std::string(letters, 'x')] = {{1}, {1}};
    EXPECT_EQ((serialise(content).size() - sizeof(float)) % 8, 0U) << letters;
  }
}

TEST(TensorFile, TheHeaderMayNameTensorsInAnyOrder) {
  const auto bytes =
      file_of(R"({"b":{"data_offsets":[4,8],"shape":[1],"dtype":"F32"},"a":{"dtype":"F32","shape":[],"data_offsets":[0,4]}}  )", 8);
  EXPECT_EQ(parse_tensor_file(bytes, "m").tensors.size(), 2U);
}

// What is wrong with a file is told by field. Each row damages one.
struct Damage {
  const char* name;
  std::string header;
  std::size_t data_bytes;
  const char* message;
};
void PrintTo(const Damage& damage, std::ostream* out) { *out << damage.name; }

class DamagedTensorFile : public testing::TestWithParam<Damage> {};

TEST_P(DamagedTensorFile, IsRefusedByTheFieldsName) {
  EXPECT_EQ(parse_error(GetParam().header, GetParam().data_bytes), std::string("m: ") + GetParam().message);
}

INSTANTIATE_TEST_SUITE_P(
    Fields, DamagedTensorFile,
    testing::Values(
        Damage{"HeaderIsAList", "[]", 0, "not a safetensors file: no JSON header where one belongs"},
        Damage{"HeaderIsEmpty", "", 0, "not a safetensors file: no JSON header where one belongs"},
        Damage{"HeaderIsCut", R"({"a":{"dtype":"F32")", 0, "damaged: the header is not valid JSON at its byte 20"},
        Damage{"HeaderGoesOn", R"({} {})", 0, "damaged: the header is not valid JSON at its byte 4"},
        Damage{"HeaderHasAZeroByte", std::string("{}\0{}", 5), 0, "damaged: the header has a zero byte at 2"},
        Damage{"HeaderIsNotUtf8", "{\"\xFF\":1}", 0, "damaged: the header is not valid JSON at its byte 3"},
        Damage{"HeaderIsDeep", R"({"a":{"shape":[[[[]]]]}})", 0,
               R"(damaged: tensor "a", shape: a list where a whole number from 0 to 2^64 - 1 belongs)"},
        Damage{"NameTwice", R"({"a":{"dtype":"F32","shape":[0],"data_offsets":[0,0]},"a":{}})", 0, R"(damaged: tensor "a" occurs twice)"},
        Damage{"TensorIsANumber", R"({"a":1})", 0, R"(damaged: tensor "a": 1 where a tensor's fields belongs)"},
        Damage{"TensorIsNull", R"({"a":null})", 0, R"(damaged: tensor "a": null where a tensor's fields belongs)"},
        Damage{"FieldUnknown", R"({"a":{"stride":[1]}})", 0, R"(damaged: tensor "a": "stride" is not a field of the layout)"},
        Damage{"FieldTwice", R"({"a":{"dtype":"F32","dtype":"F32"}})", 0, R"(damaged: tensor "a", dtype occurs twice)"},
        Damage{"FieldIsAnObject", R"({"a":{"shape":{}}})", 0,
               R"(damaged: tensor "a", shape: an object where a list of whole numbers belongs)"},
        Damage{"DtypeMissing", R"({"a":{"shape":[0],"data_offsets":[0,0]}})", 0, R"(damaged: tensor "a": dtype is missing)"},
        Damage{"DtypeOther", R"({"a":{"dtype":"F16"}})", 0, R"(damaged: tensor "a", dtype: "F16" is not supported, F32 is)"},
        Damage{"DtypeIsANumber", R"({"a":{"dtype":32}})", 0, R"(damaged: tensor "a", dtype: 32 where text belongs)"},
        Damage{"ShapeMissing", R"({"a":{"dtype":"F32","data_offsets":[0,0]}})", 0, R"(damaged: tensor "a": shape is missing)"},
        Damage{"ShapeIsText", R"({"a":{"shape":"2x3"}})", 0, R"(damaged: tensor "a", shape: "2x3" where a list of whole numbers belongs)"},
        Damage{"ShapeIsNegative", R"({"a":{"shape":[-1]}})", 0,
               R"(damaged: tensor "a", shape: -1 where a whole number from 0 to 2^64 - 1 belongs)"},
        Damage{"ShapeIsAFraction", R"({"a":{"shape":[1.5]}})", 0,
               R"(damaged: tensor "a", shape: "1.5" where a whole number from 0 to 2^64 - 1 belongs)"},
        Damage{"ShapeIsBeyondCounting", R"({"a":{"shape":[18446744073709551616]}})", 0,
               R"(damaged: tensor "a", shape: "18446744073709551616" where a whole number from 0 to 2^64 - 1 belongs)"},
        Damage{"ShapeIsTrue", R"({"a":{"shape":[true]}})", 0,
               R"(damaged: tensor "a", shape: true where a whole number from 0 to 2^64 - 1 belongs)"},
        Damage{"ShapeHas17Axes", R"({"a":{"shape":[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1]}})", 0,
               R"(damaged: tensor "a", shape: more than 16 axes)"},
        Damage{"ShapeOverflows", R"({"a":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,0]}})", 0,
               R"(damaged: tensor "a": shape [4294967296, 4294967296] does not fit the 0 bytes of its data_offsets)"},
        Damage{"ShapeTimesFourOverflows", R"({"a":{"dtype":"F32","shape":[4611686018427387904],"data_offsets":[0,0]}})", 0,
               R"(damaged: tensor "a": shape [4611686018427387904] does not fit the 0 bytes of its data_offsets)"},
        Damage{"ShapeTooSmall", R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,8]}})", 8,
               R"(damaged: tensor "a": shape [1] does not fit the 8 bytes of its data_offsets)"},
        Damage{"OffsetsMissing", R"({"a":{"dtype":"F32","shape":[0]}})", 0, R"(damaged: tensor "a": data_offsets is missing)"},
        Damage{"OffsetsAreOne", R"({"a":{"data_offsets":[0]}})", 0, R"(damaged: tensor "a", data_offsets: fewer than 2 numbers)"},
        Damage{"OffsetsAreThree", R"({"a":{"data_offsets":[0,4,8]}})", 0, R"(damaged: tensor "a", data_offsets: more than 2 numbers)"},
        Damage{"OffsetsRunBackwards", R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[8,4]}})", 8,
               R"(damaged: tensor "a": data_offsets [8, 4] lie outside the 8 bytes of data present)"},
        Damage{"OffsetsBeyondTheData", R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})", 7,
               R"(damaged: tensor "a": data_offsets [0, 8] lie outside the 7 bytes of data present)"},
        Damage{"OffsetsAreHuge", R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[18446744073709551612,18446744073709551615]}})", 8,
               R"(damaged: tensor "a": data_offsets [18446744073709551612, 18446744073709551615] lie outside the 8 bytes of data present)"},
        Damage{"TensorsOverlap",
               R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}})", 12,
               R"(damaged: tensor "b": its data begin at byte 4, within another tensor's)"},
        Damage{"TensorsShareTheirData",
               R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})", 4,
               R"(damaged: tensor "b": its data begin at byte 0, within another tensor's)"},
        Damage{"HoleBetweenTensors",
               R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[1],"data_offsets":[8,12]}})", 12,
               R"(damaged: tensor "b": bytes 4 to 8 before it belong to no tensor)"},
        Damage{"BytesAfterTheData", R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})", 5,
               "damaged: 1 bytes after the last tensor's data"},
        Damage{"MetadataIsAList", R"({"__metadata__":[]})", 0, "damaged: __metadata__: a list where an object of texts belongs"},
        Damage{"MetadataIsText", R"({"__metadata__":"x"})", 0, R"(damaged: __metadata__: "x" where an object of texts belongs)"},
        Damage{"MetadataTwice", R"({"__metadata__":{},"__metadata__":{}})", 0, "damaged: __metadata__ occurs twice"},
        Damage{"MetadataValueIsANumber", R"({"__metadata__":{"k":1}})", 0, R"(damaged: metadata "k": 1 where text belongs)"},
        Damage{"MetadataValueIsAnObject", R"({"__metadata__":{"k":{}}})", 0, R"(damaged: metadata "k": an object where text belongs)"},
        Damage{"MetadataKeyTwice", R"({"__metadata__":{"k":"1","k":"2"}})", 0, R"(damaged: metadata "k" occurs twice)"}),
    [](const testing::TestParamInfo<Damage>& row) { return std::string(row.param.name); });

TEST(TensorFile, TooShortForALengthIsNone) {
  EXPECT_EQ(parse_error(std::vector<std::uint8_t>(7)), "m: not a safetensors file: 7 bytes are too few for one");
  EXPECT_EQ(parse_error(std::vector<std::uint8_t>()), "m: not a safetensors file: 0 bytes are too few for one");
}

TEST(TensorFile, ALengthBeyondTheFileIsNone) {
  std::vector<std::uint8_t> bytes = file_of("{}", 0);
  bytes[0] = 3;
  EXPECT_EQ(parse_error(bytes), "m: not a safetensors file: its first 8 bytes announce a header of 3 bytes, 2 follow");
  std::fill_n(bytes.begin(), 8, std::uint8_t{0xFF});
  EXPECT_TRUE(contains(parse_error(bytes), "a header of 18446744073709551615 bytes, 2 follow"));
}

TEST(TensorFile, AHeaderOver100MegabytesIsRefused) {
  EXPECT_TRUE(contains(parse_error("{" + std::string(100'000'000, ' ')), "a header of 100000001 bytes, the limit is 100000000"));
}

TEST(TensorFile, EveryCutIsRefused) {
  const std::vector<std::uint8_t> whole = serialise(sample());
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const std::vector<std::uint8_t> cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
    EXPECT_TRUE(contains(parse_error(cut), "m: ")) << size << " bytes";
  }
}

TEST(TensorFile, AHostileNameIsShownHarmlessAndShort) {
  const std::string error = parse_error("{\"\\u001b[2J" + std::string(1000, 'x') + "\":1}");
  EXPECT_TRUE(contains(error, "\\x1b[2Jxxx"));
  EXPECT_LT(error.size(), 200U);
}

TEST(TensorFile, RefusesToWriteWhatItWouldNotRead) {
  TensorFile wrong_count;
  wrong_count.tensors["t"] = {{2, 2}, {1, 2, 3}};
  EXPECT_EQ(message_of<ShapeError>([&] { serialise(wrong_count); }), R"(tensor "t": 3 values for shape [2, 2])");
  TensorFile reserved;
  reserved.tensors["__metadata__"] = {{1}, {1}};
  EXPECT_TRUE(contains(message_of<ArgumentError>([&] { serialise(reserved); }), "__metadata__"));
  TensorFile many_axes;
  many_axes.tensors["t"] = {std::vector<std::size_t>(17, 1), {1}};
  EXPECT_TRUE(contains(message_of<ArgumentError>([&] { serialise(many_axes); }), "17 axes, at most 16"));
  TensorFile no_text;
  no_text.metadata["k"] = "\xFF";
  EXPECT_TRUE(contains(message_of<ArgumentError>([&] { serialise(no_text); }), "not UTF-8"));
}

TEST(TensorFile, ReadingAMissingOneNamesIt) {
  EXPECT_TRUE(contains(message_of<IoError>([] { read_tensor_file("/none/of/these"); }), "/none/of/these: "));
}

// A Python that has safetensors: $ODDSHOT_PYTHON, the project's private one, the system's.
std::string find_python() {
  const char* named = std::getenv("ODDSHOT_PYTHON");
  for (const std::string& python :
       {std::string(named == nullptr ? "" : named), std::string(ODDSHOT_SOURCE_DIR "/.venv/bin/python"), std::string("python3")}) {
    if (!python.empty() && std::system(("'" + python + "' -c 'import safetensors, numpy' 2>/dev/null").c_str()) == 0) return python;
  }
  return {};
}

TEST(TensorFile, PythonsSafetensorsReadsItAndWritesItBack) {
  const std::string python = find_python();
  if (python.empty()) GTEST_SKIP() << "NOT CHECKED: no Python with safetensors and numpy ($ODDSHOT_PYTHON, .venv, python3)";
  const TemporaryFolder folder;
  write_file_atomically(folder / "ours", serialise(sample()));
  const std::string command = "'" + python + "' '" ODDSHOT_SOURCE_DIR "/tests/model_io/read_with_safetensors.py' '" +
                              (folder / "ours").string() + "' '" + (folder / "theirs").string() + "'";
  ASSERT_EQ(std::system(command.c_str()), 0);
  EXPECT_EQ(read_tensor_file(folder / "theirs"), sample());
}

}  // namespace
}  // namespace oddshot
