#include "model_io/printable.h"

#include <fmt/format.h>

namespace oddshot {

std::string printable(std::string_view text, std::size_t limit) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    const bool continues = (byte & 0xC0U) == 0x80U;  // within a UTF-8 character, where no cut may fall
    if (out.size() >= limit && !continues) return out + "...";
    // U+0080 to U+009F, two bytes from C2, are control characters as well.
    const bool c1 = byte == 0xC2U && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xA0U;
    if (c1) ++i;
    out += byte < 0x20U || byte == 0x7FU || c1 ? '?' : text[i];
  }
  return out;
}

std::string printable_list(std::span<const std::string> names) {
  std::string out = std::to_string(names.size());
  std::size_t shown = 0;
  for (; shown < names.size(); ++shown) {
    const std::string name = printable(names[shown], kNameWidth);
    if (shown > 0 && out.size() + name.size() > kListWidth) break;
    out += (shown == 0 ? ": " : ", ") + name;
  }
  if (shown < names.size()) out += fmt::format(", ... ({} more)", names.size() - shown);
  return out;
}

}  // namespace oddshot
