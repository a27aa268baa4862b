// Any bytes are a tensor file, which then comes back from its own bytes, or a FormatError.
#include "oddshot/base/error.h"
#include "oddshot/model_io/tensor_file.h"
#include "require.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace oddshot;
  TensorFile content;
  try {
    content = parse_tensor_file({data, size}, "input");
  } catch (const FormatError&) {
    return 0;
  }
  const std::vector<std::uint8_t> bytes = serialise(content);
  ODDSHOT_REQUIRE(serialise(parse_tensor_file(bytes, "again")) == bytes);  // as bytes, for a NaN equals nothing
  return 0;
}
