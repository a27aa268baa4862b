// Charts as inline SVG: lines with bands and direct labels, and intervals on a common scale. Colours are the page's: a line carries a CSS
// class ("c0", "base", "other"), report.css says what that looks like in light, in dark and on paper. Sizes are CSS pixels.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "oddshot/evaluation/evaluate.h"
#include "oddshot/evaluation/metrics.h"

namespace oddshot {

struct ChartLine {
  std::string label;               // beside the last point; empty: none. Not escaped.
  std::string style;               // CSS class
  std::vector<CurvePoint> points;  // by rising x, in units of the axes
  std::vector<CurvePoint> bounds;  // (low, high) at each point, drawn as a band; empty: none
  bool markers = false;            // a dot at each point
};

struct ChartTick {
  double at = 0;
  std::string label;
};

struct Chart {
  std::string id;     // unique in the page: letters, digits, hyphens
  std::string title;  // for who cannot see it, as the description; not escaped
  std::string description;
  double width = 640, height = 360;  // of the whole drawing
  double x_low = 0, x_high = 1, y_low = 0, y_high = 1;
  std::vector<ChartTick> x_ticks, y_ticks;
  std::string x_label, y_label;  // beside the ends of the axes; empty: none
  bool labels = true;            // room on the right for the labels of lines
  bool diagonal = false;         // a thin line from corner to corner: what guessing would give
  std::vector<ChartLine> lines;  // later ones are drawn over earlier ones
};

// The chart as one <svg> element that scales down with the page. Points that are not finite are left out; values beyond an axis are drawn
// at its end. The labels of lines never overlap: where ends lie close they are moved apart and tied to their end by a thin leader.
std::string line_chart(const Chart& chart);

// Places for labels of height `gap` in [low, high]: as near as can be to `wanted` (least squares), `gap` apart in the order of `wanted`,
// closer only where there is no room. Returns the places in the order given.
std::vector<double> spread_labels(std::span<const double> wanted, double gap, double low, double high);

// The points of a polyline needed to stay within `tolerance` of it (Ramer 1972, Douglas and Peucker 1973); first and last are kept.
// Positions in a space where both axes count alike.
std::vector<CurvePoint> simplify(std::span<const CurvePoint> points, double tolerance);

// Ticks at round numbers: the steps 1, 2 or 5 times a power of ten that give at most `most` intervals over [low, high].
std::vector<ChartTick> round_ticks(double low, double high, std::size_t most);

// An interval on the scale [low, high]: a line with a dot at the mean, and a hairline at `reference` (outside of the scale: none).
std::string interval_glyph(const Interval& interval, double low, double high, double reference, std::string_view style);

}  // namespace oddshot
