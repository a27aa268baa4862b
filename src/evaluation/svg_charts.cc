#include "evaluation/svg_charts.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <numeric>
#include <utility>

#include <fmt/format.h>

#include "evaluation/markup.h"
#include "evaluation/order.h"

namespace oddshot {
namespace {

using markup::element;
using markup::escape;

constexpr double kFont = 12;         // height of text
constexpr double kCharacter = 6.7;   // widest average character of the fonts named in report.css at kFont
constexpr double kLabelGap = 15;     // from one label's baseline to the next
constexpr double kLabelOffset = 18;  // from the plot's right edge to its labels: room for a leader
constexpr double kTolerance = 0.3;   // a drawn curve stays this near to the measured one

// The plot inside a chart: from units of the axes to pixels.
struct Frame {
  const Chart& chart;
  double left, right, top, bottom;

  double x(double value) const {
    const double share = (value - chart.x_low) / (chart.x_high - chart.x_low);
    return left + std::clamp(share, 0.0, 1.0) * (right - left);
  }
  double y(double value) const {
    const double share = (value - chart.y_low) / (chart.y_high - chart.y_low);
    return bottom - std::clamp(share, 0.0, 1.0) * (bottom - top);
  }
  CurvePoint at(const CurvePoint& p) const { return {x(p.x), y(p.y)}; }
};

std::size_t longest(const std::vector<ChartTick>& ticks) {
  std::size_t n = 0;
  for (const ChartTick& t : ticks) n = std::max(n, markup::length(t.label));
  return n;
}

std::size_t longest_label(const Chart& chart) {
  std::size_t n = 0;
  for (const ChartLine& line : chart.lines) n = std::max(n, markup::length(line.label));
  return n;
}

// Labels take what they need, up to half of the drawing.
double label_room(const Chart& chart) {
  const std::size_t n = longest_label(chart);
  if (!chart.labels || n == 0) return 6;
  return std::min(kLabelOffset + static_cast<double>(n) * kCharacter, 0.5 * chart.width);
}

Frame frame_of(const Chart& chart) {
  return {.chart = chart,
          .left = chart.y_ticks.empty() ? 4 : static_cast<double>(longest(chart.y_ticks)) * kCharacter + 8,
          .right = chart.width - label_room(chart),
          .top = chart.y_label.empty() ? 8.0 : 24.0,
          .bottom = chart.height - (chart.x_ticks.empty() ? 4 : 20) - (chart.x_label.empty() ? 0 : 16)};
}

std::string text(double x, double y, std::string_view attributes, std::string_view content) {
  return element("text", fmt::format(R"(x="{:.1f}" y="{:.1f}" {})", x, y, attributes), escape(content));
}

std::string straight(double x1, double y1, double x2, double y2, std::string_view style) {
  return fmt::format(R"(<line class="{}" x1="{:.1f}" y1="{:.1f}" x2="{:.1f}" y2="{:.1f}"/>)", style, x1, y1, x2, y2);
}

std::string coordinates(std::span<const CurvePoint> points) {
  std::string out;
  for (const CurvePoint& p : points) fmt::format_to(std::back_inserter(out), "{}{:.1f},{:.1f}", out.empty() ? "" : " ", p.x, p.y);
  return out;
}

std::string axes(const Frame& f) {
  const Chart& chart = f.chart;
  std::string out;
  for (const ChartTick& t : chart.y_ticks) {
    const double y = f.y(t.at);
    out += straight(f.left, y, f.right, y, "grid");
    out += text(f.left - 6, y + 4, R"(class="tick" text-anchor="end")", t.label);
  }
  out += straight(f.left, f.bottom, f.right, f.bottom, "axis");
  for (const ChartTick& t : chart.x_ticks) {
    const double x = f.x(t.at);
    out += straight(x, f.bottom, x, f.bottom + 4, "axis");
    out += text(x, f.bottom + 16, R"(class="tick" text-anchor="middle")", t.label);
  }
  if (!chart.y_label.empty()) out += text(0, kFont, R"(class="unit")", chart.y_label);
  if (!chart.x_label.empty()) out += text(f.right, chart.height - 3, R"(class="unit" text-anchor="end")", chart.x_label);
  if (chart.diagonal) out += straight(f.x(chart.x_low), f.y(chart.y_low), f.x(chart.x_high), f.y(chart.y_high), "guess");
  return out;
}

bool finite(const CurvePoint& p) { return std::isfinite(p.x) && std::isfinite(p.y); }

std::string band(const Frame& f, const ChartLine& line) {
  std::vector<CurvePoint> outline;
  std::vector<CurvePoint> back;
  for (std::size_t i = 0; i < line.points.size() && i < line.bounds.size(); ++i) {
    if (!finite(line.points[i]) || !finite(line.bounds[i])) continue;
    outline.push_back(f.at({line.points[i].x, line.bounds[i].y}));
    back.push_back(f.at({line.points[i].x, line.bounds[i].x}));
  }
  if (outline.size() < 2) return "";
  outline.insert(outline.end(), back.rbegin(), back.rend());
  return fmt::format(R"(<polygon class="band {}" points="{}"/>)", line.style, coordinates(outline));
}

std::vector<CurvePoint> placed(const Frame& f, const ChartLine& line) {
  std::vector<CurvePoint> points;
  for (const CurvePoint& p : line.points) {
    if (finite(p)) points.push_back(f.at(p));
  }
  return points;
}

std::string curve(const ChartLine& line, std::span<const CurvePoint> points) {
  std::string out;
  if (points.size() > 1) {
    out += fmt::format(R"(<polyline class="line {}" points="{}"/>)", line.style, coordinates(simplify(points, kTolerance)));
  }
  if (line.markers || points.size() == 1) {
    for (const CurvePoint& p : points)
      out += fmt::format(R"(<circle class="dot {}" cx="{:.1f}" cy="{:.1f}" r="3"/>)", line.style, p.x, p.y);
  }
  return out;
}

struct LineEnd {
  const ChartLine* line;
  CurvePoint at;
};

std::string line_labels(const Frame& f, std::span<const LineEnd> ends) {
  std::vector<double> wanted;
  for (const LineEnd& e : ends) wanted.push_back(e.at.y);
  const std::vector<double> placed_at = spread_labels(wanted, kLabelGap, kFont / 2, f.chart.height - kFont / 2);
  const auto room = static_cast<std::size_t>(std::max(1.0, (f.chart.width - f.right - kLabelOffset) / kCharacter + 0.01));
  std::string out;
  for (std::size_t i = 0; i < ends.size(); ++i) {
    const LineEnd& e = ends[i];
    if (std::abs(placed_at[i] - e.at.y) > 2 || e.at.x < f.right - 1) {
      out += straight(e.at.x + 4, e.at.y, f.right + kLabelOffset - 3, placed_at[i], "leader");
    }
    out += text(f.right + kLabelOffset, placed_at[i] + 4, fmt::format(R"(class="label {}")", e.line->style),
                markup::shorten(e.line->label, room));
  }
  return out;
}

}  // namespace

std::string line_chart(const Chart& chart) {
  const Frame f = frame_of(chart);
  std::string bands;
  std::string curves;
  std::vector<LineEnd> ends;
  for (const ChartLine& line : chart.lines) {
    const std::vector<CurvePoint> points = placed(f, line);
    if (points.empty()) continue;
    bands += band(f, line);
    curves += curve(line, points);
    if (chart.labels && !line.label.empty()) ends.push_back({&line, points.back()});
  }
  const std::string names = element("title", fmt::format(R"(id="{}-t")", chart.id), escape(chart.title)) +
                            element("desc", fmt::format(R"(id="{}-d")", chart.id), escape(chart.description));
  return element("svg",
                 fmt::format(R"(class="chart" viewBox="0 0 {0:.0f} {1:.0f}" width="{0:.0f}" height="{1:.0f}" role="img" )"
                             R"(aria-labelledby="{2}-t {2}-d")",
                             chart.width, chart.height, chart.id),
                 names + axes(f) + bands + curves + line_labels(f, ends));
}

std::vector<double> spread_labels(std::span<const double> wanted, double gap, double low, double high) {
  const std::size_t n = wanted.size();
  if (n == 0) return {};
  if (n > 1) gap = std::min(gap, (high - low) / static_cast<double>(n - 1));
  std::vector<std::size_t> order(n);
  std::iota(order.begin(), order.end(), std::size_t{0});
  order = by_falling(std::move(order), [&](std::size_t i) { return -wanted[i]; });

  // With the gaps taken off the places need only not fall: isotonic regression, by pooling adjacent violators.
  struct Block {
    double sum;
    std::size_t count;
    double mean() const { return sum / static_cast<double>(count); }
  };
  std::vector<Block> blocks;
  for (std::size_t i = 0; i < n; ++i) {
    blocks.push_back({wanted[order[i]] - static_cast<double>(i) * gap, 1});
    while (blocks.size() > 1 && blocks[blocks.size() - 2].mean() > blocks.back().mean()) {
      const Block last = blocks.back();
      blocks.pop_back();
      blocks.back().sum += last.sum;
      blocks.back().count += last.count;
    }
  }
  std::vector<double> places(n);
  const double highest = std::max(low, high - static_cast<double>(n - 1) * gap);
  std::size_t i = 0;
  for (const Block& b : blocks) {
    for (std::size_t k = 0; k < b.count; ++k, ++i) places[order[i]] = std::clamp(b.mean(), low, highest) + static_cast<double>(i) * gap;
  }
  return places;
}

std::vector<CurvePoint> simplify(std::span<const CurvePoint> points, double tolerance) {
  if (points.size() < 3) return {points.begin(), points.end()};
  std::vector<bool> keep(points.size(), false);
  keep.front() = keep.back() = true;
  std::vector<std::pair<std::size_t, std::size_t>> open = {{0, points.size() - 1}};
  while (!open.empty()) {
    const auto [first, last] = open.back();
    open.pop_back();
    const CurvePoint a = points[first];
    const double dx = points[last].x - a.x;
    const double dy = points[last].y - a.y;
    const double squared = dx * dx + dy * dy;
    double farthest = 0;
    std::size_t at = first;
    for (std::size_t i = first + 1; i < last; ++i) {
      const double px = points[i].x - a.x;
      const double py = points[i].y - a.y;
      const double along = squared > 0 ? std::clamp((px * dx + py * dy) / squared, 0.0, 1.0) : 0.0;  // the foot lies on the segment
      const double distance = std::hypot(px - along * dx, py - along * dy);
      if (distance > farthest) {
        farthest = distance;
        at = i;
      }
    }
    if (farthest <= tolerance) continue;
    keep[at] = true;
    open.emplace_back(first, at);
    open.emplace_back(at, last);
  }
  std::vector<CurvePoint> kept;
  for (std::size_t i = 0; i < points.size(); ++i) {
    if (keep[i]) kept.push_back(points[i]);
  }
  return kept;
}

std::vector<ChartTick> round_ticks(double low, double high, std::size_t most) {
  const double raw = (high - low) / static_cast<double>(most);
  const double power = std::pow(10.0, std::floor(std::log10(raw)));
  double step = 10 * power;
  for (const double factor : {1.0, 2.0, 5.0}) {
    if (factor * power >= raw * (1 - 1e-9)) {
      step = factor * power;
      break;
    }
  }
  const int decimals = std::max(0, -static_cast<int>(std::floor(std::log10(step) + 1e-9)));
  std::vector<ChartTick> ticks;
  const double first = std::ceil(low / step - 1e-9);
  const auto count = static_cast<std::size_t>(std::max(0.0, std::floor(high / step + 1e-9) - first + 1));
  for (std::size_t k = 0; k < count; ++k) {
    const double value = (first + static_cast<double>(k)) * step;
    ticks.push_back({value, markup::number(value, decimals)});
  }
  return ticks;
}

std::string interval_glyph(const Interval& interval, double low, double high, double reference, std::string_view style) {
  constexpr double kWidth = 110;
  constexpr double kHeight = 14;
  constexpr double kMiddle = kHeight / 2;
  const auto x = [&](double value) { return 4 + std::clamp((value - low) / (high - low), 0.0, 1.0) * (kWidth - 8); };
  std::string out = straight(x(low), kMiddle, x(high), kMiddle, "grid");
  if (reference >= low && reference <= high) out += straight(x(reference), 0, x(reference), kHeight, "zero");
  if (std::isfinite(interval.mean) && std::isfinite(interval.low) && std::isfinite(interval.high)) {
    out += straight(x(interval.low), kMiddle, x(interval.high), kMiddle, fmt::format("range {}", style));
    out += fmt::format(R"(<circle class="dot {}" cx="{:.1f}" cy="{:.1f}" r="3.5"/>)", style, x(interval.mean), kMiddle);
  }
  return element(
      "svg",
      fmt::format(R"(class="glyph" viewBox="0 0 {0:.0f} {1:.0f}" width="{0:.0f}" height="{1:.0f}" aria-hidden="true")", kWidth, kHeight),
      out);
}

}  // namespace oddshot
