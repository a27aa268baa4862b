// Any bytes are a suite's manifest, or a FormatError.
#include "memory_file.h"
#include "oddshot/base/error.h"
#include "oddshot/tasks/suite.h"
#include "require.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace oddshot;
  const MemoryFile file({data, size});
  try {
    const SuiteManifest manifest = load_manifest(file.path());
    ODDSHOT_REQUIRE(!manifest.name.empty());
  } catch (const FormatError&) {
    return 0;
  }
  return 0;
}
