#include "data/csv_rows.h"

#include <utility>

namespace oddshot::data {

CsvRows::CsvRows(std::function<std::size_t(char*, std::size_t)> read, std::optional<char> separator, char quote)
    : read_(std::move(read)), separator_(separator.value_or(',')), quote_(quote), buffer_(std::size_t{1} << 16U) {
  // The byte-order mark: only ever the first bytes, so they are in the first buffer if the file has them.
  if (peek() == 0xEF && size_ >= 3 && buffer_[1] == '\xBB' && buffer_[2] == '\xBF') at_ = bytes_ = 3;
  if (!separator) separator_ = told_separator();
}

// A name with a tab or a semicolon in it, and no other beside it, is not to be expected; a file that is separated by them is.
char CsvRows::told_separator() {
  std::size_t i = at_;
  bool quoted = false, begun = false, blank_tab = false, tab = false, semicolon = false;
  while (true) {
    if (i == size_) {  // the first line may come in pieces
      if (size_ == buffer_.size()) break;
      const std::size_t count = read_(buffer_.data() + size_, buffer_.size() - size_);
      if (count == 0) break;
      size_ += count;
    }
    const char c = buffer_[i++];
    const bool line_end = c == '\n' || c == '\r';
    if (quote_ != 0 && c == quote_) quoted = !quoted;
    if (quoted || (line_end && !begun)) continue;
    if (line_end) break;
    begun = true;
    if (c == ',') return ',';
    semicolon = semicolon || c == ';';
    if (c == '\t') {
      blank_tab = true;
    } else if (c != ' ') {
      tab = tab || blank_tab;  // blanks that end the line separate nothing
    }
  }
  return tab ? '\t' : semicolon ? ';' : ',';
}

int CsvRows::peek() {
  if (at_ == size_) {
    at_ = 0;
    size_ = read_(buffer_.data(), buffer_.size());
    if (size_ == 0) return kEnd;
  }
  return static_cast<unsigned char>(buffer_[at_]);
}

int CsvRows::take() {
  const int c = peek();
  if (c == kEnd) return c;
  ++at_;
  ++bytes_;
  // \r\n is counted at its \n.
  if (c == '\n' || (c == '\r' && peek() != '\n')) ++line_;
  return c;
}

// Up to, not including, the separator or line end.
void CsvRows::take_value() {
  lines_.push_back(line_);
  std::string& value = values_.emplace_back();
  if (quote_ != 0 && peek() == static_cast<unsigned char>(quote_)) {
    take();
    while (true) {
      const int c = take();
      if (c == kEnd) {
        unclosed_ = true;
        return;
      }
      if (c == static_cast<unsigned char>(quote_)) {
        if (peek() != c) break;
        take();
      }
      value += static_cast<char>(c);
    }
  }
  for (int c = peek(); c != kEnd && c != '\n' && c != '\r' && c != static_cast<unsigned char>(separator_); c = peek()) {
    value += static_cast<char>(take());
  }
}

bool CsvRows::next() {
  values_.clear();
  lines_.clear();
  while (peek() == '\n' || peek() == '\r') take();
  if (peek() == kEnd) return false;
  take_value();
  while (peek() == static_cast<unsigned char>(separator_)) {
    take();
    take_value();
  }
  if (take() == '\r' && peek() == '\n') take();
  return true;
}

}  // namespace oddshot::data
