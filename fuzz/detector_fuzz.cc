// Detector files, with checksums that fit: without that, nothing but a checksum would be tried.
#include "model_io/checksums.h"
#include "oddshot/base/error.h"
#include "oddshot/detector/detector.h"
#include "oddshot/model_io/tensor_file.h"
#include "require.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace oddshot;
  try {
    TensorFile content = parse_tensor_file({data, size}, "input");
    const auto header = content.metadata.find("oddshot");
    if (header != content.metadata.end() && header->second.find("detector_version") != std::string::npos) add_checksums(content);
    const Detector detector = parse_detector(serialise(content), "input");
    ODDSHOT_REQUIRE(!describe(detector).empty());
    ODDSHOT_REQUIRE(!describe(detector, true).empty());
    const std::vector<std::uint8_t> bytes = serialise(detector);
    ODDSHOT_REQUIRE(serialise(parse_detector(bytes, "again")) == bytes);
  } catch (const FormatError&) {
    return 0;  // not a detector: in one sentence, and nothing else
  }
  return 0;
}
