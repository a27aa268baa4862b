#include "oddshot/evaluation/methods.h"

#include <algorithm>
#include <map>
#include <mutex>
#include <numeric>
#include <string>
#include <utility>

#include "experts/table/columns.h"
#include "oddshot/base/error.h"

namespace oddshot {
namespace {

constexpr std::string_view kMlpScratch = "mlp-scratch";
constexpr std::string_view kDevNet = "devnet";
constexpr std::string_view kDeepSad = "deep-sad";
constexpr std::string_view kRank = kViewNames[1];

// Scratch for calls from any thread: taken for one call, given back after it, so that the steady state allocates nothing.
class ScratchPool {
 public:
  explicit ScratchPool(const Learner& learner) : learner_(learner) {}

  template <class Use>
  auto use(const Use& work) {
    std::unique_ptr<Scratch> scratch = take();
    struct Return {
      ScratchPool& pool;
      std::unique_ptr<Scratch>& scratch;
      ~Return() { pool.give_back(std::move(scratch)); }
    } const guard{*this, scratch};
    return work(*scratch);
  }

 private:
  std::unique_ptr<Scratch> take() {
    const std::scoped_lock lock(mutex_);
    if (free_.empty()) {
      return learner_.make_scratch();
    }
    std::unique_ptr<Scratch> scratch = std::move(free_.back());
    free_.pop_back();
    return scratch;
  }
  void give_back(std::unique_ptr<Scratch> scratch) {
    const std::scoped_lock lock(mutex_);
    free_.push_back(std::move(scratch));
  }

  const Learner& learner_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<Scratch>> free_;
};

// A learner with the scratch for it.
struct Engine {
  explicit Engine(std::unique_ptr<Learner> one) : learner(std::move(one)), scratch(*learner) {}
  std::unique_ptr<Learner> learner;
  ScratchPool scratch;
};

// Scores mapped rows.
class AdaptedScorer final : public Scorer {
 public:
  AdaptedScorer(std::shared_ptr<Engine> engine, AdaptedState state) : engine_(std::move(engine)), state_(std::move(state)) {}
  void score(MatrixView rows, std::span<float> out) const override {
    engine_->scratch.use([&](Scratch& scratch) { engine_->learner->score(state_, rows, scratch, out); });
  }

 private:
  std::shared_ptr<Engine> engine_;  // shared with the method and its other scorers, which may outlive it
  AdaptedState state_;
};

// Maps joined rows for a scorer of mapped ones.
class MappingScorer final : public Scorer {
 public:
  MappingScorer(std::shared_ptr<const InputSpace> space, TaskInput input, std::unique_ptr<Scorer> scorer)
      : space_(std::move(space)), input_(std::move(input)), scorer_(std::move(scorer)) {}
  void score(MatrixView rows, std::span<float> out) const override {
    for (std::size_t first = 0; first < rows.rows; first += kRows) {
      const MatrixView part = rows.slice(first, std::min(kRows, rows.rows - first));
      scorer_->score(input_.rows(part), out.subspan(first, part.rows));
    }
  }

 private:
  static constexpr std::size_t kRows = 1024;  // mapped at a time: some hundred KiB

  std::shared_ptr<const InputSpace> space_;  // which input_ refers to
  TaskInput input_;
  std::unique_ptr<Scorer> scorer_;
};

// A method that sees rows in a space.
class SpaceMethod : public Method {
 public:
  explicit SpaceMethod(std::shared_ptr<const InputSpace> space) : space_(std::move(space)) {}

  const InputSpace* space(const Support& /*joined*/) const override { return space_.get(); }
  std::unique_ptr<Scorer> adapt(const Support& support, Stream stream) const override {
    return adapt_partly(support, stream, Learner::kAllSteps);
  }
  std::unique_ptr<Scorer> adapt_partly(const Support& support, Stream stream, std::size_t steps) const override {
    TaskInput input = space_->fit(support);
    auto scorer = adapt_mapped({input.support(), support.labels}, stream, steps);
    return std::make_unique<MappingScorer>(space_, std::move(input), std::move(scorer));
  }

 private:
  std::shared_ptr<const InputSpace> space_;
};

class LearnerMethod final : public SpaceMethod {
 public:
  LearnerMethod(MetaModel model, const LearnerEntry& entry, std::shared_ptr<const InputSpace> space)
      : SpaceMethod(std::move(space)),
        model_(std::move(model)),
        entry_(entry),
        engine_(std::make_shared<Engine>(entry.make(model_.learner_options))) {}

