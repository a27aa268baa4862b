// The message of the error that a call throws, and a look into it.
#pragma once

#include <string>
#include <string_view>

#include <gtest/gtest.h>

namespace oddshot {

// Empty if nothing was thrown; an error of another type passes through and fails the test.
template <class E, class Call>
std::string message_of(Call&& call) {
  try {
    call();
  } catch (const E& error) {
    return error.what();
  }
  return {};
}

inline testing::AssertionResult contains(std::string_view text, std::string_view part) {
  if (text.find(part) != std::string_view::npos) return testing::AssertionSuccess();
  return testing::AssertionFailure() << '"' << text << "\" does not contain \"" << part << '"';
}

}  // namespace oddshot
