// Files in the safetensors layout: 8 bytes little-endian header length, a JSON header, then the tensors' bytes. No code in any file.
// Source of the layout: the safetensors format description, huggingface/safetensors README.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <vector>

namespace oddshot {

// A tensor on file: float32, row-major.
struct FileTensor {
  std::vector<std::size_t> shape;
  std::vector<float> values;  // product of shape
};

struct TensorFile {
  std::map<std::string, FileTensor> tensors;
  std::map<std::string, std::string> metadata;  // strings, as the layout demands; ours holds JSON texts
};

// Hostile input is expected: every count is checked against the bytes present before anything is allocated.
// Throws FormatError naming the field, its value and the limit. `name` is what messages call it.
TensorFile parse_tensor_file(std::span<const std::uint8_t> bytes, const std::string& name);
// Throws IoError, FormatError.
TensorFile read_tensor_file(const std::filesystem::path& file);
std::vector<std::uint8_t> serialise(const TensorFile& content);

// Atomic: a reader sees the old file or the new one, never a part; an interrupted write leaves the old one (temporary file beside it,
// fsync, rename). Throws IoError naming the path and the system's reason.
void write_file_atomically(const std::filesystem::path& file, std::span<const std::uint8_t> bytes);
void write_file_atomically(const std::filesystem::path& file, std::string_view text);

}  // namespace oddshot