  std::string name() const override { return std::string(entry_.name); }
  std::string kind() const override { return std::string(entry_.kind); }
  std::size_t minimum_shots() const override { return engine_->learner->minimum_shots(); }
  std::size_t inner_steps() const override { return engine_->learner->inner_steps(); }
  // Fitted to the scores of the learner that was trained, not of one that its training serves.
  const ScoreProfile* profile() const override { return model_.profile && entry_.name == model_.learner ? &*model_.profile : nullptr; }
  std::unique_ptr<Scorer> adapt_mapped(const Support& mapped, Stream /*stream*/, std::size_t steps) const override {
    AdaptedState state =
        engine_->scratch.use([&](Scratch& scratch) { return engine_->learner->adapt(model_.params, mapped, scratch, steps); });
    return std::make_unique<AdaptedScorer>(engine_, std::move(state));
  }

 private:
  MetaModel model_;
  const LearnerEntry& entry_;
  std::shared_ptr<Engine> engine_;
};

// The mean of each row's scores.
class MeanScoreMethod final : public SpaceMethod {
 public:
  using SpaceMethod::SpaceMethod;

  std::string name() const override { return std::string(kMeanScore); }
  std::string kind() const override { return "expert"; }
  std::size_t minimum_shots() const override { return 0; }
  std::unique_ptr<Scorer> adapt_mapped(const Support& /*mapped*/, Stream /*stream*/, std::size_t /*steps*/) const override {
    return std::make_unique<MeanScorer>();
  }

 private:
  class MeanScorer final : public Scorer {
   public:
    void score(MatrixView rows, std::span<float> out) const override {
      for (std::size_t r = 0; r < rows.rows; ++r) {
        const auto row = rows.row(r);
        out[r] = std::accumulate(row.begin(), row.end(), 0.0F) / static_cast<float>(row.size());
      }
    }
  };
};

class ExpertMethod final : public Method {
 public:
  explicit ExpertMethod(const Expert& expert) : expert_(expert) {}

  std::string name() const override { return std::string(expert_.name()); }
  std::string kind() const override { return expert_.uses_labels() ? "supervised" : "expert"; }
  std::size_t minimum_shots() const override { return expert_.uses_labels() ? 1 : 0; }
  std::unique_ptr<Scorer> adapt(const Support& support, Stream stream) const override {
    std::vector<std::uint32_t> index[2];
    for (std::size_t i = 0; i < support.labels.size(); ++i) {
      index[support.labels[i]].push_back(static_cast<std::uint32_t>(i));
    }
    return expert_.fit(gathered(support.rows, index[0]), gathered(support.rows, index[1]), stream);
  }

 private:
  const Expert& expert_;
};

// A network trained on the support alone.
template <class Options>
class ScratchMethod final : public Method {
 public:
  using Train = std::unique_ptr<Scorer> (*)(const Support&, const Options&, Stream);
  ScratchMethod(std::string_view name, std::size_t minimum_shots, Train train, Options options)
      : name_(name), minimum_shots_(minimum_shots), train_(train), options_(std::move(options)) {}

  std::string name() const override { return std::string(name_); }
  std::string kind() const override { return "supervised"; }
  std::size_t minimum_shots() const override { return minimum_shots_; }
  std::unique_ptr<Scorer> adapt(const Support& support, Stream stream) const override { return train_(support, options_, stream); }

 private:
  std::string_view name_;
  std::size_t minimum_shots_;
  Train train_;
  Options options_;
};

// Cuts a view out of joined rows for a scorer that knows this view alone.
class ViewScorer final : public Scorer {
 public:
  ViewScorer(std::unique_ptr<Scorer> scorer, ViewSpan span) : scorer_(std::move(scorer)), span_(std::move(span)) {}
  void score(MatrixView rows, std::span<float> out) const override { scorer_->score(cut(rows, span_), out); }

  static MatrixView cut(MatrixView joined, const ViewSpan& span) {
    if (span.first + span.count > joined.cols) {
      throw ShapeError("rows of " + std::to_string(joined.cols) + " columns lack the view \"" + span.name + "\" up to column " +
                       std::to_string(span.first + span.count));
    }
    return view(joined, span);
  }

 private:
  std::unique_ptr<Scorer> scorer_;
  ViewSpan span_;
};

class ViewMethod final : public Method {
 public:
  ViewMethod(std::unique_ptr<Method> method, ViewSpan span) : method_(std::move(method)), span_(std::move(span)) {}

  std::string name() const override { return span_.name == kPlain ? method_->name() : method_->name() + "@" + span_.name; }
  std::string kind() const override { return method_->kind(); }
  std::size_t minimum_shots() const override { return method_->minimum_shots(); }
  std::size_t inner_steps() const override { return method_->inner_steps(); }
  std::unique_ptr<Scorer> adapt(const Support& support, Stream stream) const override {
    return std::make_unique<ViewScorer>(method_->adapt(cut(support), stream), span_);
  }
  std::unique_ptr<Scorer> adapt_partly(const Support& support, Stream stream, std::size_t steps) const override {
    return std::make_unique<ViewScorer>(method_->adapt_partly(cut(support), stream, steps), span_);
  }

