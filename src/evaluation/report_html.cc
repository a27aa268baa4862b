// report.html, put together from words, tables and figures.
#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "evaluation/markup.h"
#include "evaluation/report_css.h"
#include "evaluation/report_figures.h"
#include "evaluation/report_tables.h"
#include "evaluation/report_view.h"
#include "evaluation/report_words.h"
#include "oddshot/evaluation/evaluate.h"

namespace oddshot {
namespace {

using markup::element;
using markup::escape;
using markup::number;

#if defined(__clang__)
constexpr std::string_view kCompiler = "Clang " __clang_version__;
#elif defined(__GNUC__)
constexpr std::string_view kCompiler = "GCC " __VERSION__;
#else
constexpr std::string_view kCompiler = "another compiler";
#endif

using Pairs = std::vector<std::pair<std::string, std::string>>;

std::string paragraphs(const std::vector<std::string>& texts) {
  std::string out;
  for (const std::string& t : texts) out += element("p", "", t);
  return out;
}

std::string note(std::string_view content) { return element("p", R"(class="lead-in")", content); }

std::string definitions(const Pairs& pairs) {
  std::string out;
  for (const auto& [name, value] : pairs) out += element("dt", "", escape(name)) + element("dd", "", escape(value));
  return element("dl", R"(class="settings")", out);
}

// A section of the page; nothing for one without content.
struct Section {
  std::string_view id, link, title;
  std::string content;
};

std::string name_of(const RunSettings& settings, const EvaluationResult& result) {
  return settings.title.empty() ? result.suite : settings.title;
}

std::string simulated_notice(const RunSettings& settings) {
  if (!settings.simulated) return "";
  return element("p", R"(class="notice" role="note")",
                 "<strong>Simulated data.</strong> Every row of this report comes from a simulator, none from the real world. It shows how "
                 "Oddshot works, not how well it would do on your data.");
}

std::string header(const ReportView& view) {
  const RunSettings& s = view.settings();
  std::string out = element("p", R"(class="eyebrow")", "Oddshot report · " + escape(name_of(s, view.result())));
  out += simulated_notice(s) + element("h1", "", escape(question(view)));
  if (!s.description.empty()) out += element("p", R"(class="about")", escape(s.description));
  out += element("p", R"(class="verdict")", escape(verdict(view)));
  return out + paragraphs(evidence(view)) + comparison_table(view);
}

std::string methods_section(const ReportView& view) {
  std::string out;
  for (const std::size_t s : view.shots()) out += method_table(view, s);
  if (out.empty()) return "";
  return note(
             "By falling AUPRC; the best of each column in bold. <em>learner</em>: meta-learned across the training tasks; "
             "<em>pooled</em>: one "
             "network trained on all training tasks together; <em>supervised</em>: fitted to the support's labels; <em>expert</em>: fitted "
             "to the support's normal rows alone. A dash: undefined, or not measured.") +
         out;
}

std::string heat_section(const ReportView& view) {
  if (view.tasks().empty()) return "";
  std::string out = heat_map(view, view.lead_shots());
  for (const std::size_t s : view.shots()) {
    if (s == view.lead_shots()) continue;
    out += element(
        "details", "",
        element("summary", "", fmt::format("With {}", markup::counted(s, "labelled example", "labelled examples"))) + heat_map(view, s));
  }
  return note(
             "Each cell is the mean over the repeats; the darker (in dark mode: the brighter), the better. The best of each row is "
             "underlined; guessing reaches the share of anomalies in the query.") +
         out;
}

std::string shots_section(const ReportView& view) {
  const std::string figure = shots_figure(view);
  if (figure.empty()) return "";
  return note(fmt::format(
             "In colour the learners, dashed the method without meta-learning that is best with {}; the best learner and that method "
             "with their 95% bands; in grey all others. The number beside a name is its AUPRC at the largest number of examples. "
             "Examples are spaced by the logarithm of one more.",
             markup::counted(view.lead_shots(), "labelled example", "labelled examples"))) +
         figure;
}

std::string curves_section(const ReportView& view) { return curves_figure(view); }

std::string adaptation_section(const ReportView& view) {
  const std::string figure = adaptation_figure(view);
  if (figure.empty()) return "";
  return note(
             "Mean AUPRC over the held-out tasks, the first draw of each, as adapting takes its steps; step 0 is before any. Flat lines "
             "mean that what "
             "was learned across tasks does the work, rising ones that the examples do.") +
         figure;
}

std::string reliability_section(const ReportView& view) {
  const std::string figure = reliability_figure(view);
  if (figure.empty()) return "";
  return note(fmt::format(
             "Scores become probabilities by a map that was fitted to the training tasks. Here it is judged on the held-out ones, with "
             "{}, each draw at its own share of anomalies: of rows said to be anomalies with a probability of 0.3, three in ten should be. "
             "Tenths with fewer than 20 rows are not drawn. The error is the mean over rows of what the probability and the share of its "
             "tenth differ by.",
             markup::counted(view.lead_shots(), "labelled example", "labelled examples"))) +
         figure;
}

std::string examples_section(const ReportView& view) {
  const std::string figure = examples_figure(view);
  if (figure.empty()) return "";
  const ExplainedAnomaly& first = view.result().examples.front();
  return note(fmt::format(
             "Of the first draw of a hard, a middling and an easy task, with {}: the anomaly that {} ranks first, and the one that it "
             "ranks "
             "last if that is missed. A column's number is its share (a Shapley value) of the difference between the row's score and that "
             "of the normal rows of the support that are most like it; the shares add up. To the right: makes the row more abnormal.",
             markup::counted(first.shots, "labelled example", "labelled examples"), escape(first.method))) +
         figure;
}

std::string joined(const std::vector<std::size_t>& values) {
  std::string out;
  for (const std::size_t v : values) out += (out.empty() ? "" : ", ") + std::to_string(v);
  return out;
}

Pairs settings_of(const ReportView& view) {
  const EvaluationOptions& o = view.result().options;
  Pairs pairs = {{"suite", view.result().suite},
                 {"shots", joined(o.shots)},
                 {"normals", std::to_string(o.normals)},
                 {"query-normals", std::to_string(o.query_normals)},
                 {"query-anomalies", std::to_string(o.query_anomalies)},
                 {"repeats", std::to_string(o.repeats)},
                 {"threshold-repeats", std::to_string(o.threshold_repeats)},
                 {"seed", std::to_string(o.seed)}};
  if (!view.settings().domain.empty()) pairs.insert(pairs.begin() + 1, {"domain", view.settings().domain});
  for (const auto& setting : view.settings().settings) {
    const bool told = std::any_of(pairs.begin(), pairs.end(), [&](const auto& pair) { return pair.first == setting.first; });
    if (!told) pairs.push_back(setting);
  }
  return pairs;
}

std::string training_tasks(const ReportView& view) {
  const std::vector<std::string>& tasks = view.settings().training_tasks;
  if (tasks.empty()) return "";
  std::string names;
  for (const std::string& t : tasks) names += (names.empty() ? "" : ", ") + escape(t);
  const AnomalyNouns& n = view.nouns();
  return element("h3", "", fmt::format("Trained on {}", markup::counted(tasks.size(), n.one, n.many))) +
         element("p", R"(class="names")", names);
}

std::string notes(const ReportView& view) {
  std::string items;
  for (const std::string& t : view.settings().notes) items += element("li", "", escape(t));
  for (const std::string& t : view.result().notes) items += element("li", "", escape(t));
  return items.empty() ? "" : element("h3", "", "Notes") + element("ul", R"(class="notes")", items);
}

std::string how_section(const ReportView& view) {
  const Pairs versions = {{"Oddshot", ODDSHOT_VERSION},
                          {"built with", std::string(kCompiler)},
                          {"training", number(view.settings().training_seconds, 1) + " s"},
                          {"evaluation", number(view.result().seconds, 1) + " s"}};
  return paragraphs(protocol(view)) + element("h3", "", "To get this report again") +
         element("pre", R"(tabindex="0")", element("code", "", escape(command(view)))) + element("h3", "", "Settings") +
         definitions(settings_of(view)) + training_tasks(view) + notes(view) + element("h3", "", "Versions and time") +
         definitions(versions);
}

std::string navigation(const std::vector<Section>& sections) {
  std::string items;
  for (const Section& s : sections) items += element("li", "", element("a", fmt::format("href=\"#{}\"", s.id), s.link));
  return element("nav", R"(aria-label="Contents")", element("ul", "", items));
}

}  // namespace

std::string report_html(const EvaluationResult& result, const RunSettings& settings) {
  const ReportView view(result, settings);
  std::vector<Section> sections = {
      {"methods", "Methods", "Every method, every number of examples", methods_section(view)},
      {"examples", "By examples", "What more examples bring", shots_section(view)},
      {"tasks", "By task", "Task by task", heat_section(view)},
      {"curves", "Curves", "ROC and precision-recall curves", curves_section(view)},
      {"reasons", "Reasons", "Caught and missed, and why", examples_section(view)},
      {"probabilities", "Probabilities", "Probabilities of an anomaly", reliability_section(view)},
      {"steps", "Steps", "Adapting, step by step", adaptation_section(view)},
      {"how", "How it was measured", "How it was measured", how_section(view)},
  };
  std::erase_if(sections, [](const Section& s) { return s.content.empty(); });

  // The page loads nothing and runs nothing: its own rule says so to the browser.
  std::string head = R"(<meta charset="utf-8"/><meta name="viewport" content="width=device-width, initial-scale=1"/>)"
                     R"(<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'"/>)"
                     R"(<meta name="color-scheme" content="light dark"/>)";
  head += element("title", "", "Oddshot report: " + escape(name_of(settings, result))) + element("style", "", kReportCss);
  std::string main;
  for (const Section& s : sections) {
    main += element("section", fmt::format(R"(id="{0}" aria-labelledby="{0}-title")", s.id),
                    element("h2", fmt::format(R"(id="{}-title")", s.id), s.title) + s.content) +
            "\n";
  }
  const std::string footer = simulated_notice(settings) + fmt::format("Made by Oddshot {}.", ODDSHOT_VERSION);
  const std::string body = element("header", "", header(view) + navigation(sections)) + "\n" + element("main", "", "\n" + main) + "\n" +
                           element("footer", "", footer);
  return "<!DOCTYPE html>\n" + element("html", R"(lang="en")", element("head", "", head) + "\n" + element("body", "", body)) + "\n";
}

}  // namespace oddshot
