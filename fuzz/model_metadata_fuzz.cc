// Model files of which one metadata text is damaged: the first byte chooses which, the rest is the text. From raw bytes a fuzzer hardly
// gets there, for each change of a text's length asks for others in the header.
#include <map>
#include <string>

#include "check_model.h"
#include "oddshot/model_io/tensor_file.h"
#include "sample_model.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace oddshot;
  static const TensorFile whole = parse_tensor_file(serialise(sample_model(true)), "sample");
  if (size == 0) return 0;
  TensorFile content = whole;
  auto entry = content.metadata.begin();
  std::advance(entry, data[0] % content.metadata.size());
  entry->second.assign(reinterpret_cast<const char*>(data) + 1, size - 1);
  std::vector<std::uint8_t> bytes;
  try {
    bytes = serialise(content);
  } catch (const ArgumentError&) {  // not UTF-8: no such file can be
    return 0;
  }
  check_model(bytes);
  return 0;
}
