// Model files from their first byte on.
#include "check_model.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  oddshot::check_model({data, size});
  return 0;
}
