#include "evaluation/report_figures.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include <fmt/format.h>

#include "evaluation/markup.h"
#include "evaluation/order.h"
#include "evaluation/svg_charts.h"

namespace oddshot {
namespace {

using markup::element;
using markup::escape;
using markup::number;

constexpr std::size_t kMostTasks = 6;
constexpr std::size_t kColumnsShown = 6;
constexpr std::size_t kFewestToShow = 20;  // rows: the share of fewer is chance

// Lines of lesser weight first, so that those in colour lie on top; the best learner last.
int weight(std::string_view style) {
  if (style == "other") return 0;
  if (style == "base") return 1;
  return 2 + ('3' - style.back());
}

void sort_by_weight(std::vector<ChartLine>& lines) {
  lines = by_falling(std::move(lines), [](const ChartLine& line) { return -weight(line.style); });
}

// Zero and few shots need room, many need little: the logarithm of one more.
double place(std::size_t shots) { return std::log1p(static_cast<double>(shots)); }

struct Range {
  double low = std::numeric_limits<double>::infinity();
  double high = -std::numeric_limits<double>::infinity();
  void add(double value) {
    if (!std::isfinite(value)) return;
    low = std::min(low, value);
    high = std::max(high, value);
  }
};

// Tenths around the values, within [0, 1]: a metric's axis.
Range metric_axis(Range r) {
  if (r.low > r.high) return {0, 1};
  r.low = std::clamp(std::floor(r.low * 10 + 1e-9) / 10, 0.0, 0.9);
  r.high = std::clamp(std::ceil(r.high * 10 - 1e-9) / 10, r.low + 0.1, 1.0);
  return r;
}

// In the chart of all methods two bands can be told apart, more cannot: those of the best learner and of the best other method.
bool carries_band(std::string_view style) { return style == "c0" || style == "base"; }

// The shots of one method as a line, with its 95% interval as a band where `with_band`.
ChartLine shots_line(const ReportView& view, const std::string& method, bool with_band) {
  ChartLine line{.label = "", .style = std::string(view.style(method)), .points = {}, .bounds = {}, .markers = true};
  for (const std::size_t s : view.shots()) {
    const MethodResult* m = view.find(method, s);
    if (m == nullptr || !m->auprc) continue;
    line.points.push_back({place(s), m->auprc->mean});
    if (with_band) line.bounds.push_back({m->auprc->low, m->auprc->high});
    line.label = fmt::format("{} {}", method, number(m->auprc->mean, 3));
  }
  return line;
}

Chart shots_chart(const ReportView& view) {
  Chart chart;
  chart.title = "AUPRC by number of labelled examples";
  chart.description = "One line a method; bands are 95% intervals. The table above holds the same numbers.";
  chart.x_label = "labelled examples";
  chart.y_label = "AUPRC";
  const double pad = 0.03 * (place(view.shots().back()) - place(view.shots().front()));
  chart.x_low = place(view.shots().front()) - pad;
  chart.x_high = place(view.shots().back());
  for (const std::size_t s : view.shots()) chart.x_ticks.push_back({place(s), std::to_string(s)});
  Range range;
  for (const std::string& name : view.methods()) {
    const ChartLine line = shots_line(view, name, true);
    for (const CurvePoint& p : line.points) range.add(p.y);
    for (const CurvePoint& b : line.bounds) {
      if (!carries_band(view.style(name))) break;
      range.add(b.x);
      range.add(b.y);
    }
  }
  range = metric_axis(range);
  chart.y_low = range.low;
  chart.y_high = range.high;
  chart.y_ticks = round_ticks(range.low, range.high, 10);
  return chart;
}

// One method by itself, all others faint behind it.
std::string small_multiple(const ReportView& view, const std::string& method, std::size_t index, const Chart& overview) {
  Chart chart = overview;
  chart.id = fmt::format("alone-{}", index);
  chart.title = fmt::format("AUPRC of {} by number of labelled examples", method);
  chart.description = "Its line and 95% interval; all other methods faint behind it.";
  chart.width = 168;
  chart.height = 132;
  chart.labels = false;
  chart.x_label = chart.y_label = "";
  chart.y_ticks = {{chart.y_low, number(chart.y_low, 1)}, {chart.y_high, number(chart.y_high, 1)}};
  for (const std::string& other : view.methods()) {
    if (other == method) continue;
    chart.lines.push_back(shots_line(view, other, false));
    chart.lines.back().style = "faint";
  }
  ChartLine line = shots_line(view, method, true);
  if (line.points.empty()) return "";
  if (line.style == "other") line.style = "plain";
  chart.lines.push_back(line);
  const std::string value = line.label.substr(line.label.rfind(' '));
  const std::string name = element("span", fmt::format(R"(class="method {}")", view.style(method)), escape(method));
  return element("figure", R"(class="alone")", element("figcaption", "", name + value) + line_chart(chart));
}

// Tasks with curves at these shots, easy to hard for the best learner (or method); evenly spread where there are too many.
std::vector<std::string> tasks_to_show(const ReportView& view, std::size_t shots) {
  std::vector<std::string> tasks;
  for (const TaskCurves& c : view.result().curves) {
    if (c.shots == shots && std::find(tasks.begin(), tasks.end(), c.task) == tasks.end()) tasks.push_back(c.task);
  }
  const MethodResult* leader = view.best_learner(shots) != nullptr ? view.best_learner(shots) : view.best_baseline(shots);
  if (leader != nullptr) {
    tasks = by_falling(std::move(tasks), [&](const std::string& task) { return task_auprc(*leader, task).value_or(-1); });
  }
  if (tasks.size() <= kMostTasks) return tasks;
  std::vector<std::string> shown;
  for (std::size_t i = 0; i < kMostTasks; ++i) shown.push_back(tasks[i * (tasks.size() - 1) / (kMostTasks - 1)]);
  return shown;
}

// The lead shots where they have curves, else the first that have.
std::size_t shots_with_curves(const ReportView& view) {
  for (const TaskCurves& c : view.result().curves) {
    if (c.shots == view.lead_shots()) return c.shots;
  }
  return view.result().curves.front().shots;
}

Chart curve_chart(std::string id, std::string title, std::string x_label, std::string y_label) {
  Chart chart;
  chart.id = std::move(id);
  chart.title = std::move(title);
  chart.description = "One line a method, of one draw; the key above names them.";
  chart.width = chart.height = 250;
  chart.x_ticks = chart.y_ticks = {{0, "0"}, {0.5, "0.5"}, {1, "1"}};
  chart.x_label = std::move(x_label);
  chart.y_label = std::move(y_label);
  chart.labels = false;
  return chart;
}

std::string task_panel(const ReportView& view, const std::string& task, std::size_t index, std::size_t shots) {
  Chart roc = curve_chart(fmt::format("roc-{}", index), fmt::format("ROC curves of {}", task), "false alarms", "recall");
  roc.diagonal = true;
  Chart pr = curve_chart(fmt::format("pr-{}", index), fmt::format("Precision-recall curves of {}", task), "recall", "precision");
  std::vector<const MethodResult*> keys;
  for (const TaskCurves& c : view.result().curves) {
    if (c.task != task || c.shots != shots) continue;
    const std::string style(view.style(c.method));
    roc.lines.push_back({.label = "", .style = style, .points = c.roc, .bounds = {}});
    pr.lines.push_back({.label = "", .style = style, .points = c.precision_recall, .bounds = {}});
    if (const MethodResult* m = view.find(c.method, shots)) keys.push_back(m);
  }
  sort_by_weight(roc.lines);
  sort_by_weight(pr.lines);
  keys = by_falling(std::move(keys), [&](const MethodResult* m) { return task_auprc(*m, task).value_or(-1); });
  std::string items;
  for (const MethodResult* m : keys) {
    items += element("li", fmt::format(R"(class="method {}")", view.style(m->name)),
                     fmt::format("{} {}", escape(m->name), number(task_auprc(*m, task), 2)));
  }
  const std::string caption = element("h3", "", escape(task)) + (items.empty() ? "" : element("ul", R"(class="key")", items));
  return element("figure", R"(class="task")",
                 element("figcaption", "", caption) + element("div", R"(class="pair")", line_chart(roc) + line_chart(pr)));
}

std::string adaptation_panel(const ReportView& view, std::size_t shots, const Range& axis) {
  Chart chart;
  chart.id = fmt::format("steps-{}", shots);
  const std::string examples = markup::counted(shots, "labelled example", "labelled examples");
  chart.title = fmt::format("AUPRC by inner steps with {}", examples);
  chart.description = "One line a method that adapts by steps: the mean over held-out tasks after each step, one draw a task.";
  chart.width = 340;
  chart.height = 250;
  chart.x_label = "inner steps";
  chart.y_label = "AUPRC";
  chart.y_low = axis.low;
  chart.y_high = axis.high;
  chart.y_ticks = round_ticks(axis.low, axis.high, 6);
  std::size_t most = 1;
  for (const AdaptationCurve& c : view.result().adaptation) {
    if (c.shots != shots || c.auprc.size() < 2 || c.auprc.size() != c.steps.size()) continue;
    most = std::max(most, c.steps.back());
    ChartLine line{.label = fmt::format("{} {}", c.method, number(c.auprc.back(), 2)),
                   .style = std::string(view.style(c.method)),
                   .points = {},
                   .bounds = {},
                   .markers = true};
    for (std::size_t k = 0; k < c.steps.size(); ++k) line.points.push_back({static_cast<double>(c.steps[k]), c.auprc[k]});
    chart.lines.push_back(std::move(line));
  }
  sort_by_weight(chart.lines);
  chart.x_high = static_cast<double>(most);
  chart.x_ticks = round_ticks(0, chart.x_high, std::min<std::size_t>(most, 6));
  return element("figure", R"(class="panel")", element("figcaption", "", fmt::format("With {}", examples)) + line_chart(chart));
}

// A bar from the middle: to the right what makes the row more abnormal.
std::string share_bar(double share, double largest) {
  const double length = largest > 0 ? 50 * std::fabs(share) / largest : 0;
  return fmt::format(
      R"(<svg class="share {}" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true"><rect x="{:.1f}" y="1" width="{:.1f}" height="6"/></svg>)",
      share >= 0 ? "more" : "less", share >= 0 ? 50 : 50 - length, length);
}

std::string example_panel(const ExplainedAnomaly& one) {
  const std::vector<ColumnShare>& columns = one.explanation.columns;
  const double largest = columns.empty() ? 0 : std::fabs(columns.front().share);
  std::string rows;
  double rest = 0;
  std::size_t shown = 0;
  for (const ColumnShare& column : columns) {
    if (shown == kColumnsShown || column.share == 0) {
      rest += column.share;
      continue;
    }
    ++shown;
    const std::string value =
        escape(column.value) + (column.usual ? element("span", R"(class="usual")", " usually " + escape(*column.usual)) : "");
    rows += element("tr", "",
                    element("th", R"(scope="row")", escape(column.column)) + element("td", R"(class="words")", value) +
                        element("td", "", share_bar(column.share, largest)) + element("td", "", fmt::format("{:+.2f}", column.share)));
  }
  if (shown < columns.size()) {
    rows += element("tr", "",
                    element("th", R"(scope="row")", fmt::format("{} more", columns.size() - shown)) + element("td", "", "") +
                        element("td", "", "") + element("td", "", fmt::format("{:+.2f}", rest)));
  }
  const std::string caption = fmt::format("{}: {}, place {} of {} ({} anomalies)", one.caught() ? "caught" : "missed", escape(one.task),
                                          one.place, one.query_rows, one.query_anomalies);
  const std::string score =
      fmt::format("Score {:.3g}; the normal rows most like it have {:.3g}.", one.explanation.score, one.explanation.baseline);
  const std::string table = element("table", "", element("caption", "", caption) + element("tbody", "", rows));
  return element("figure", R"(class="example")",
                 element("div", fmt::format(R"(class="scroll" tabindex="0" role="region" aria-label="{}")", escape(one.task)), table) +
                     element("p", R"(class="note")", score));
}

}  // namespace

