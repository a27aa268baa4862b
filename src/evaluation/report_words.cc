#include "evaluation/report_words.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <utility>

#include <fmt/format.h>

#include "evaluation/markup.h"
#include "oddshot/evaluation/experiment.h"

namespace oddshot {
namespace {

using markup::counted;
using markup::escape;
using markup::in_words;
using markup::listed;
using markup::number;
using markup::signed_number;

constexpr int kDecimals = 3;

std::string bold(std::string_view name) { return markup::element("strong", "", escape(name)); }

std::string capital(std::string text) {
  if (!text.empty()) text[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(text[0])));
  return text;
}

// "five and ten".
std::string counts(const std::vector<std::size_t>& shots) {
  std::vector<std::string> words;
  for (const std::size_t s : shots) words.push_back(in_words(s));
  return listed(words);
}

// "one labelled example", "five and ten labelled examples".
std::string examples(const std::vector<std::size_t>& shots) {
  const bool singular = shots.size() == 1 && shots[0] <= 1;
  return counts(shots) + (singular ? " labelled example" : " labelled examples");
}

bool any_auprc(const ReportView& view) {
  return std::any_of(view.result().methods.begin(), view.result().methods.end(), [](const MethodResult& m) { return m.auprc.has_value(); });
}

std::vector<std::size_t> shots_that(const ReportView& view, Standing standing) {
  std::vector<std::size_t> out;
  for (const std::size_t s : view.shots()) {
    if (view.standing(s) == standing) out.push_back(s);
  }
  return out;
}

// "With five labelled examples of an attack type it never saw, "
std::string opening(const ReportView& view, std::string_view who) {
  const AnomalyNouns& n = view.nouns();
  if (view.lead_shots() == 0) {
    return fmt::format("Without a labelled example, from {} alone, ", counted(view.result().options.normals, "normal row", "normal rows"));
  }
  return fmt::format("With {} of {} {} {} never saw, ", examples({view.lead_shots()}), n.article, n.one, who);
}

std::string finds(const ReportView& view) {
  return view.lead_shots() == 0 ? fmt::format("finds {} it never saw with", view.nouns().many) : "finds the others with";
}

std::string comparison(const ReportView& view, const MethodResult& learner) {
  const MethodResult* base = view.best_baseline(view.lead_shots());
  if (base == nullptr) return " No method without meta-learning was measured beside it.";
  std::string out = fmt::format(" The best method without meta-learning, {}, reaches {}.", bold(base->name), with_interval(base->auprc));
  if (!learner.auprc_over_best_baseline) return out + " Their difference is undefined.";
  const std::string difference = signed_with_interval(*learner.auprc_over_best_baseline);
  switch (view.standing(view.lead_shots())) {
    case Standing::kWins:
      return out + fmt::format(" The difference, {}, is clear of zero: meta-learning pays.", difference);
    case Standing::kLoses:
      return out + fmt::format(" The difference, {}, goes the other way: here meta-learning does not win.", difference);
    default:
      return out + fmt::format(" The difference, {}, includes zero: neither can be called better.", difference);
  }
}

std::string lead(const ReportView& view) {
  const std::size_t shots = view.lead_shots();
  if (const MethodResult* m = view.best_learner(shots)) {
    const std::string of = view.learners() > 1 ? fmt::format(", the best of {} learners,", in_words(view.learners())) : "";
    return opening(view, "it") +
           fmt::format("{}{} {} an average precision of {}.", bold(m->name), of, finds(view), with_interval(m->auprc)) +
           comparison(view, *m);
  }
  if (const MethodResult* m = view.best_baseline(shots)) {
    return opening(view, "it") +
           fmt::format("the best method, {}, {} an average precision of {}.", bold(m->name), finds(view), with_interval(m->auprc));
  }
  return fmt::format("With {}, average precision is undefined for every method.", examples({shots}));
}

// Which tasks the leader finds easily, which hardly, and on how many it is ahead.
std::string by_task(const ReportView& view) {
  const std::size_t shots = view.lead_shots();
  const MethodResult* learner = view.best_learner(shots);
  const MethodResult* base = view.best_baseline(shots);
  const MethodResult* leader = learner != nullptr ? learner : base;
  if (leader == nullptr) return "";
  std::size_t ahead = 0;
  std::size_t compared = 0;
  struct Extreme {
    std::string_view task;
    double auprc;
  };
  std::optional<Extreme> easiest;
  std::optional<Extreme> hardest;
  for (const TaskResult& t : leader->tasks) {
    if (!t.auprc) continue;
    if (!easiest || *t.auprc > easiest->auprc) easiest = {t.task, *t.auprc};
    if (!hardest || *t.auprc < hardest->auprc) hardest = {t.task, *t.auprc};
    const std::optional<double> other = learner != nullptr && base != nullptr ? task_auprc(*base, t.task) : std::nullopt;
    if (!other) continue;
    ++compared;
    if (*t.auprc > *other) ++ahead;
  }
  if (!easiest || !hardest || leader->tasks.size() < 2) return "";
  std::string out;
  if (compared > 0) {
    out = capital(fmt::format("{} is ahead of {} on {} of {}. ", bold(leader->name), bold(base->name),
                              ahead == 0 ? "none" : in_words(ahead), counted(compared, view.nouns().one, view.nouns().many)));
  }
  return out + fmt::format("Easiest for {} is {} ({}), hardest {} ({}).", compared > 0 ? "it" : bold(leader->name), bold(easiest->task),
                           number(easiest->auprc, kDecimals), bold(hardest->task), number(hardest->auprc, kDecimals));
}

std::string how_to_read(const ReportView& view) {
  std::string guess;
  if (const std::optional<double> chance = view.chance(view.lead_shots())) {
    guess = fmt::format("; guessing would give about {}, the share of anomalies", number(chance, 2));
  }
  std::string out = fmt::format(
      "Average precision (AUPRC) is 1 where every anomaly ranks above every normal row{}. Brackets hold 95% intervals, by bootstrap over "
      "tasks and repeats; differences are paired by draw.",
      guess);
  if (view.learners() > 0 && view.methods().size() > 2) {
    out += " The best learner and the best other method were each picked by these same figures, which flatters both a little.";
  }
  return out;
}

// The settings that the command must give: what was measured, and each choice that is not the default.
std::vector<std::pair<std::string, std::string>> chosen(const RunSettings& settings) {
  const LearnerOptions learner;
  const TrainingOptions training;
  const auto defaults = training_settings(learner, training);
  std::vector<std::pair<std::string, std::string>> out;
  for (const auto& setting : settings.settings) {
    const std::string& name = setting.first;
    const bool always = name == "learner" || name == "baselines";
    // Taken over from --shots, --normals and --seed, which the command ends with.
    const bool follows = name.starts_with("training-") || name == "normals" || name == "seed";
    const bool changed = std::any_of(defaults.begin(), defaults.end(),
                                     [&](const auto& usual) { return usual.first == name && usual.second != setting.second; });
    if (always || (changed && !follows)) out.emplace_back(name, setting.second.empty() ? "none" : setting.second);
  }
  return out;
}

std::string in_shell(std::string_view value) {
  const bool plain = !value.empty() && std::all_of(value.begin(), value.end(), [](unsigned char c) {
    return std::isalnum(c) != 0 || std::string_view("-_.,/:+=@%").find(static_cast<char>(c)) != std::string_view::npos;
  });
  if (plain) return std::string(value);
  std::string out = "'";
  for (const char c : value) {
    if (c == '\'') {
      out += R"('\'')";
    } else {
      out += c;
    }
  }
  return out + "'";
}

}  // namespace

