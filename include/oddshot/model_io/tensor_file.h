// Files in the safetensors layout: 8 bytes little-endian header length, a JSON header, then the tensors' bytes. No code in any file.
// Source of the layout: the safetensors format description, huggingface/safetensors README.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "oddshot/model_io/atomic_file.h"

namespace oddshot {

// A tensor on file: float32, row-major. An empty shape is a single number.
struct FileTensor {
  std::vector<std::size_t> shape;  // at most 16 axes
  std::vector<float> values;       // product of shape; any bits, NaN included

  bool operator==(const FileTensor&) const = default;
};

struct TensorFile {
  std::map<std::string, FileTensor> tensors;
  std::map<std::string, std::string> metadata;  // strings, as the layout demands; ours holds JSON texts

  bool operator==(const TensorFile&) const = default;
};

// Hostile input is expected: every count is checked against the bytes present before anything is allocated, and what the layout leaves
// no room for (overlaps, holes, trailing bytes, names twice, unknown fields, other number types than F32) is refused.
// Throws FormatError naming the field, its value and the limit. `name` is what messages call the file. O(bytes); allocates the result and,
// while reading, the header's fields.
TensorFile parse_tensor_file(std::span<const std::uint8_t> bytes, const std::string& name);
// Throws IoError, FormatError.
TensorFile read_tensor_file(const std::filesystem::path& file);
// The same content gives the same bytes: metadata first, then the tensors, each sorted by name; the data start at a multiple of 8.
// Throws ShapeError if a tensor has not as many values as its shape says, ArgumentError for more than 16 axes, for a tensor called
// "__metadata__", for text that is not UTF-8, and for a header over 100 MB, the largest that readers accept.
std::vector<std::uint8_t> serialise(const TensorFile& content);

}  // namespace oddshot
