// What must hold whatever the input: stops the fuzzer where it does not.
#pragma once

#include <cstdio>
#include <cstdlib>

#define ODDSHOT_REQUIRE(claim)                                                 \
  do {                                                                         \
    if (!(claim)) {                                                            \
      std::fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #claim); \
      std::abort();                                                            \
    }                                                                          \
  } while (false)