 private:
  Support cut(const Support& support) const { return {ViewScorer::cut(support.rows, span_), support.labels}; }

  std::unique_ptr<Method> method_;
  ViewSpan span_;
};

// On the columns of a support as rank-Gaussian ones, fitted on its normals: what a table has that nothing was fitted on beforehand.
class RankedMethod final : public Method {
 public:
  explicit RankedMethod(std::unique_ptr<Method> method) : method_(std::move(method)) {}

  std::string name() const override { return method_->name() + "@" + std::string(kRank); }
  std::string kind() const override { return method_->kind(); }
  std::size_t minimum_shots() const override { return method_->minimum_shots(); }
  std::size_t inner_steps() const override { return method_->inner_steps(); }
  std::unique_ptr<Scorer> adapt(const Support& support, Stream stream) const override {
    return adapt_partly(support, stream, Learner::kAllSteps);
  }
  std::unique_ptr<Scorer> adapt_partly(const Support& support, Stream stream, std::size_t steps) const override {
    std::vector<std::uint32_t> normals;
    for (std::size_t i = 0; i < support.labels.size(); ++i) {
      if (support.labels[i] == 0) normals.push_back(static_cast<std::uint32_t>(i));
    }
    if (normals.size() < 2) throw ArgumentError("ranks among normals need at least 2 of them in the support");
    table::Columns columns(gathered(support.rows, std::span<const std::uint32_t>(normals)));
    table::Planes planes;
    columns.fill(support.rows, planes);
    const Support ranked{planes.q, support.labels};
    auto scorer = steps == Learner::kAllSteps ? method_->adapt(ranked, stream) : method_->adapt_partly(ranked, stream, steps);
    return std::make_unique<RankedScorer>(std::move(columns), std::move(scorer));
  }

 private:
  class RankedScorer final : public Scorer {
   public:
    RankedScorer(table::Columns columns, std::unique_ptr<Scorer> scorer) : columns_(std::move(columns)), scorer_(std::move(scorer)) {}
    void score(MatrixView rows, std::span<float> out) const override {
      table::Planes planes;
      columns_.fill(rows, planes);
      scorer_->score(planes.q, out);
    }

   private:
    table::Columns columns_;
    std::unique_ptr<Scorer> scorer_;
  };

  std::unique_ptr<Method> method_;
};

// A model with a selection: each support gets the method that was chosen for so many anomalies.
class ChosenMethod final : public Method {
 public:
  ChosenMethod(MetaModel model, SharedSpaces& spaces) : selection_(*model.selection), profile_(model.profile) {
    const std::string learner = model.learner;
    for (const std::string& name : selection_.chosen) {
      if (name != learner && !methods_.contains(name)) methods_[name] = simple_method(name, spaces, model.training.scores);
    }
    model.selection.reset();
    methods_[learner] = learner_method(std::move(model), spaces);
  }

  std::string name() const override { return std::string(kAutoLearner); }
  std::string kind() const override { return "learner"; }
  std::size_t minimum_shots() const override { return methods_.at(selection_.chosen.front())->minimum_shots(); }
  std::size_t inner_steps() const override {
    const auto steps = [&](const std::string& name) { return methods_.at(name)->inner_steps(); };
    const std::string& most = *std::ranges::max_element(selection_.chosen, {}, steps);
    return steps(most);
  }
  std::unique_ptr<Scorer> adapt(const Support& support, Stream stream) const override { return method_for(support).adapt(support, stream); }
  std::unique_ptr<Scorer> adapt_partly(const Support& support, Stream stream, std::size_t steps) const override {
    return method_for(support).adapt_partly(support, stream, steps);
  }
  const InputSpace* space(const Support& joined) const override { return method_for(joined).space(joined); }
  const ScoreProfile* profile() const override { return profile_ ? &*profile_ : nullptr; }
  std::unique_ptr<Scorer> adapt_mapped(const Support& mapped, Stream stream, std::size_t steps) const override {
    return method_for(mapped).adapt_mapped(mapped, stream, steps);
  }

 private:
  const Method& method_for(const Support& support) const {
    return *methods_.at(selection_.method_for(static_cast<std::size_t>(std::ranges::count(support.labels, 1))));
  }