std::string shots_figure(const ReportView& view) {
  if (view.shots().size() < 2) return "";
  const Chart overview = shots_chart(view);
  Chart chart = overview;
  for (const std::string& name : view.methods()) {
    const ChartLine line = shots_line(view, name, carries_band(view.style(name)));
    if (!line.points.empty()) chart.lines.push_back(line);
  }
  if (chart.lines.empty()) return "";
  sort_by_weight(chart.lines);
  const double labels = 16.0 * static_cast<double>(chart.lines.size()) + 40;
  chart.id = "shots-wide";
  chart.width = 860;
  chart.height = std::max(420.0, labels);
  const std::string wide = line_chart(chart);
  chart.id = "shots-narrow";
  chart.width = 340;
  const std::string narrow = line_chart(chart);
  std::string alone;
  const std::vector<const MethodResult*> ranked = view.ranked(view.shots().back());
  for (std::size_t i = 0; i < ranked.size(); ++i) alone += small_multiple(view, ranked[i]->name, i, overview);
  return element("figure", "", element("div", R"(class="wide")", wide) + element("div", R"(class="narrow")", narrow)) +
         element("h3", "", "Each method by itself, with its 95% interval") + element("div", R"(class="alones")", alone);
}

std::string curves_figure(const ReportView& view) {
  if (view.result().curves.empty()) return "";
  const std::size_t shots = shots_with_curves(view);
  const std::vector<std::string> tasks = tasks_to_show(view, shots);
  std::string out;
  for (std::size_t i = 0; i < tasks.size(); ++i) out += task_panel(view, tasks[i], i, shots);
  return element("p", R"(class="lead-in")",
                 fmt::format(
                     "The curves are those of one draw a task, with {}; the number beside a name is its AUPRC on the task, the mean over "
                     "all draws. Dotted: guessing.",
                     markup::counted(shots, "labelled example", "labelled examples"))) +
         element("div", R"(class="tasks")", out);
}

