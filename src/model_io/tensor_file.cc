#include "oddshot/model_io/tensor_file.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string_view>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "data/cell.h"
#include "oddshot/base/error.h"

namespace oddshot {
namespace {

using data::in_quotes;

static_assert(std::endian::native == std::endian::little, "numbers are copied from and to the file as they are: little-endian");

constexpr std::size_t kLengthBytes = 8;
constexpr std::uint64_t kLargestHeader = 100'000'000;  // bytes, as in the reference reader
constexpr std::size_t kLargestRank = 16;
constexpr std::size_t kDataAlignment = 8;
constexpr std::string_view kMetadataKey = "__metadata__";
constexpr std::array<std::string_view, 3> kFields = {"dtype", "shape", "data_offsets"};

// A tensor as the header tells it.
struct Entry {
  std::string name;
  std::vector<std::uint64_t> shape;
  std::vector<std::uint64_t> offsets;  // begin and end within the data
  std::array<bool, 3> met{};           // which of kFields occurred
};

// Takes the header's JSON as it is read and lets through nothing but the layout's own structure, so depth needs no other limit:
//   {"__metadata__": {text: text}, name: {"dtype": "F32", "shape": [n, ...], "data_offsets": [begin, end]}, ...}
class HeaderReader final : public nlohmann::json_sax<nlohmann::json> {
 public:
  explicit HeaderReader(const std::string& file) : file_(file) {}

  std::vector<Entry> entries;  // as in the header
  std::map<std::string, std::string> metadata;

  bool null() override { unexpected("null"); }
  bool boolean(bool value) override { unexpected(value ? "true" : "false"); }
  bool number_integer(number_integer_t value) override { unexpected(std::to_string(value)); }
  bool number_float(number_float_t /*value*/, const string_t& text) override { unexpected(in_quotes(text)); }
  bool binary(binary_t& /*value*/) override { unexpected("binary data"); }

  bool number_unsigned(number_unsigned_t value) override {
    if (state_ == State::kShape) {
      if (entries.back().shape.size() == kLargestRank) refuse(fmt::format("{}: more than {} axes", place(), kLargestRank));
      entries.back().shape.push_back(value);
    } else if (state_ == State::kOffsets) {
      if (entries.back().offsets.size() == 2) refuse(place() + ": more than 2 numbers");
      entries.back().offsets.push_back(value);
    } else {
      unexpected(std::to_string(value));
    }
    return true;
  }

  bool string(string_t& value) override {
    if (state_ == State::kMetadata) {
      metadata[field_] = std::move(value);
    } else if (state_ == State::kTensor && field_ == "dtype") {
      if (value != "F32") refuse(fmt::format("{}: {} is not supported, F32 is", place(), in_quotes(value)));
    } else {
      unexpected(in_quotes(value));
    }
    return true;
  }

  bool start_object(std::size_t /*size*/) override {
    switch (state_) {
      case State::kStart:
        state_ = State::kTop;
        return true;
      case State::kTop:
        state_ = tensor_ == kMetadataKey ? State::kMetadata : State::kTensor;
        if (state_ == State::kTensor) entries.push_back({.name = tensor_, .shape = {}, .offsets = {}});
        field_.clear();
        return true;
      default:
        unexpected("an object");
    }
  }

  bool key(string_t& value) override {
    if (state_ == State::kTop) {
      tensor_ = value;
      field_.clear();
      if (!names_.insert(value).second) refuse(place() + " occurs twice");
    } else if (state_ == State::kMetadata) {
      field_ = value;
      if (metadata.contains(value)) refuse(place() + " occurs twice");
    } else {
      const auto field = std::find(kFields.begin(), kFields.end(), value);
      if (field == kFields.end()) refuse(fmt::format("tensor {}: {} is not a field of the layout", in_quotes(tensor_), in_quotes(value)));
      field_ = value;
      bool& met = entries.back().met[static_cast<std::size_t>(field - kFields.begin())];
      if (met) refuse(place() + " occurs twice");
      met = true;
    }
    return true;
  }

  bool end_object() override {
    if (state_ == State::kTensor) {
      field_.clear();
      for (std::size_t i = 0; i < kFields.size(); ++i) {
        if (!entries.back().met[i]) refuse(fmt::format("{}: {} is missing", place(), kFields[i]));
      }
    }
    state_ = state_ == State::kTop ? State::kStart : State::kTop;
    return true;
  }

  bool start_array(std::size_t /*size*/) override {
    if (state_ == State::kTensor && field_ == "shape") {
      state_ = State::kShape;
    } else if (state_ == State::kTensor && field_ == "data_offsets") {
      state_ = State::kOffsets;
    } else {
      unexpected("a list");
    }
    return true;
  }

