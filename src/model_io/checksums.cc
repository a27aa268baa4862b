#include "model_io/checksums.h"

#include <array>
#include <nlohmann/json.hpp>
#include <string_view>

#include <fmt/format.h>

#include "data/cell.h"
#include "data/strict_json.h"
#include "oddshot/base/error.h"

namespace oddshot {
namespace {

constexpr const char* kKey = "checksums";

constexpr std::array<std::uint32_t, 256> kTable = [] {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t byte = 0; byte < table.size(); ++byte) {
    std::uint32_t value = byte;
    for (int bit = 0; bit < 8; ++bit) value = (value >> 1U) ^ ((value & 1U) != 0 ? 0xEDB88320U : 0U);
    table[byte] = value;
  }
  return table;
}();

std::span<const std::uint8_t> bytes_of(const std::vector<float>& values) {
  return {reinterpret_cast<const std::uint8_t*>(values.data()), values.size() * sizeof(float)};
}

std::string of_tensor(const FileTensor& tensor) { return fmt::format("{:08x}", crc32(bytes_of(tensor.values))); }

std::string of_metadata(const TensorFile& content) {
  std::uint32_t sum = 0;
  const auto add = [&](const std::string& text) {
    sum = crc32({reinterpret_cast<const std::uint8_t*>(text.c_str()), text.size() + 1}, sum);
  };
  for (const auto& [key, text] : content.metadata) {
    add(key);
    add(text);
  }
  return fmt::format("{:08x}", sum);
}

}  // namespace

std::uint32_t crc32(std::span<const std::uint8_t> bytes, std::uint32_t before) {
  std::uint32_t value = ~before;
  for (const std::uint8_t byte : bytes) value = kTable[(value ^ byte) & 0xFFU] ^ (value >> 8U);
  return ~value;
}

void add_checksums(TensorFile& content) {
  content.metadata.erase(kKey);
  nlohmann::ordered_json tensors = nlohmann::ordered_json::object();
  for (const auto& [name, tensor] : content.tensors) tensors[name] = of_tensor(tensor);
  const nlohmann::ordered_json sums = {{"tensors", std::move(tensors)}, {"metadata", of_metadata(content)}};
  content.metadata[kKey] = sums.dump();
}

void check_checksums(TensorFile& content, const std::string& name) {
  const auto refuse = [&](const std::string& what) { throw FormatError(fmt::format("{}: damaged: {}", name, what)); };
  auto node = content.metadata.extract(std::string(kKey));
  if (node.empty()) refuse(fmt::format("metadata \"{}\" is missing", kKey));
  const nlohmann::json sums = data::parse_json(node.mapped(), fmt::format("{}: damaged: metadata \"{}\"", name, kKey));
  if (!sums.is_object() || sums.size() != 2 || !sums.contains("tensors") || !sums["tensors"].is_object() || !sums.contains("metadata")) {
    refuse(fmt::format("metadata \"{}\": not a list of checksums", kKey));
  }
  if (sums["metadata"] != of_metadata(content)) refuse("the metadata do not fit their checksum");
  for (const auto& [tensor, sum] : sums["tensors"].items()) {
    if (!content.tensors.contains(tensor)) refuse(fmt::format("tensor {} is missing", data::in_quotes(tensor)));
  }
  for (const auto& [tensor, value] : content.tensors) {
    const auto sum = sums["tensors"].find(tensor);
    if (sum == sums["tensors"].end()) refuse(fmt::format("tensor {} has no checksum", data::in_quotes(tensor)));
    if (*sum != of_tensor(value)) refuse(fmt::format("tensor {} does not fit its checksum", data::in_quotes(tensor)));
  }
}

}  // namespace oddshot
