// Which learner heeds which option: none is ignored where it could have a say, and docs/learners.md says the same.
#include <algorithm>
#include <fstream>
#include <functional>
#include <iterator>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "oddshot/learners/learner.h"

namespace oddshot {
namespace {

constexpr std::size_t kFeatures = 4;

Episode toy_episode() {
  Stream stream(31, Purpose::kTest, 0);
  Episode episode;
  episode.task = "toy";
  const auto fill = [&](Matrix& rows, std::vector<std::uint8_t>& labels, std::size_t normals, std::size_t anomalies) {
    rows.resize(normals + anomalies, kFeatures);
    labels.assign(normals, 0);
    labels.resize(normals + anomalies, 1);
    for (std::size_t r = 0; r < labels.size(); ++r) {
      for (float& value : rows.row(r)) {
        value = stream.normal() + static_cast<float>(labels[r]);
      }
    }
  };
  fill(episode.support_rows, episode.support_labels, 12, 4);
  fill(episode.query_rows, episode.query_labels, 6, 6);
  return episode;
}

LearnerOptions toy_options() {
  LearnerOptions options;
  options.encoder.inputs = kFeatures;
  options.encoder.hidden = {5};
  options.embedding = 3;
  options.inner_steps = 3;
  return options;
}

// All that options can have a say in: size and start of the meta-parameters, the gradient there, the scores after adapting.
std::vector<float> behaviour(std::string_view name, const LearnerOptions& options) {
  const auto learner = find_learner(name)->make(options);
  const auto scratch = learner->make_scratch();
  AlignedVector<float> params(learner->layout().size());
  learner->initialise(params, Stream(4, Purpose::kInitialise, 0));
  std::vector<float> all(params.begin(), params.end());
  const Episode episode = toy_episode();
  AlignedVector<float> gradient(params.size());
  all.push_back(learner->task_gradient(params, episode, *scratch, gradient));
  all.insert(all.end(), gradient.begin(), gradient.end());
  std::vector<float> scores(episode.query_rows.rows());
  learner->score(learner->adapt(params, episode.support(), *scratch), episode.query_rows, *scratch, scores);
  all.insert(all.end(), scores.begin(), scores.end());
  return all;
}

struct OptionCase {
  const char* option;  // as on the command line
  std::function<void(LearnerOptions&)> change;
  std::set<std::string> heeded_by;
};

const std::set<std::string> kUnrolled{"maml", "fomaml", "meta-sgd", "anil", "learned-optimizer"};

std::string learners_page() {
  std::ifstream file(ODDSHOT_SOURCE_DIR "/docs/learners.md");
  return {std::istreambuf_iterator<char>(file), {}};
}

// Whether the page says that the learner heeds the option.
bool page_says(const std::string& page, const std::string& option, const std::string& learner) {
  const std::size_t at = page.find("`" + option + "`", page.find("| option | heeded by |"));
  EXPECT_NE(at, std::string::npos) << option;
  const std::size_t begin = page.find("| ", at) + 2;
  const std::string by = page.substr(begin, page.find(" |", begin) - begin);
  return by == "all" || by.find("`" + learner + "`") != std::string::npos;
}

TEST(LearnerTable, IsExplainedRowByRowInTheDocuments) {
  const std::string page = learners_page();
  for (const LearnerEntry& entry : learner_table()) {
    EXPECT_NE(page.find("\n## " + std::string(entry.name) + "\n"), std::string::npos) << entry.name;
  }
}

TEST(LearnerOptions, AreHeededByThoseTheyConcernAndByNoOther) {
  std::set<std::string> all;
  for (const LearnerEntry& entry : learner_table()) {
    all.emplace(entry.name);
  }
  std::set<std::string> by_steps = kUnrolled;
  by_steps.insert({"reptile", "imaml"});
  std::set<std::string> by_rate = by_steps;
  by_rate.insert("pooled-finetuned");
  std::set<std::string> by_momentum = by_rate;
  by_momentum.erase("learned-optimizer");  // its network makes the step
  const std::set<std::string> with_embedding{"committee", "siamese", "proto", "ridge", "in-context"};
  const std::vector<OptionCase> cases{
      {"--hidden", [](auto& o) { o.encoder.hidden = {6}; }, all},
      {"--activation", [](auto& o) { o.encoder.activation = Activation::kTanh; }, all},
      {"--layer-norm", [](auto& o) { o.encoder.layer_norm = true; }, all},
      {"--embedding", [](auto& o) { o.embedding = 4; }, with_embedding},
      {"--inner-steps", [](auto& o) { o.inner_steps = 2; }, by_steps},
      {"--inner-rate", [](auto& o) { o.inner_rate = 0.2F; }, by_rate},
      {"--inner-momentum", [](auto& o) { o.inner_momentum = 0.5F; }, by_momentum},
      // Meta-SGD and the learned optimiser learn rates always; nothing tells Reptile and iMAML how a rate should change.
      {"--learn-inner-rates", [](auto& o) { o.learn_inner_rates = true; }, {"maml", "fomaml", "anil"}},
      {"--multi-step-loss", [](auto& o) { o.multi_step_loss = true; }, kUnrolled},
      {"--finetune-steps", [](auto& o) { o.finetune_steps = 3; }, {"pooled-finetuned"}},
      {"--prototypes", [](auto& o) { o.prototypes = 2; }, {"proto"}},
      {"--metric", [](auto& o) { o.metric = Metric::kDiagonal; }, {"proto"}},
      {"--margin", [](auto& o) { o.margin = 3; }, {"siamese"}},
      {"--contrast", [](auto& o) { o.contrast = Contrast::kSquared; }, {"siamese"}},
      {"--mining", [](auto& o) { o.mining = Mining::kRandom; }, {"siamese"}},
      {"--proximity", [](auto& o) { o.proximity = 2; }, {"imaml"}},
      {"--conjugate-steps", [](auto& o) { o.conjugate_steps = 1; }, {"imaml"}},
      {"--optimizer-width", [](auto& o) { o.optimizer_width = 4; }, {"learned-optimizer"}},
      {"--members", [](auto& o) { o.members = 2; }, {"committee", "score-net", "gate"}},
      {"--committee", [](auto& o) { o.committee = {"score-net", "gate"}; }, {"committee"}},
  };
  const std::string page = learners_page();
  for (const OptionCase& one : cases) {
    LearnerOptions changed = toy_options();
    one.change(changed);
    for (const std::string& name : all) {
      const bool heeded = behaviour(name, toy_options()) != behaviour(name, changed);
      EXPECT_EQ(heeded, one.heeded_by.contains(name)) << name << ", " << one.option;
      EXPECT_EQ(page_says(page, one.option, name), one.heeded_by.contains(name)) << "docs/learners.md: " << name << ", " << one.option;
    }
  }
}

}  // namespace
}  // namespace oddshot
