// A file's content between Python and the library.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include <nanobind/nanobind.h>

namespace oddshot::python {

// Lives as long as `bytes`.
inline std::span<const std::uint8_t> bytes_of(const nanobind::bytes& bytes) {
  return {static_cast<const std::uint8_t*>(bytes.data()), bytes.size()};
}

inline nanobind::bytes to_bytes(const std::vector<std::uint8_t>& bytes) { return nanobind::bytes(bytes.data(), bytes.size()); }

}  // namespace oddshot::python
