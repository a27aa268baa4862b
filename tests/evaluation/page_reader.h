// Reads a page strictly, as XML would be: every tag closed in order, every attribute quoted, no stray < or &.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace oddshot {

struct PageElement {
  std::string name;
  std::map<std::string, std::string> attributes;  // values as written
};

struct Page {
  std::string error;                  // what is wrong and where; empty: nothing
  std::vector<PageElement> elements;  // in order of their start tags
  std::string text;                   // of all elements but style, entities decoded, runs of space made one

  std::size_t count(std::string_view name) const;
  bool says(std::string_view words) const { return text.find(words) != std::string::npos; }
};

Page read_page(std::string_view markup);

}  // namespace oddshot
