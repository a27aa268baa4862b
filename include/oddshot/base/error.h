// The errors Oddshot throws. Each message names the value, the limit and the place, and says what to do.
// A face translates the type once: exit code, HTTP status, Python exception.
#pragma once

#include <stdexcept>
#include <string>

namespace oddshot {

// The root: catch this to catch all of ours. Never thrown itself.
class Error : public std::runtime_error {
 protected:
  using std::runtime_error::runtime_error;
};

// Sizes that must agree do not ("5 labels for 6 rows").
class ShapeError : public Error {
 public:
  using Error::Error;
};

// An option or argument outside its range, or a combination that makes no sense.
class ArgumentError : public Error {
 public:
  using Error::Error;
};

// The content of a file is not what it should be: named with file, line, column and value where there are such.
class FormatError : public Error {
 public:
  using Error::Error;
};

// A file or network address could not be found, read or written.
class IoError : public Error {
 public:
  using Error::Error;
};

// Numbers were lost: a NaN or infinity arose in a computation.
class NumericError : public Error {
 public:
  using Error::Error;
};

}  // namespace oddshot