std::string with_interval(const std::optional<Interval>& interval) {
  if (!interval) return "undefined";
  return fmt::format("{} [{}, {}]", number(interval->mean, kDecimals), number(interval->low, kDecimals), number(interval->high, kDecimals));
}

std::string signed_with_interval(const Interval& interval) {
  return fmt::format("{} [{}, {}]", signed_number(interval.mean, kDecimals), signed_number(interval.low, kDecimals),
                     signed_number(interval.high, kDecimals));
}

std::string question(const ReportView& view) {
  const AnomalyNouns& n = view.nouns();
  const std::vector<std::size_t>& shots = view.shots();
  std::string examples_given = "a handful of labelled examples";
  if (shots.size() == 1) examples_given = shots[0] == 0 ? "normal rows alone" : examples(shots);
  return fmt::format("Can {} reveal {} {} never seen before?", examples_given, n.article, n.one);
}

std::string verdict(const ReportView& view) {
  if (view.shots().empty()) return "No method was measured.";
  if (view.learners() == 0) return "No learner was measured: whether meta-learning pays stays open.";
  const auto wins = shots_that(view, Standing::kWins);
  const auto unclear = shots_that(view, Standing::kUnclear);
  const auto loses = shots_that(view, Standing::kLoses);
  const std::size_t compared = wins.size() + unclear.size() + loses.size();
  if (!any_auprc(view)) return "Average precision is undefined throughout: whether meta-learning pays stays open.";
  if (compared == 0) return "There is nothing to compare the learners with: whether meta-learning pays stays open.";
  const std::string where = compared > 1 ? "at every number of shots " : "";
  if (wins.size() == compared) return compared > 1 ? "Meta-learning wins at every number of shots." : "Meta-learning wins.";
  if (unclear.size() == compared) return fmt::format("No clear winner: {}the interval of the difference includes zero.", where);
  if (loses.size() == compared) return fmt::format("Meta-learning does not win: {}a method without it is better.", where);
  std::vector<std::string> clauses;
  const auto add = [&](std::string_view what, const std::vector<std::size_t>& shots) {
    if (shots.empty()) return;
    clauses.push_back(std::string(what) + (clauses.empty() ? examples(shots) : counts(shots)));  // "... labelled examples" once
  };
  add("wins with ", wins);
  add("shows no clear difference with ", unclear);
  add("loses with ", loses);
  return fmt::format("Meta-learning {}{}.", wins.empty() ? "does not win: it " : "", listed(clauses));
}

