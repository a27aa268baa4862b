// A plain reader of CSV that knows its lines: it reads the header, and finds the place of a value that the fast reader stumbled over. It
// reads a file the way Arrow does: a quote opens a quoted part only at the start of a value, two quotes within are one, rows end with
// \n, \r\n or \r, empty lines are skipped.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace oddshot::data {

class CsvRows {
 public:
  // read(buffer, size) gives the next bytes of the file, 0 at its end. separator: nothing for a comma or, where the first line has none but
  // a tab or a semicolon, that (outside of quotes, all of them; blanks at its end do not count). quote: 0 for none.
  CsvRows(std::function<std::size_t(char* buffer, std::size_t size)> read, std::optional<char> separator, char quote);

  // Moves to the next row; false at the end of the file.
  bool next();

  char separator() const { return separator_; }
  const std::vector<std::string>& values() const { return values_; }
  // The line (from 1) on which value i of the row begins.
  std::size_t line(std::size_t i) const { return lines_[i]; }
  // The row ended with the file, within a quoted value.
  bool unclosed() const { return unclosed_; }
  // Bytes of the file up to the end of the row.
  std::size_t bytes() const { return bytes_; }

 private:
  static constexpr int kEnd = -1;

  char told_separator();
  int peek();
  int take();
  void take_value();

  std::function<std::size_t(char*, std::size_t)> read_;
  char separator_;
  char quote_;
  std::vector<char> buffer_;
  std::size_t at_ = 0;
  std::size_t size_ = 0;
  std::size_t line_ = 1;
  std::size_t bytes_ = 0;
  std::vector<std::string> values_;
  std::vector<std::size_t> lines_;
  bool unclosed_ = false;
};

}  // namespace oddshot::data
