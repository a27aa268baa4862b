// Methods on views of joined rows.
#include <algorithm>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "oddshot/base/error.h"
#include "oddshot/evaluation/experiment.h"
#include "oddshot/evaluation/methods.h"

namespace oddshot {
namespace {

template <class Run>
std::string refusal(const Run& run) {
  try {
    run();
  } catch (const ArgumentError& error) {
    return error.what();
  }
  return "";
}

const std::vector<ViewSpan> kSpans = {{"plain", 0, 3}, {"rank", 3, 2}, {"whitened", 5, 4}};

Matrix joined_rows(std::size_t rows, std::uint64_t index) {
  Stream stream(1, Purpose::kTest, index);
  Matrix out(rows, 9);
  for (std::size_t i = 0; i < rows * 9; ++i) out.data()[i] = stream.normal() + (i / 9 % 5 == 0 ? 2.0F : 0.0F);
  return out;
}

// The columns of a view, copied out.
Matrix cut(const Matrix& joined, const ViewSpan& span) {
  Matrix out(joined.rows(), span.count);
  for (std::size_t r = 0; r < joined.rows(); ++r) std::ranges::copy(joined.row(r).subspan(span.first, span.count), out.row(r).begin());
  return out;
}

std::vector<float> scores_of(const Method& method, const Matrix& support, const std::vector<std::uint8_t>& labels, const Matrix& rows) {
  std::vector<float> out(rows.rows());
  method.adapt({support, labels}, Stream(1, Purpose::kTest, 0))->score(rows, out);
  return out;
}

ExperimentPlan plan_of(std::vector<std::string> baselines) {
  ExperimentPlan plan;
  plan.learners.clear();
  plan.baselines = std::move(baselines);
  return plan;
}

TEST(OnView, EveryBaselineScoresAsItDoesOnTheViewsColumnsAlone) {
  const Matrix support = joined_rows(30, 0);
  const Matrix query = joined_rows(70, 1);
  std::vector<std::uint8_t> labels(30, 0);
  std::fill(labels.end() - 5, labels.end(), std::uint8_t{1});
  for (const std::string_view name : baseline_names()) {
    if (!takes_views(name) || !missing_for(name).empty()) continue;
    for (const ViewSpan& span : kSpans) {
      const std::string suffix = span.name == "plain" ? "" : "@" + span.name;
      const auto on = plan_methods(plan_of({std::string(name) + suffix}), {}, nullptr, kSpans, {});
      ASSERT_EQ(on.size(), 1U);
      EXPECT_EQ(on[0]->name(), std::string(name) + suffix);
      const std::vector<ViewSpan> alone = {{"plain", 0, span.count}};
      const auto own = plan_methods(plan_of({std::string(name)}), {}, nullptr, alone, {});
      EXPECT_EQ(on[0]->kind(), own[0]->kind());
      EXPECT_EQ(on[0]->minimum_shots(), own[0]->minimum_shots());
      EXPECT_EQ(scores_of(*on[0], support, labels, query), scores_of(*own[0], cut(support, span), labels, cut(query, span)))
          << name << " on " << span.name;
    }
  }
}

TEST(OnView, RowsThatLackTheViewAreRefused) {
  const auto methods = plan_methods(plan_of({"knn@whitened"}), {}, nullptr, kSpans, {});
  const Matrix short_rows(5, 8);
  const std::vector<std::uint8_t> labels(5, 0);
  EXPECT_THROW(methods[0]->adapt({short_rows, labels}, Stream(1, Purpose::kTest, 0)), ShapeError);
}

TEST(ExperimentPlan, TakesBaselinesOnViewsByName) {
  EXPECT_EQ(refusal([] { plan_of({"knn", "knn@whitened", "logistic@rank", "mlp-scratch@joined", "lof@plain"}).validate(); }), "");
  EXPECT_EQ(refusal([] { plan_of({"knm@rank"}).validate(); }), "there is no baseline \"knm\"; did you mean \"knn\"?");
  EXPECT_EQ(refusal([] { plan_of({"knn@whitend"}).validate(); }), "there is no view \"whitend\"; did you mean \"whitened\"?");
  EXPECT_EQ(refusal([] { plan_of({"knn@"}).validate(); }), "there is no view \"\"; choose from plain, rank, whitened, joined");
  EXPECT_EQ(refusal([] { plan_of({"knn@rank", "knn@rank"}).validate(); }), "baseline \"knn@rank\" is named twice");
  EXPECT_EQ(refusal([] { plan_of({"pooled@rank"}).validate(); }), "baseline \"pooled\" is trained on plain rows; it has no other view");
  EXPECT_EQ(refusal([] { plan_of({"mean-score@rank"}).validate(); }), "baseline \"mean-score\" takes all views; it has no other view");
}

TEST(ExpandedBaselines, AllIsEveryUsableOneOnPlainColumns) {
  const auto all = expanded_baselines(std::vector<std::string>{"all"});
  std::vector<std::string> usable;
  for (const std::string_view name : baseline_names()) {
    if (missing_for(name).empty()) usable.emplace_back(name);
  }
  EXPECT_EQ(all, usable);
  EXPECT_EQ(refusal([&] { plan_of(all).validate(); }), "");
}

TEST(ExpandedBaselines, EverywhereIsEverySimpleMethodOnEveryView) {
  const auto all = expanded_baselines(std::vector<std::string>{"everywhere"});
  std::vector<std::string> expected;
  for (const std::string_view name : baseline_names()) {
    if (!missing_for(name).empty() || name.starts_with("pooled")) continue;
    expected.emplace_back(name);
    if (name == kMeanScore) continue;
    for (const char* view : {"@rank", "@whitened", "@joined"}) expected.push_back(std::string(name) + view);
  }
  EXPECT_EQ(all, expected);
  EXPECT_EQ(refusal([&] { plan_of(all).validate(); }), "");
}

TEST(ExpandedBaselines, StandOnceThoughGroupsOverlap) {
  EXPECT_EQ(expanded_baselines(std::vector<std::string>{"all", "all"}), expanded_baselines(std::vector<std::string>{"all"}));
  auto both = expanded_baselines(std::vector<std::string>{"lof@rank", "everywhere", "all", "knn"});
  EXPECT_EQ(both.front(), "lof@rank");
  EXPECT_EQ(std::ranges::count(both, "lof@rank"), 1);
  EXPECT_EQ(std::ranges::count(both, "knn"), 1);
  EXPECT_EQ(std::ranges::count(both, "pooled"), 1);
  // What is named twice itself stays so, for the plan to refuse.
  EXPECT_EQ(refusal([] { plan_of(expanded_baselines(std::vector<std::string>{"knn", "knn"})).validate(); }),
            "baseline \"knn\" is named twice");
}

TEST(ExpandedBaselines, GroupsLeaveOutWhatASuiteHasNoUseFor) {
  const TaskSuite of_tables{};
  ASSERT_TRUE(of_tables.of_tables());
  for (const char* group : {"all", "everywhere"}) {
    for (const std::string& name : expanded_baselines(std::vector<std::string>{group}, of_tables)) {
      const SimpleName parts(name);
      EXPECT_TRUE(takes_views(parts.method) && (parts.view == kPlain || parts.view == "rank")) << name;
    }
  }
  EXPECT_NE(
      refusal([&] { expanded_baselines(std::vector<std::string>{"pooled", "all"}, of_tables); }).find("\"pooled\" has no use on tables"),
      std::string::npos);
}

TEST(ExperimentPlan, SaysWhatXgboostLacksWhereItsLibraryIsNot) {
  if (missing_for("xgboost").empty()) GTEST_SKIP() << "this machine has the library";
  EXPECT_NE(refusal([] { plan_of({"xgboost@rank"}).validate(); }).find("baseline \"xgboost\" needs XGBoost's library"), std::string::npos);
}

TEST(PlanMethods, NameTheViewsThereAreWhereOneIsLacking) {
  EXPECT_EQ(refusal([] { plan_methods(plan_of({"knn@joined"}), {}, nullptr, kSpans, {}); }),
            "there is no view \"joined\" of these columns; there are plain, rank, whitened");
}

// A table's own ranks are the same whatever order-preserving unit its columns have.
TEST(OnRanks, ScoresDependOnTheOrderOfEachColumnsValuesAlone) {
  const Matrix support = joined_rows(40, 2);
  const Matrix query = joined_rows(20, 3);
  const auto bent = [](Matrix rows) {
    for (std::size_t i = 0; i < rows.rows() * rows.cols(); ++i) rows.data()[i] *= rows.data()[i] * rows.data()[i];
    return rows;
  };
  std::vector<std::uint8_t> labels(40, 0);
  labels[39] = labels[38] = 1;
  const auto method = on_ranks(expert_method(*find_expert("knn-difference")));
  EXPECT_EQ(method->name(), "knn-difference@rank");
  const std::vector<float> scores = scores_of(*method, support, labels, query);
  EXPECT_EQ(scores_of(*method, bent(copied(support.view())), labels, bent(copied(query.view()))), scores);
  EXPECT_NE(scores_of(*expert_method(*find_expert("knn-difference")), support, labels, query), scores);
}

TEST(OnRanks, NeedTwoNormals) {
  const Matrix support = joined_rows(3, 2);
  const std::vector<std::uint8_t> labels{0, 1, 1};
  EXPECT_NE(
      refusal([&] { on_ranks(expert_method(*find_expert("knn")))->adapt({support, labels}, Stream(1, Purpose::kTest, 0)); }).find("2"),
      std::string::npos);
}

}  // namespace
}  // namespace oddshot