std::vector<std::string> evidence(const ReportView& view) {
  if (view.shots().empty()) return {};
  if (!any_auprc(view)) return {};
  std::vector<std::string> out = {lead(view)};
  const std::string tasks = by_task(view);
  if (!tasks.empty()) out.push_back(tasks);
  out.push_back(how_to_read(view));
  return out;
}

std::vector<std::string> protocol(const ReportView& view) {
  const EvaluationOptions& o = view.result().options;
  const AnomalyNouns& n = view.nouns();
  std::vector<std::string> shots;
  for (const std::size_t s : view.shots()) shots.push_back(in_words(s));
  return {
      fmt::format(
          "{} {} held out: no learner saw any of {} in training. For each, {} drawn: a support of {} labelled {} and {} to adapt on, "
          "and a query of up to {} and {} to be judged by. No row, nor a duplicate of it, is in both. Every method adapted to the "
          "same supports and scored the same queries.",
          capital(counted(view.tasks().size(), n.one, n.many)), view.tasks().size() <= 1 ? "was" : "were",
          view.tasks().size() <= 1 ? "it" : "them", o.repeats == 1 ? "one episode was" : in_words(o.repeats) + " episodes were",
          shots.empty() ? "no" : (shots.size() > 1 ? listed(shots) + " (in turn)" : shots[0]),
          view.shots().size() == 1 && view.shots()[0] == 1 ? "anomaly" : "anomalies", counted(o.normals, "normal row", "normal rows"),
          counted(o.query_normals, "normal row", "normal rows"), counted(o.query_anomalies, "anomaly", "anomalies")),
      "<dfn>AUPRC</dfn> is average precision: precision averaged over the recall gained at each threshold. <dfn>AUROC</dfn> is the chance "
      "that an anomaly scores above a normal row. <dfn>F1, precision, recall and accuracy</dfn> hold at one threshold a method: that with "
      "the best mean F1 on episodes of the training tasks, so no held-out label set it. <dfn>Recall at 1%</dfn> is the largest recall "
      "with at most one false alarm in a hundred normal rows.",
      "Means are over tasks and repeats in which a metric is defined; a metric that is undefined counts in no mean and is never replaced "
      "by "
      "a number. Intervals are 95% bootstrap intervals over tasks and repeats. Everything but the timings depends on the seed alone.",
  };
}

std::string command(const ReportView& view) {
  const EvaluationResult& r = view.result();
  const EvaluationOptions& o = r.options;
  const EvaluationOptions usual;
  std::string out = "oddshot run " + in_shell(r.suite);
  const auto add = [&](std::string_view name, std::string_view value) { out += fmt::format(" \\\n  --{} {}", name, value); };
  for (const auto& [name, value] : chosen(view.settings())) {
    if (value == "yes") {
      out += fmt::format(" \\\n  --{}", name);
    } else {
      add(name, in_shell(value));
    }
  }
  if (o.query_normals != usual.query_normals) add("query-normals", std::to_string(o.query_normals));
  if (o.query_anomalies != usual.query_anomalies) add("query-anomalies", std::to_string(o.query_anomalies));
  add("shots", fmt::format("{}", fmt::join(o.shots, ",")));
  add("normals", fmt::format("{} --repeats {} --seed {}", o.normals, o.repeats, o.seed));
  return out;
}

}  // namespace oddshot