  Selection selection_;
  std::optional<ScoreProfile> profile_;
  std::map<std::string, std::unique_ptr<Method>> methods_;  // by name
};

}  // namespace

std::shared_ptr<const InputSpace> SharedSpaces::get(Space space, ScoreList list) {
  std::shared_ptr<const InputSpace>& made = made_[{space, list}];
  if (!made) made = std::make_shared<InputSpace>(space, views_, reference_, list);
  return made;
}

std::unique_ptr<Method> learner_method(MetaModel model) {
  const Matrix reference = model.reference;
  SharedSpaces spaces(model.views.spans(), reference);
  return learner_method(std::move(model), spaces);
}

std::unique_ptr<Method> learner_method(MetaModel model, std::string_view as) {
  const LearnerEntry* entry = find_learner(as);
  if (entry == nullptr || (model.learner != entry->name && model.learner != entry->trained_as)) {
    throw ArgumentError("a model trained as \"" + model.learner + "\" cannot be used as \"" + std::string(as) + "\"");
  }
  auto space = std::make_shared<InputSpace>(model.training.space, model.views.spans(), model.reference, model.training.scores);
  return std::make_unique<LearnerMethod>(std::move(model), *entry, std::move(space));
}

std::unique_ptr<Method> learner_method(MetaModel model, SharedSpaces& spaces) {
  if (model.selection) return std::make_unique<ChosenMethod>(std::move(model), spaces);
  const LearnerEntry* entry = find_learner(model.learner);
  if (entry == nullptr) throw ArgumentError("there is no learner \"" + model.learner + "\"");
  auto space = spaces.get(model.training.space, model.training.scores);
  return std::make_unique<LearnerMethod>(std::move(model), *entry, std::move(space));
}

std::unique_ptr<Method> expert_method(const Expert& expert) { return std::make_unique<ExpertMethod>(expert); }

std::unique_ptr<Method> mean_score_method(std::shared_ptr<const InputSpace> scores) {
  return std::make_unique<MeanScoreMethod>(std::move(scores));
}

std::unique_ptr<Method> mlp_scratch_method(const MlpScratchOptions& options) {
  return std::make_unique<ScratchMethod<MlpScratchOptions>>(kMlpScratch, 1, train_mlp_from_scratch, options);
}

std::unique_ptr<Method> devnet_method(const DevNetOptions& options) {
  return std::make_unique<ScratchMethod<DevNetOptions>>(kDevNet, 1, train_devnet, options);
}

std::unique_ptr<Method> deep_sad_method(const DeepSadOptions& options) {
  return std::make_unique<ScratchMethod<DeepSadOptions>>(kDeepSad, 0, train_deep_sad, options);
}

std::unique_ptr<Method> on_view(std::unique_ptr<Method> method, const ViewSpan& span) {
  return std::make_unique<ViewMethod>(std::move(method), span);
}

std::unique_ptr<Method> on_ranks(std::unique_ptr<Method> method) { return std::make_unique<RankedMethod>(std::move(method)); }

SimpleName::SimpleName(std::string_view name) : method(name.substr(0, name.find('@'))), view(kPlain) {
  if (method.size() < name.size()) view = name.substr(method.size() + 1);
}

std::unique_ptr<Method> simple_method(std::string_view name) {
  if (name == kDevNet) return devnet_method();
  if (name == kDeepSad) return deep_sad_method();
  const Expert* expert = find_expert(name);
  if (expert == nullptr) throw ArgumentError("there is no simple method \"" + std::string(name) + "\"");
  if (!expert->missing().empty()) throw ArgumentError(std::string(name) + " " + std::string(expert->missing()));
  return expert_method(*expert);
}

std::unique_ptr<Method> simple_method(std::string_view name, SharedSpaces& spaces, ScoreList list) {
  if (name == kMeanScore) return mean_score_method(spaces.get(Space::kScores, list));
  const SimpleName parts(name);
  auto method = simple_method(parts.method);
  return on_view(std::move(method), find_view(spaces.views(), parts.view));
}

std::vector<std::string_view> baseline_names() {
  std::vector<std::string_view> names;
  for (const Expert* expert : known_experts()) {
    names.push_back(expert->name());
  }
  names.insert(names.end(), {kMeanScore, kMlpScratch, kDevNet, kDeepSad});
  for (const LearnerEntry& entry : learner_table()) {
    if (entry.kind == "pooled") {
      names.push_back(entry.name);
    }
  }
  return names;
}

std::string_view missing_for(std::string_view baseline) {
  const Expert* expert = find_expert(SimpleName(baseline).method);
  return expert != nullptr ? expert->missing() : std::string_view();
}

bool takes_views(std::string_view baseline) {
  return find_expert(baseline) != nullptr || baseline == kMlpScratch || baseline == kDevNet || baseline == kDeepSad;
}

}  // namespace oddshot
