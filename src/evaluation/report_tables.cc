#include "evaluation/report_tables.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <span>

#include <fmt/format.h>

#include "evaluation/markup.h"
#include "evaluation/order.h"
#include "evaluation/report_words.h"
#include "evaluation/svg_charts.h"

namespace oddshot {
namespace {

using markup::counted;
using markup::element;
using markup::escape;
using markup::number;

constexpr int kDecimals = 3;
constexpr std::string_view kUndefined = R"(<span class="undefined" title="undefined">–</span>)";

std::string cell(std::string_view style, std::string_view content) {
  return element("td", style.empty() ? "" : fmt::format(R"(class="{}")", style), content);
}

std::string heading(std::string_view attributes, std::string_view content) {
  return element("th", fmt::format(R"(scope="col"{}{})", attributes.empty() ? "" : " ", attributes), content);
}

std::string method_name(const ReportView& view, std::string_view name) {
  return element("span", fmt::format(R"(class="method {}")", view.style(name)), escape(name));
}

// A table that scrolls sideways by itself where it is wider than the page; reachable by keyboard.
std::string scrolling(std::string_view style, std::string_view label, std::string_view caption, std::string_view head,
                      const std::string& bodies) {
  return element("div", fmt::format(R"(class="scroll" tabindex="0" role="region" aria-label="{}")", escape(label)),
                 element("table", fmt::format(R"(class="{}")", style),
                         element("caption", "", element("span", R"(class="stay")", caption)) + element("thead", "", head) + bodies));
}

std::string with_examples(std::size_t shots) { return fmt::format("With {}", counted(shots, "labelled example", "labelled examples")); }

// A column of the methods' table.
struct MetricColumn {
  std::string_view label;
  std::function<std::optional<double>(const MethodResult&)> value;
  std::function<const std::optional<Interval>*(const MethodResult&)> interval;  // none: a timing
  bool less_is_better = false;
  int decimals = kDecimals;
};

template <auto Member>
MetricColumn metric_column(std::string_view label) {
  return {.label = label,
          .value = [](const MethodResult& m) { return m.*Member ? std::optional((m.*Member)->mean) : std::nullopt; },
          .interval = [](const MethodResult& m) { return &(m.*Member); }};
}

std::optional<double> measured(double value) { return value > 0 && std::isfinite(value) ? std::optional(value) : std::nullopt; }

std::vector<MetricColumn> columns_of(std::span<const MethodResult* const> rows) {
  std::vector<MetricColumn> columns = {metric_column<&MethodResult::auprc>("AUPRC"),
                                       metric_column<&MethodResult::auroc>("AUROC"),
                                       metric_column<&MethodResult::recall_at_1_percent>("Recall at 1%"),
                                       metric_column<&MethodResult::f1>("F1"),
                                       metric_column<&MethodResult::precision>("Precision"),
                                       metric_column<&MethodResult::recall>("Recall"),
                                       metric_column<&MethodResult::accuracy>("Accuracy")};
  columns.push_back(
      {.label = "Adapt, ms", .value = [](const MethodResult& m) { return measured(m.adapt_ms); }, .interval = {}, .less_is_better = true});
  columns.push_back(
      {.label = "1000 rows/s", .value = [](const MethodResult& m) { return measured(m.score_rows_per_s / 1000); }, .interval = {}});
  for (MetricColumn& c : columns) {
    if (c.interval) continue;
    std::vector<double> values;
    for (const MethodResult* m : rows) values.push_back(c.value(*m).value_or(0));
    c.decimals = markup::decimals_for(values);
  }
  return columns;
}

// As it reads in the table, so that what reads equal is marked equal.
double as_shown(double value, int decimals) {
  const double scale = std::pow(10.0, decimals);
  return std::round(value * scale) / scale;
}

std::optional<double> best_of(const MetricColumn& column, std::span<const MethodResult* const> rows) {
  std::optional<double> best;
  for (const MethodResult* m : rows) {
    const std::optional<double> v = column.value(*m);
    if (!v) continue;
    const double shown = as_shown(*v, column.decimals);
    if (!best || (column.less_is_better ? shown < *best : shown > *best)) best = shown;
  }
  return best;
}

std::string value_cell(const MetricColumn& column, const MethodResult& m, std::optional<double> best) {
  const std::optional<double> v = column.value(m);
  if (!v) return cell("", kUndefined);
  const bool is_best = best && as_shown(*v, column.decimals) == *best;
  const std::string shown = number(v, column.decimals);
  const std::string content = is_best ? element("b", "", shown) + R"(<span class="unseen"> best</span>)" : shown;
  std::string attributes = is_best ? R"(class="best")" : "";
  if (const std::optional<Interval> i = column.interval ? *column.interval(m) : std::nullopt) {
    attributes +=
        fmt::format(R"({}title="{} to {}")", attributes.empty() ? "" : " ", number(i->low, kDecimals), number(i->high, kDecimals));
  }
  return element("td", attributes, content);
}

std::string method_row(const ReportView& view, const MethodResult& m, std::span<const MetricColumn> columns,
                       std::span<const std::optional<double>> best) {
  std::string out = element("th", R"(scope="row")", method_name(view, m.name));
  out += cell("kind", escape(m.kind));
  for (std::size_t c = 0; c < columns.size(); ++c) {
    out += value_cell(columns[c], m, best[c]);
    if (c > 0) continue;
    const std::string range =
        m.auprc ? fmt::format("{}–{}", number(m.auprc->low, kDecimals), number(m.auprc->high, kDecimals)) : std::string(kUndefined);
    out += cell("range", range);
    out += cell("picture", m.auprc ? interval_glyph(*m.auprc, 0, 1, -1, view.style(m.name)) : "");
  }
  return element("tr", view.style(m.name) == "other" ? "" : R"(class="focus")", out);
}

std::string undefined_note(std::span<const MethodResult* const> rows) {
  std::vector<std::string> counts;
  for (const MethodResult* m : rows) {
    if (m->undefined > 0) counts.push_back(fmt::format("{} in {}", escape(m->name), m->undefined));
  }
  if (counts.empty()) return "";
  return element(
      "p", R"(class="note")",
      fmt::format("In some draws (a task and a repeat) a metric at the threshold is undefined, precision for one where no row is "
                  "called an anomaly: {}. They count in no mean.",
                  markup::listed(counts)));
}

// 0 to 9: which tenth of [0, 1] a value lies in as it reads, so that equal numbers have equal shades.
int tenth(double value) { return std::clamp(static_cast<int>(as_shown(value, 2) * 10 + 1e-9), 0, 9); }

std::string heat_cell(std::optional<double> value, bool best) {
  if (!value || !std::isfinite(*value)) return cell("", kUndefined);
  const std::string shown = number(value, 2);
  return cell(fmt::format("h{}", tenth(*value)), best ? element("b", "", shown) : shown);
}

// Share of anomalies among the task's query rows, the same for every method.
std::optional<double> prevalence(std::span<const MethodResult* const> methods, std::string_view task) {
  for (const MethodResult* m : methods) {
    for (const TaskResult& t : m->tasks) {
      if (t.task == task) return t.prevalence;
    }
  }
  return std::nullopt;
}

std::vector<std::string> easiest_first(const ReportView& view, std::span<const MethodResult* const> rows) {
  return by_falling(view.tasks(), [&](const std::string& task) {
    double sum = 0;
    double count = 0;
    for (const MethodResult* m : rows) {
      if (const std::optional<double> v = task_auprc(*m, task)) {
        sum += *v;
        count += 1;
      }
    }
    return count > 0 ? sum / count : -1.0;
  });
}

std::string_view standing_words(const Interval& difference) {
  if (difference.low > 0) return "ahead";
  return difference.high < 0 ? "behind" : "no clear difference";
}

// The learners at these shots, beneath a line that names what they are compared with.
std::string comparison_group(const ReportView& view, std::size_t shots, double reach) {
  std::string rows;
  for (const MethodResult* m : view.ranked(shots)) {
    if (!view.is_learner(m->name)) continue;
    const std::optional<Interval>& d = m->auprc_over_best_baseline;
    const std::string row = element("th", R"(scope="row")", method_name(view, m->name)) + cell("", with_interval(m->auprc)) +
                            cell("", d ? signed_with_interval(*d) : std::string(kUndefined)) +
                            cell("picture", d ? interval_glyph(*d, -reach, reach, 0, view.style(m->name)) : "") +
                            cell("words", d ? standing_words(*d) : "not compared");
    rows += element("tr", "", row);
  }
  if (rows.empty()) return "";
  const MethodResult* base = view.best_baseline(shots);
  const std::string against =
      base != nullptr ? fmt::format(", against {} {}", method_name(view, base->name), with_interval(base->auprc)) : std::string();
  return element(
      "tbody", "",
      element("tr", R"(class="group")",
              element("th", R"(colspan="5" scope="rowgroup")", element("span", R"(class="stay")", with_examples(shots) + against))) +
          rows);
}

}  // namespace

std::string comparison_table(const ReportView& view) {
  if (view.learners() == 0) return "";
  double reach = 0.05;  // of the scale of differences: to the next twentieth
  for (const MethodResult& m : view.result().methods) {
    if (const auto& d = m.auprc_over_best_baseline) reach = std::max({reach, std::abs(d->low), std::abs(d->high)});
  }
  reach = std::ceil(reach * 20 - 1e-9) / 20;
  const std::string ends = fmt::format(R"(<span class="ends"><span>{}</span><span>0</span><span>{}</span></span>)",
                                       markup::signed_number(-reach, 2), markup::signed_number(reach, 2));
  const std::string head = heading("", "Learner") + heading("", "AUPRC") + heading("", "Difference") + heading(R"(class="picture")", ends) +
                           heading(R"(class="words")", "In words");
  std::string bodies;
  for (const std::size_t shots : view.shots()) bodies += comparison_group(view, shots, reach);
  return scrolling("ledger", "Learners against the best other method", "Each learner against the best method without meta-learning",
                   element("tr", "", head), bodies);
}

std::string method_table(const ReportView& view, std::size_t shots) {
  const std::vector<const MethodResult*> rows = view.ranked(shots);
  const std::vector<MetricColumn> columns = columns_of(rows);
  std::vector<std::optional<double>> best;
  for (const MetricColumn& c : columns) best.push_back(rows.size() > 1 ? best_of(c, rows) : std::nullopt);
  std::string names = heading("", "Method") + heading(R"(class="kind")", "Kind");
  for (std::size_t c = 0; c < columns.size(); ++c) {
    names += heading("", columns[c].label);
    if (c == 0) {
      names += heading(R"(class="range")", "95% interval");
      names += heading(R"(class="picture")", R"(<span class="ends"><span>0</span><span>1</span></span>)");
    }
  }
  const std::string groups = R"(<tr class="groups"><td colspan="7"></td><th colspan="4" scope="colgroup">At the suggested threshold</th>)"
                             R"(<th colspan="2" scope="colgroup">Speed</th></tr>)";
  std::string body;
  for (const MethodResult* m : rows) body += method_row(view, *m, columns, best);
  const std::string label = with_examples(shots);
  return scrolling("methods", label, label, groups + element("tr", "", names), element("tbody", "", body)) + undefined_note(rows);
}

std::string heat_map(const ReportView& view, std::size_t shots) {
  const std::vector<const MethodResult*> methods = view.ranked(shots);
  std::string head = heading(R"(class="corner")", "Task");
  for (const MethodResult* m : methods) head += heading(R"(class="tall")", method_name(view, m->name));
  const std::optional<double> chance = view.chance(shots);
  if (chance) head += heading(R"(class="tall")", R"(<span class="method">guessing</span>)");
  std::string body;
  for (const std::string& task : easiest_first(view, methods)) {
    double highest = -1;
    for (const MethodResult* m : methods) highest = std::max(highest, as_shown(task_auprc(*m, task).value_or(-1), 2));
    std::string row = element("th", fmt::format(R"(scope="row" title="{}")", escape(task)), escape(markup::shorten(task, 24)));
    for (const MethodResult* m : methods) {
      const std::optional<double> v = task_auprc(*m, task);
      row += heat_cell(v, v && methods.size() > 1 && as_shown(*v, 2) == highest);
    }
    if (chance) row += cell("guess", number(prevalence(methods, task), 2));
    body += element("tr", "", row);
  }
  std::string mean = element("th", R"(scope="row")", "Mean");
  for (const MethodResult* m : methods) mean += heat_cell(m->auprc ? std::optional(m->auprc->mean) : std::nullopt, false);
  if (chance) mean += cell("guess", number(chance, 2));
  body += element("tr", R"(class="mean")", mean);
  const std::string label = with_examples(shots);
  return scrolling("heat", label, label, element("tr", "", head), element("tbody", "", body));
}

}  // namespace oddshot