  bool end_array() override {
    if (state_ == State::kOffsets && entries.back().offsets.size() != 2) refuse(place() + ": fewer than 2 numbers");
    state_ = State::kTensor;
    return true;
  }

  bool parse_error(std::size_t position, const std::string& /*last_token*/, const nlohmann::detail::exception& /*error*/) override {
    refuse(fmt::format("the header is not valid JSON at its byte {}", position));
  }

 private:
  enum class State : std::uint8_t { kStart, kTop, kMetadata, kTensor, kShape, kOffsets };

  std::string place() const {
    const bool metadata_key = tensor_ == kMetadataKey;
    if (metadata_key && field_.empty()) return std::string(kMetadataKey);
    if (metadata_key) return "metadata " + in_quotes(field_);
    if (field_.empty()) return "tensor " + in_quotes(tensor_);
    return fmt::format("tensor {}, {}", in_quotes(tensor_), field_);
  }
  [[noreturn]] void refuse(const std::string& what) const { throw FormatError(fmt::format("{}: damaged: {}", file_, what)); }
  [[noreturn]] void unexpected(const std::string& value) const {
    const char* wanted = "a tensor's fields";
    if (state_ == State::kMetadata) wanted = "text";
    if (state_ == State::kTop && tensor_ == kMetadataKey) wanted = "an object of texts";
    if (state_ == State::kTensor) wanted = field_ == "dtype" ? "text" : "a list of whole numbers";
    if (state_ == State::kShape || state_ == State::kOffsets) wanted = "a whole number from 0 to 2^64 - 1";
    refuse(fmt::format("{}: {} where {} belongs", place(), value, wanted));
  }

