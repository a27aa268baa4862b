// What an expression throws, for tests of messages.
#pragma once

#include <string>

namespace oddshot {

// The message of the E that `run` throws; "" if it throws nothing. Another exception passes on and fails the test.
template <class E, class Run>
std::string error_text(const Run& run) {
  try {
    run();
  } catch (const E& error) {
    return error.what();
  }
  return "";
}

}  // namespace oddshot
