// The texts of a tensor file's metadata, by key, and how their errors say where they stand. Files of models and of detectors read them
// alike.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "model_io/json_object.h"
#include "oddshot/base/error.h"

namespace oddshot {

// Borrows both.
class MetadataTexts {
 public:
  MetadataTexts(const std::map<std::string, std::string>& metadata, const std::string& file) : metadata_(metadata), file_(file) {}

  // What a message on this key begins with.
  std::string where(std::string_view key) const { return fmt::format("{}: damaged: metadata \"{}\"", file_, key); }
  // Throw FormatError if the key is not there, or its text is no object.
  const std::string& text(const std::string& key) const {
    const auto found = metadata_.find(key);
    if (found == metadata_.end()) throw FormatError(where(key) + " is missing");
    return found->second;
  }
  JsonObject object(const std::string& key) const { return {text(key), where(key)}; }

 private:
  const std::map<std::string, std::string>& metadata_;
  const std::string& file_;
};

// Values from a file are as hostile as the rest: what their own check refuses is a damaged file.
template <class Call>
auto as_format_error(const std::string& where, Call&& call) {
  try {
    return std::forward<Call>(call)();
  } catch (const Error& error) {
    throw FormatError(fmt::format("{}: {}", where, error.what()));
  }
}

}  // namespace oddshot