  const std::string& file_;
  State state_ = State::kStart;
  std::string tensor_;  // the key at the top that we are in
  std::string field_;   // the key below it
  std::set<std::string> names_;
};

// The header's bytes, checked to be there.
std::string_view find_header(std::span<const std::uint8_t> bytes, const std::string& name) {
  if (bytes.size() < kLengthBytes) {
    throw FormatError(fmt::format("{}: not a safetensors file: {} bytes are too few for one", name, bytes.size()));
  }
  std::uint64_t length = 0;
  std::memcpy(&length, bytes.data(), kLengthBytes);
  const std::size_t present = bytes.size() - kLengthBytes;
  if (length > kLargestHeader || length > present) {
    throw FormatError(fmt::format("{}: not a safetensors file: its first 8 bytes announce a header of {} bytes, {}", name, length,
                                  length > present ? fmt::format("{} follow", present) : fmt::format("the limit is {}", kLargestHeader)));
  }
  const std::string_view header(reinterpret_cast<const char*>(bytes.data()) + kLengthBytes, static_cast<std::size_t>(length));
  if (header.empty() || header.front() != '{') {
    throw FormatError(fmt::format("{}: not a safetensors file: no JSON header where one belongs", name));
  }
  // To the JSON reader a zero byte is the end of the text; what follows would pass unseen.
  if (const std::size_t zero = header.find('\0'); zero != std::string_view::npos) {
    throw FormatError(fmt::format("{}: damaged: the header has a zero byte at {}", name, zero));
  }
  return header;
}

// Product of shape, or nothing if it overflows.
template <class T>
std::optional<std::uint64_t> element_count(const std::vector<T>& shape) {
  std::uint64_t count = 1;
  for (const std::uint64_t size : shape) {
    if (size != 0 && count > std::numeric_limits<std::uint64_t>::max() / size) return std::nullopt;
    count *= size;
  }
  return count;
}

// Every tensor lies within the data, has the bytes its shape asks for, and the tensors, by offset, cover the data without hole or overlap.
void check_extents(std::vector<const Entry*> entries, std::size_t data_size, const std::string& name) {
  const auto refuse = [&](const Entry& entry, const std::string& what) {
    throw FormatError(fmt::format("{}: damaged: tensor {}: {}", name, in_quotes(entry.name), what));
  };
  for (const Entry* entry : entries) {
    const std::uint64_t begin = entry->offsets[0];
    const std::uint64_t end = entry->offsets[1];
    if (begin > end || end > data_size) {
      refuse(*entry, fmt::format("data_offsets [{}, {}] lie outside the {} bytes of data present", begin, end, data_size));
    }
    const std::optional<std::uint64_t> count = element_count(entry->shape);
    if (!count || *count > data_size / sizeof(float) || *count * sizeof(float) != end - begin) {
      refuse(*entry, fmt::format("shape [{}] does not fit the {} bytes of its data_offsets", fmt::join(entry->shape, ", "), end - begin));
    }
  }
  std::sort(entries.begin(), entries.end(), [](const Entry* a, const Entry* b) { return a->offsets < b->offsets; });
  std::uint64_t covered = 0;
  for (const Entry* entry : entries) {
    if (entry->offsets[0] < covered) refuse(*entry, fmt::format("its data begin at byte {}, within another tensor's", entry->offsets[0]));
    if (entry->offsets[0] > covered)
      refuse(*entry, fmt::format("bytes {} to {} before it belong to no tensor", covered, entry->offsets[0]));
    covered = entry->offsets[1];
  }
  if (covered != data_size) {
    throw FormatError(fmt::format("{}: damaged: {} bytes after the last tensor's data", name, data_size - covered));
  }
}

std::string json_text(const nlohmann::json& value) {
  try {
    return value.dump();
  } catch (const nlohmann::json::type_error&) {
    throw ArgumentError("a name or metadata of a tensor file is not UTF-8 text");
  }
}

}  // namespace

TensorFile parse_tensor_file(std::span<const std::uint8_t> bytes, const std::string& name) {
  const std::string_view header = find_header(bytes, name);
  const std::span<const std::uint8_t> data = bytes.subspan(kLengthBytes + header.size());
  HeaderReader reader(name);
  nlohmann::json::sax_parse(header.begin(), header.end(), &reader);
  std::vector<const Entry*> entries;
  for (const Entry& entry : reader.entries) entries.push_back(&entry);
  check_extents(entries, data.size(), name);

  TensorFile content;
  content.metadata = std::move(reader.metadata);
  for (const Entry& entry : reader.entries) {
    FileTensor& tensor = content.tensors[entry.name];
    tensor.shape.assign(entry.shape.begin(), entry.shape.end());
    const std::span<const std::uint8_t> part = data.subspan(entry.offsets[0], entry.offsets[1] - entry.offsets[0]);
    tensor.values.resize(part.size() / sizeof(float));
    if (!part.empty()) std::memcpy(tensor.values.data(), part.data(), part.size());
  }
  return content;
}

TensorFile read_tensor_file(const std::filesystem::path& file) { return parse_tensor_file(read_file(file), file.string()); }

std::vector<std::uint8_t> serialise(const TensorFile& content) {
  std::string header = "{";
  const auto add = [&header](std::string_view name, std::string_view value) {
    header += fmt::format("{}{}:{}", header.size() > 1 ? "," : "", json_text(name), value);
  };
  if (!content.metadata.empty()) add(kMetadataKey, json_text(content.metadata));
  std::uint64_t offset = 0;
  for (const auto& [name, tensor] : content.tensors) {
    if (name == kMetadataKey) throw ArgumentError(fmt::format("a tensor cannot be called \"{}\": the layout keeps that name", name));
    if (tensor.shape.size() > kLargestRank) {
      throw ArgumentError(fmt::format("tensor {}: {} axes, at most {}", in_quotes(name), tensor.shape.size(), kLargestRank));
    }
    if (element_count(tensor.shape) != tensor.values.size()) {
      throw ShapeError(
          fmt::format("tensor {}: {} values for shape [{}]", in_quotes(name), tensor.values.size(), fmt::join(tensor.shape, ", ")));
    }
    const std::uint64_t end = offset + tensor.values.size() * sizeof(float);
    add(name, fmt::format(R"({{"dtype":"F32","shape":[{}],"data_offsets":[{},{}]}})", fmt::join(tensor.shape, ","), offset, end));
    offset = end;
  }
  header += '}';
  header.resize((header.size() + kDataAlignment - 1) / kDataAlignment * kDataAlignment, ' ');
  if (header.size() > kLargestHeader) {
    throw ArgumentError(fmt::format("names and metadata of a tensor file take {} bytes, the limit is {}", header.size(), kLargestHeader));
  }

  std::vector<std::uint8_t> bytes(kLengthBytes + header.size() + offset);
  const std::uint64_t length = header.size();
  std::uint8_t* out = bytes.data();
  const auto append = [&out](const void* from, std::size_t size) {
    if (size != 0) std::memcpy(out, from, size);
    out += size;
  };
  append(&length, kLengthBytes);
  append(header.data(), header.size());
  for (const auto& [name, tensor] : content.tensors) append(tensor.values.data(), tensor.values.size() * sizeof(float));
  return bytes;
}

}  // namespace oddshot
