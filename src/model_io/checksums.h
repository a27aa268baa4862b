// A checksum for each tensor of a file, and one for its texts: a flipped bit that still reads as a number does not pass.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "oddshot/model_io/tensor_file.h"

namespace oddshot {

// CRC-32 as in gzip and PNG (polynomial 0xEDB88320), which any tool computes.
std::uint32_t crc32(std::span<const std::uint8_t> bytes, std::uint32_t before = 0);

// Puts them in: metadata "checksums", {"tensors": {name: "1a2b3c4d"}, "metadata": "1a2b3c4d"}, the latter of all other texts in order, each
// its key, a zero byte, the text and a zero byte. What was there is replaced.
void add_checksums(TensorFile& content);
// Takes them out again. Throws FormatError naming the tensor that does not fit its checksum, or what is missing; `name` is what messages
// call the file.
void check_checksums(TensorFile& content, const std::string& name);

}  // namespace oddshot