std::string adaptation_figure(const ReportView& view) {
  std::vector<std::size_t> shots;
  Range range;
  for (const AdaptationCurve& c : view.result().adaptation) {
    if (c.auprc.size() < 2) continue;
    if (std::find(shots.begin(), shots.end(), c.shots) == shots.end()) shots.push_back(c.shots);
    for (const double v : c.auprc) range.add(v);
  }
  if (shots.empty()) return "";
  std::sort(shots.begin(), shots.end());
  std::string out;
  for (const std::size_t s : shots) out += adaptation_panel(view, s, metric_axis(range));
  return element("div", R"(class="panels")", out);
}

std::string reliability_figure(const ReportView& view) {
  Chart chart = curve_chart("reliability", "Share of anomalies by the probability that was told", "probability told", "share of anomalies");
  chart.description = "One line a learner; on the dotted diagonal what is said comes true.";
  chart.width = 640;
  chart.height = 400;
  chart.labels = true;
  chart.diagonal = true;
  std::string rows;
  for (const std::string& name : view.methods()) {
    std::string cells;
    for (const std::size_t s : view.shots()) {
      const MethodResult* m = view.find(name, s);
      if (m == nullptr || !m->reliability) continue;
      cells += fmt::format("{}{} at {}", cells.empty() ? "" : ", ", number(m->reliability->error, 3), s);
      if (s != view.lead_shots()) continue;
      ChartLine line{.label = name, .style = std::string(view.style(name)), .points = {}, .bounds = {}, .markers = true};
      for (const Reliability::Bin& bin : m->reliability->bins) {
        if (bin.rows >= kFewestToShow) line.points.push_back({bin.probability, bin.share});
      }
      chart.lines.push_back(std::move(line));
    }
    if (!cells.empty()) rows += element("li", "", element("strong", "", escape(name)) + ": " + cells);
  }
  if (rows.empty()) return "";
  sort_by_weight(chart.lines);
  const std::string figure = chart.lines.empty() ? "" : element("figure", "", line_chart(chart));
  return figure + element("h3", "", "Expected calibration error, by number of labelled examples") + element("ul", R"(class="notes")", rows);
}

std::string examples_figure(const ReportView& view) {
  std::string out;
  for (const ExplainedAnomaly& one : view.result().examples) out += example_panel(one);
  return out.empty() ? "" : element("div", R"(class="examples")", out);
}

}  // namespace oddshot
