#include "evaluation/page_reader.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <utility>

namespace oddshot {
namespace {

bool is_name(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '_'; }

class Reader {
 public:
  explicit Reader(std::string_view markup) : markup_(markup) {}

  Page read() {
    constexpr std::string_view kType = "<!DOCTYPE html>";
    if (markup_.starts_with(kType)) at_ = kType.size();
    while (at_ < markup_.size() && page_.error.empty()) step();
    if (page_.error.empty() && !open_.empty()) fail("<" + open_.back() + "> is not closed");
    return std::move(page_);
  }

 private:
  void step() {
    if (markup_[at_] != '<') {
      character();
    } else if (markup_.substr(at_, 2) == "</") {
      end_tag();
    } else {
      start_tag();
    }
  }

  void fail(const std::string& what) {
    if (page_.error.empty()) page_.error = what + " at byte " + std::to_string(at_) + ": " + std::string(markup_.substr(at_, 60));
  }

  char entity() {
    static const std::array<std::pair<std::string_view, char>, 5> kEntities = {
        {{"&amp;", '&'}, {"&lt;", '<'}, {"&gt;", '>'}, {"&quot;", '"'}, {"&#39;", '\''}}};
    for (const auto& [name, c] : kEntities) {
      if (markup_.substr(at_).starts_with(name)) {
        at_ += name.size();
        return c;
      }
    }
    fail("stray &");
    ++at_;
    return '&';
  }

  void character() {
    char c = markup_[at_];
    if (c == '>') fail("stray >");
    if (c == '&') {
      c = entity();
    } else {
      ++at_;
    }
    if (std::isspace(static_cast<unsigned char>(c)) != 0) c = ' ';
    if (c != ' ' || !page_.text.ends_with(' ')) page_.text += c;
  }

  std::string name() {
    const std::size_t first = at_;
    while (at_ < markup_.size() && is_name(markup_[at_])) ++at_;
    if (at_ == first) fail("a name is missing");
    return std::string(markup_.substr(first, at_ - first));
  }

  void end_tag() {
    at_ += 2;
    const std::string closed = name();
    if (open_.empty() || open_.back() != closed) {
      fail("</" + closed + "> closes nothing open");
      return;
    }
    open_.pop_back();
    if (at_ >= markup_.size() || markup_[at_] != '>') fail("> is missing");
    ++at_;
  }

  void start_tag() {
    ++at_;
    PageElement element{name(), {}};
    while (page_.error.empty() && at_ < markup_.size() && markup_[at_] == ' ') attribute(element);
    if (!page_.error.empty()) return;
    page_.elements.push_back(element);
    if (markup_.substr(at_, 2) == "/>") {
      at_ += 2;
      return;
    }
    if (at_ >= markup_.size() || markup_[at_] != '>') {
      fail("> is missing");
      return;
    }
    ++at_;
    open_.push_back(element.name);
    if (element.name == "style") at_ = std::min(markup_.find("</style", at_), markup_.size());
  }

  void attribute(PageElement& element) {
    ++at_;
    const std::string key = name();
    if (markup_.substr(at_, 2) != "=\"") {
      fail("attribute " + key + " is not quoted");
      return;
    }
    at_ += 2;
    const std::size_t end = markup_.find('"', at_);
    if (end == std::string_view::npos) {
      fail("attribute " + key + " does not end");
      return;
    }
    const std::string_view value = markup_.substr(at_, end - at_);
    if (value.find('<') != std::string_view::npos) fail("< in attribute " + key);
    if (!element.attributes.emplace(key, value).second) fail("attribute " + key + " twice");
    at_ = end + 1;
  }

  std::string_view markup_;
  std::size_t at_ = 0;
  std::vector<std::string> open_;
  Page page_;
};

}  // namespace

std::size_t Page::count(std::string_view name) const {
  return static_cast<std::size_t>(std::count_if(elements.begin(), elements.end(), [&](const PageElement& e) { return e.name == name; }));
}

Page read_page(std::string_view markup) { return Reader(markup).read(); }

}  // namespace oddshot
