#include "data/spelling.h"

#include <chrono>

#include <fmt/format.h>

namespace oddshot::data {
namespace {

std::int64_t floor_rest(std::int64_t a, std::int64_t b) { return a % b + (a % b < 0 ? b : 0); }

}  // namespace

std::int64_t floor_divide(std::int64_t a, std::int64_t b) { return a / b - (a % b < 0 ? 1 : 0); }

std::string_view spell_date(std::int64_t days, Spelling& out) {
  constexpr std::int64_t kLast = 11'000'000;
  if (days < -kLast || days > kLast) return spell_number(days, out);
  const std::chrono::year_month_day date{std::chrono::sys_days(std::chrono::days(static_cast<int>(days)))};
  const auto end = fmt::format_to(out.data(), "{:04}-{:02}-{:02}", static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                                  static_cast<unsigned>(date.day()));
  return {out.data(), static_cast<std::size_t>(end - out.data())};
}

std::string_view spell_timestamp(std::int64_t ticks, std::int64_t per, bool utc, Spelling& out) {
  const std::int64_t seconds = floor_divide(ticks, per);
  const std::int64_t second = floor_rest(seconds, 86'400);
  auto end = out.data() + spell_date(floor_divide(seconds, 86'400), out).size();
  end = fmt::format_to(end, "T{:02}:{:02}:{:02}", second / 3600, second / 60 % 60, second % 60);
  if (per > 1) end = fmt::format_to(end, ".{:0{}}", floor_rest(ticks, per), per == 1'000 ? 3 : per == 1'000'000 ? 6 : 9);
  if (utc) *end++ = 'Z';
  return {out.data(), static_cast<std::size_t>(end - out.data())};
}

}  // namespace oddshot::data
