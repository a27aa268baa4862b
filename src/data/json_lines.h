// The objects of JSON lines: one a line, blank lines apart.
#pragma once

#include <cstddef>
#include <nlohmann/json.hpp>
#include <string>
#include <unordered_set>
#include <vector>

#include <arrow/array/builder_binary.h>

#include "data/file_bytes.h"

namespace oddshot::data {

class JsonLines {
 public:
  // unended: a last line without its end is a row, as it is of a file that does not grow.
  JsonLines(std::string path, ReadBytes read, bool unended);

  // Moves to the next line that is not blank; false at the end. Throws FormatError if it is too long to be a row.
  bool next();

  const std::string& text() const { return text_; }
  std::size_t line() const { return line_; }  // from 1
  // The line as an object, blanks around its names dropped. Throws FormatError naming file and line.
  nlohmann::json object() const;
  // Adds the names of this line's object, as object() gave it, to names().
  void take_names(const nlohmann::json& object);
  // In the order in which they first came.
  const std::vector<std::string>& names() const { return names_; }

 private:
  static constexpr std::size_t kPiece = std::size_t{1} << 16U;

  std::string path_;
  ReadBytes read_;
  bool unended_;
  std::string buffer_;
  std::size_t at_ = 0;
  std::size_t scanned_ = 0;  // up to where there is no line end after at_
  std::size_t line_ = 0;
  std::string text_;
  std::vector<std::string> names_;
  std::unordered_set<std::string> seen_;  // the same
};

// A member as text, as a number or a word is spelt, missing if it is null or not there. nested: a list or an object is spelt too; else it
// is refused with a FormatError that begins with "path:line".
void append_member(arrow::StringBuilder& column, const nlohmann::json& object, const std::string& name, bool nested,
                   const std::string& path, std::size_t line);

}  // namespace oddshot::data
