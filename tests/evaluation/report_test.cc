#include <cmath>
#include <fstream>
#include <limits>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "evaluation/page_reader.h"
#include "evaluation/report_example.h"
#include "oddshot/evaluation/evaluate.h"
#include "oddshot/evaluation/experiment.h"

namespace oddshot {
namespace {

constexpr std::string_view kHostile = "<script>alert('1' & \"2\")</script>";

Page page_of(const EvaluationResult& result, const RunSettings& settings = example_settings()) {
  return read_page(report_html(result, settings));
}

// A learner and a baseline on twelve tasks, their difference in AUPRC as given.
EvaluationResult duel(const std::vector<std::pair<std::size_t, Interval>>& differences) {
  std::vector<std::size_t> shots;
  shots.reserve(differences.size());
  for (const auto& [s, difference] : differences) shots.push_back(s);
  EvaluationResult result = example_result({{"maml", "learner", 0.5, 0.3}, {"knn", "expert", 0.5, 0}}, 12, shots);
  for (MethodResult& m : result.methods) {
    if (m.kind != "learner") continue;
    for (const auto& [s, difference] : differences) {
      if (s == m.shots) m.auprc_over_best_baseline = difference;
    }
  }
  return result;
}

constexpr Interval kAhead{0.05, 0.01, 0.09};
constexpr Interval kBehind{-0.05, -0.09, -0.01};
constexpr Interval kEven{0.01, -0.03, 0.05};

std::vector<ExampleMethod> of_kind(bool learners) {
  std::vector<ExampleMethod> methods;
  for (ExampleMethod& m : example_methods()) {
    if ((m.kind == "learner") == learners) methods.push_back(std::move(m));
  }
  return methods;
}

void forget_metrics(MethodResult& m) {
  m.auroc = m.auprc = m.accuracy = m.precision = m.recall = m.f1 = m.recall_at_1_percent = std::nullopt;
  m.auprc_over_best_baseline = std::nullopt;
  for (TaskResult& t : m.tasks) t.auroc = t.auprc = t.accuracy = t.precision = t.recall = t.f1 = t.recall_at_1_percent = std::nullopt;
}

// Results of every size and lack that a run can have.
std::map<std::string, EvaluationResult> all_cases() {
  std::map<std::string, EvaluationResult> cases;
  cases["usual"] = example_result(example_methods(), 12, {1, 5, 10});
  cases["one task"] = example_result(example_methods(), 1, {1, 5});
  cases["one shot"] = example_result(example_methods(), 12, {5});
  cases["zero shots"] = example_result(example_methods(), 12, {0});
  cases["forty tasks"] = example_result(example_methods(), 40, {0, 1, 5, 10, 20});
  cases["no learner"] = example_result(of_kind(false), 12, {1, 5});
  cases["no baseline"] = example_result(of_kind(true), 12, {1, 5});
  cases["one method"] = example_result({{"knn", "expert", 0.5, 0}}, 2, {5});
  cases["nothing"] = {};
  cases["undefined"] = example_result(example_methods(), 3, {1, 5});
  for (MethodResult& m : cases["undefined"].methods) forget_metrics(m);
  cases["learner missing at one shot"] = example_result(example_methods(), 12, {1, 5});
  std::erase_if(cases["learner missing at one shot"].methods, [](const MethodResult& m) { return m.kind == "learner" && m.shots == 1; });
  cases["not finite"] = example_result(example_methods(), 3, {1, 5});
  cases["not finite"].methods[0].auprc->low = -std::numeric_limits<double>::infinity();
  cases["not finite"].methods[1].score_rows_per_s = std::numeric_limits<double>::infinity();
  cases["not finite"].adaptation[0].auprc[2] = std::numeric_limits<double>::quiet_NaN();
  return cases;
}

TEST(Report, IsWellFormedInEveryCase) {
  for (const auto& [name, result] : all_cases()) {
    const std::string html = report_html(result, example_settings());
    if (name == "usual") std::ofstream(ODDSHOT_BINARY_DIR "/report-example.html") << html;  // to look at
    EXPECT_EQ(read_page(html).error, "") << name;
    EXPECT_EQ(html.find("nan"), std::string::npos) << name;
    EXPECT_EQ(html.find("inf,"), std::string::npos) << name;
    EXPECT_EQ(html.find("\"inf"), std::string::npos) << name;
  }
}

TEST(Report, HasEachIdOnceAndEveryReferenceMeetsOne) {
  for (const auto& [name, result] : all_cases()) {
    const Page page = page_of(result);
    std::set<std::string> ids;
    for (const PageElement& e : page.elements) {
      const auto id = e.attributes.find("id");
      if (id != e.attributes.end()) {
        EXPECT_TRUE(ids.insert(id->second).second) << name << ": " << id->second;
      }
    }
    for (const PageElement& e : page.elements) {
      const auto target = e.attributes.find("href");
      if (target == e.attributes.end()) continue;
      ASSERT_TRUE(target->second.starts_with('#')) << name << ": " << target->second;
      EXPECT_TRUE(ids.contains(target->second.substr(1))) << name << ": " << target->second;
    }
    for (const PageElement& e : page.elements) {
      const auto label = e.attributes.find("aria-labelledby");
      if (label == e.attributes.end()) continue;
      const std::string first = label->second.substr(0, label->second.find(' '));
      EXPECT_TRUE(ids.contains(first)) << name << ": " << first;
    }
  }
}

TEST(Report, LoadsAndRunsNothing) {
  const std::string html = report_html(example_result(example_methods(), 12, {1, 5, 10}), example_settings());
  const Page page = read_page(html);
  for (const std::string_view name : {"script", "link", "img", "iframe", "object", "form"}) EXPECT_EQ(page.count(name), 0U) << name;
  for (const PageElement& e : page.elements) {
    EXPECT_FALSE(e.attributes.contains("src"));
    for (const auto& [key, value] : e.attributes) EXPECT_FALSE(key.starts_with("on")) << key;
  }
  for (const std::string_view words : {"url(", "@import", "http://", "https://"}) EXPECT_EQ(html.find(words), std::string::npos) << words;
}

TEST(Report, CanBeReadWithoutSeeing) {
  const Page page = page_of(example_result(example_methods(), 12, {1, 5, 10}));
  std::size_t pictures = 0;
  for (const PageElement& e : page.elements) {
    if (e.name == "html") {
      EXPECT_EQ(e.attributes.at("lang"), "en");
    }
    if (e.name == "th") {
      EXPECT_TRUE(e.attributes.contains("scope"));
    }
    if (e.name == "svg" && !e.attributes.contains("aria-hidden")) {
      EXPECT_EQ(e.attributes.at("role"), "img");
      ++pictures;
    }
  }
  EXPECT_EQ(page.count("caption"), page.count("table"));
  EXPECT_EQ(page.count("h1"), 1U);
  EXPECT_EQ(page.count("desc"), pictures);
  EXPECT_EQ(page.count("title"), pictures + 1);  // the page's own
}

TEST(Report, ShowsTextOfTheDataAsText) {
  EvaluationResult result = example_result(example_methods(), 12, {1, 5, 10});
  const std::string hostile(kHostile);
  result.suite = hostile;
  result.notes = {hostile};
  for (MethodResult& m : result.methods) m.tasks[0].task = hostile;
  for (TaskCurves& c : result.curves) {
    if (c.task == "apache2") c.task = hostile;
  }
  for (MethodResult& m : result.methods) {
    if (m.name == "maml") m.name = m.kind = hostile;  // kind too: an unknown one
  }
  RunSettings settings = example_settings();
  settings.title = settings.description = hostile;
  settings.training_tasks = settings.notes = {hostile};
  settings.settings = {{hostile, hostile}};
  const Page page = page_of(result, settings);
  EXPECT_EQ(page.error, "");
  EXPECT_EQ(page.count("script"), 0U);
  EXPECT_TRUE(page.says(kHostile));
}

TEST(Report, DoesNotPassOnBytesThatAreNoText) {
  EvaluationResult result = example_result(example_methods(), 2, {5});
  result.notes = {"a\xFF\x01z"};
  const std::string html = report_html(result, example_settings());
  EXPECT_NE(html.find("a\xEF\xBF\xBD\xEF\xBF\xBDz"), std::string::npos);
}

struct Answer {
  const char* name;
  EvaluationResult result;
  const char* words;
};

TEST(Report, SaysWhoWins) {
  const std::vector<Answer> answers = {
      {"win", duel({{5, kAhead}}), "Meta-learning wins.With"},
      {"loss", duel({{5, kBehind}}), "Meta-learning does not win: a method without it is better."},
      {"tie", duel({{5, kEven}}), "No clear winner: the interval of the difference includes zero."},
      {"wins", duel({{1, kAhead}, {5, kAhead}}), "Meta-learning wins at every number of shots."},
      {"losses", duel({{1, kBehind}, {5, kBehind}}), "Meta-learning does not win: at every number of shots a method without it is better."},
      {"mixed", duel({{1, kEven}, {5, kAhead}, {10, kAhead}, {20, kBehind}}),
       "Meta-learning wins with five and ten labelled examples, shows no clear difference with one and loses with 20."},
      {"never", duel({{1, kEven}, {5, kBehind}}),
       "Meta-learning does not win: it shows no clear difference with one labelled example and loses with five."},
      {"touching zero", duel({{5, {0.02, 0.0, 0.04}}}), "includes zero"},
      {"no learner", example_result(of_kind(false), 12, {5}), "No learner was measured: whether meta-learning pays stays open."},
      {"no baseline", example_result(of_kind(true), 12, {5}), "There is nothing to compare the learners with"},
      {"nothing", {}, "No method was measured."},
      {"undefined", all_cases()["undefined"], "Average precision is undefined throughout"},
  };
  for (const Answer& a : answers) EXPECT_TRUE(page_of(a.result).says(a.words)) << a.name << "\n" << page_of(a.result).text.substr(0, 900);
}

TEST(Report, GivesTheNumbersBehindTheAnswer) {
  EvaluationResult result = duel({{5, kAhead}});
  result.methods[0].auprc = Interval{0.8124, 0.781, 0.8434};
  result.methods[1].auprc = Interval{0.7621, 0.73, 0.79};
  const Page page = page_of(result);
  EXPECT_TRUE(
      page.says("With five labelled examples of an attack type it never saw, maml finds the others with an average precision of "
                "0.812 [0.781, 0.843]."));
  EXPECT_TRUE(
      page.says("The best method without meta-learning, knn, reaches 0.762 [0.730, 0.790]. The difference, +0.050 [+0.010, +0.090], "
                "is clear of zero: meta-learning pays."));
  EXPECT_TRUE(page_of(duel({{5, kBehind}}))
                  .says("\xE2\x88\x92"
                        "0.050 [\xE2\x88\x92"
                        "0.090, \xE2\x88\x92"
                        "0.010], goes the other way"));
  EXPECT_TRUE(page_of(duel({{5, kEven}})).says("includes zero: neither can be called better."));
}

TEST(Report, LeadsWithTheBestOfSeveralLearners) {
  const Page page = page_of(example_result(example_methods(), 12, {5}));
  EXPECT_TRUE(page.says("maml, the best of four learners, finds the others"));
}

TEST(Report, SpeaksOfOneAndOfNone) {
  const Page one = page_of(duel({{1, kEven}}));
  EXPECT_TRUE(one.says("Can one labelled example reveal an attack type never seen before?"));
  EXPECT_TRUE(one.says("With one labelled example of an attack type it never saw, maml"));
  const Page none = page_of(duel({{0, kEven}}));
  EXPECT_TRUE(none.says("Can normal rows alone reveal an attack type never seen before?"));
  EXPECT_TRUE(none.says("Without a labelled example, from 50 normal rows alone, maml finds attack types it never saw with an average"));
  EXPECT_TRUE(page_of(duel({{1, kEven}, {5, kEven}})).says("Can a handful of labelled examples reveal"));
  EXPECT_TRUE(page_of(example_result(example_methods(), 1, {5})).says("One attack type was held out: no learner saw any of it"));
}

TEST(Report, CallsAnomaliesByTheDomainsName) {
  for (const auto& [domain, words] : std::map<std::string, std::string>{{"finance", "a fraud pattern never seen"},
                                                                        {"industry", "a fault never seen"},
                                                                        {"medicine", "a diagnosis never seen"},
                                                                        {"", "a kind of anomaly never seen"}}) {
    RunSettings settings = example_settings();
    settings.domain = domain;
    EXPECT_TRUE(page_of(duel({{5, kEven}}), settings).says(words)) << domain;
  }
}

TEST(Report, CountsTheTasksOnWhichTheLearnerIsAhead) {
  EvaluationResult result = duel({{5, kEven}});
  for (std::size_t t = 0; t < 12; ++t) {
    result.methods[0].tasks[t].auprc = 0.5 + 0.01 * static_cast<double>(t);
    result.methods[1].tasks[t].auprc = t < 5 ? 0.4 : 0.9;
  }
  EXPECT_TRUE(page_of(result).says(
      "maml is ahead of knn on five of twelve attack types. Easiest for it is xterm (0.610), hardest apache2 (0.500)."));
}

TEST(Report, SaysFirstAndLastThatDataAreSimulated) {
  RunSettings settings = example_settings();
  EXPECT_FALSE(page_of(duel({{5, kEven}}), settings).says("Simulated data."));
  settings.simulated = true;
  const Page page = page_of(duel({{5, kEven}}), settings);
  const std::size_t first = page.text.find("Simulated data.");
  const std::size_t last = page.text.rfind("Simulated data.");
  EXPECT_LT(first, page.text.find("Can five labelled examples"));
  EXPECT_GT(last, page.text.find("Versions and time"));
  EXPECT_NE(last, std::string::npos);
}

TEST(Report, ShowsUndefinedAsADashAndSaysSo) {
  EvaluationResult result = duel({{5, kAhead}});
  const std::string before = report_html(result, example_settings());
  EXPECT_EQ(before.find("title=\"undefined\""), std::string::npos);
  result.methods[1].precision = std::nullopt;
  result.methods[1].undefined = 7;
  result.methods[0].tasks[2].auprc = std::nullopt;
  const std::string after = report_html(result, example_settings());
  EXPECT_NE(after.find("title=\"undefined\""), std::string::npos);
  EXPECT_TRUE(read_page(after).says("where no row is called an anomaly: knn in 7. They count in no mean."));
}

TEST(Report, MarksTheBestOfEachColumnAndEveryEqual) {
  EvaluationResult result = example_result({{"a", "expert", 0.5, 0}, {"b", "expert", 0.5, 0}, {"c", "expert", 0.5, 0}}, 1, {5});
  for (MethodResult& m : result.methods) {
    m.auprc = m.auroc = m.f1 = m.precision = m.recall = m.accuracy = m.recall_at_1_percent = std::nullopt;
    m.adapt_ms = m.score_rows_per_s = 0;
  }
  result.methods[0].f1 = Interval{0.70004, 0.6, 0.8};
  result.methods[1].f1 = Interval{0.69996, 0.6, 0.8};
  result.methods[2].f1 = Interval{0.69, 0.6, 0.8};
  result.methods[2].adapt_ms = 1;
  result.methods[1].adapt_ms = 3;
  const std::string html = report_html(result, example_settings());
  std::size_t marks = 0;
  for (std::size_t at = html.find("class=\"best\""); at != std::string::npos; at = html.find("class=\"best\"", at + 1)) ++marks;
  EXPECT_EQ(marks, 3U);  // 0.700 twice, and the quicker of two
}

TEST(Report, DrawsCurvesOverShotsOnlyWhereThereAreSeveral) {
  EXPECT_TRUE(page_of(duel({{1, kEven}, {5, kEven}})).says("What more examples bring"));
  EXPECT_FALSE(page_of(duel({{5, kEven}})).says("What more examples bring"));
}

TEST(Report, ShowsWhetherProbabilitiesComeTrue) {
  const Page page = page_of(example_result(example_methods(), 12, {1, 5}));
  EXPECT_TRUE(page.says("Probabilities of an anomaly"));
  EXPECT_TRUE(page.says("maml: 0.037 at 1, 0.037 at 5")) << page.text;
  EvaluationResult none = example_result(example_methods(), 12, {1, 5});
  for (MethodResult& m : none.methods) m.reliability.reset();
  EXPECT_FALSE(page_of(none).says("Probabilities of an anomaly"));
}

TEST(Report, ExplainsAnomaliesThatWereCaughtAndMissed) {
  EvaluationResult result = example_result(example_methods(), 12, {5});
  ASSERT_EQ(result.examples.size(), 2U);
  const Page page = page_of(result);
  EXPECT_TRUE(page.says("caught: apache2, place 1 of 2200 (200 anomalies)")) << page.text;
  EXPECT_TRUE(page.says("missed: apache2, place 2150 of 2200"));
  EXPECT_TRUE(page.says("src_bytes17 usually 0+4.00")) << page.text;
  EXPECT_TRUE(page.says("2 more"));
  result.examples[0].explanation.columns[0].column = std::string(kHostile);
  result.examples[0].explanation.columns[0].value = std::string(kHostile);
  EXPECT_EQ(page_of(result).error, "");
  EXPECT_TRUE(page_of(result).says(kHostile));
  result.examples.clear();
  EXPECT_FALSE(page_of(result).says("Caught and missed"));
}

TEST(Report, NamesTheCommandThatGivesItAgain) {
  EvaluationResult result = duel({{1, kEven}, {5, kEven}});
  result.suite = "my suites/o'k.toml";
  result.options.seed = 7;
  result.options.query_normals = 500;
  LearnerOptions learner;
  learner.encoder.hidden.clear();
  learner.learn_inner_rates = true;
  TrainingOptions training;
  training.steps = 123;
  training.seed = 7;
  training.shots = {1, 5};
  RunSettings settings = example_settings();
  settings.settings = {{"learner", "maml,proto"}, {"baselines", ""}};
  for (auto& setting : training_settings(learner, training)) settings.settings.push_back(std::move(setting));
  const Page page = page_of(result, settings);
  EXPECT_TRUE(
      page.says(R"(oddshot run 'my suites/o'\''k.toml' \ --learner maml,proto \ --baselines none \ --hidden none \ --learn-inner-rates )"
                R"(\ --steps 123 \ --query-normals 500 \ --shots 1,5 \ --normals 50 --repeats 20 --seed 7)"));
}

TEST(Report, TellsSettingsTasksNotesAndVersion) {
  const Page page = page_of(example_result(example_methods(), 12, {5}));
  for (const char* words :
       {"warezclient", "num_outbound_cmds", "20 episodes were drawn", "2,000 normal rows and 200 anomalies", "Oddshot0.1.0"}) {
    EXPECT_TRUE(page.says(words)) << words;
  }
}

TEST(Report, TellsASettingOnce) {
  RunSettings settings = example_settings();
  settings.settings = {{"seed", "1"}, {"rate", "0.001"}};
  const std::string html = report_html(duel({{5, kEven}}), settings);
  const std::size_t first = html.find("<dt>seed</dt>");
  EXPECT_NE(first, std::string::npos);
  EXPECT_EQ(html.find("<dt>seed</dt>", first + 1), std::string::npos);
  EXPECT_NE(html.find("<dt>rate</dt><dd>0.001</dd>"), std::string::npos);
}

TEST(Report, StaysBelowAMegabyte) {
  EXPECT_LT(report_html(example_result(example_methods(), 20, {1, 5, 10}), example_settings()).size(), 1000000U);
}

TEST(Report, IsTheSameForTheSameResult) {
  const EvaluationResult result = example_result(example_methods(), 12, {1, 5, 10});
  EXPECT_EQ(report_html(result, example_settings()), report_html(result, example_settings()));
}

// Colours by their names in one ":root" block of the page's style.
std::map<std::string, std::string> colours(std::string_view style) {
  std::map<std::string, std::string> out;
  for (std::size_t at = style.find("--"); at != std::string_view::npos; at = style.find("--", at + 2)) {
    const std::size_t colon = style.find(':', at);
    if (colon == std::string_view::npos || style.substr(colon, 3) != ": #") continue;
    out[std::string(style.substr(at + 2, colon - at - 2))] = std::string(style.substr(colon + 3, 6));
  }
  return out;
}

// Relative luminance, WCAG 2.2.
double luminance(const std::string& hex) {
  double sum = 0;
  const double weights[] = {0.2126, 0.7152, 0.0722};
  for (std::size_t i = 0; i < 3; ++i) {
    const double c = std::stoi(hex.substr(2 * i, 2), nullptr, 16) / 255.0;
    sum += weights[i] * (c <= 0.04045 ? c / 12.92 : std::pow((c + 0.055) / 1.055, 2.4));
  }
  return sum;
}

double contrast(const std::string& a, const std::string& b) {
  const double x = luminance(a);
  const double y = luminance(b);
  return (std::max(x, y) + 0.05) / (std::min(x, y) + 0.05);
}

TEST(Report, HasTextThatStandsOutInLightAndInDark) {
  const std::string html = report_html({}, {});
  const std::size_t light = html.find(":root {");
  const std::size_t dark = html.find(":root {", light + 1);
  ASSERT_NE(dark, std::string::npos);
  for (const std::size_t start : {light, dark}) {
    auto c = colours(std::string_view(html).substr(start, html.find('}', start) - start));
    std::vector<std::pair<std::string, std::string>> pairs = {{"notice-ink", "notice"}, {"ink", "tint"}, {"h-low", "h0"}};
    for (const char* text : {"ink", "soft", "c0", "c1", "c2", "c3", "other-text"}) pairs.emplace_back(text, "paper");
    for (const char* tenth : {"h1", "h2", "h3", "h4"}) pairs.emplace_back("h-low", tenth);
    for (const char* tenth : {"h5", "h6"}) pairs.emplace_back("h-middle", tenth);
    for (const char* tenth : {"h7", "h8", "h9"}) pairs.emplace_back("h-high", tenth);
    for (const auto& [text, ground] : pairs) {
      ASSERT_TRUE(c.contains(text) && c.contains(ground)) << text << " " << ground;
      EXPECT_GE(contrast(c[text], c[ground]), 4.5) << text << " on " << ground << (start == dark ? " in dark" : " in light");
    }
  }
}

}  // namespace
}  // namespace oddshot
