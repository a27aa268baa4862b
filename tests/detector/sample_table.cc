#include "sample_table.h"

#include <limits>

#include "oddshot/base/random.h"
#include "oddshot/experts/input_space.h"
#include "oddshot/learners/learner.h"

namespace oddshot {

MetaModel table_model(const std::string& learner) {
  MetaModel model;
  model.learner = learner;
  model.learner_options.encoder.inputs = InputSpace::width_of(Space::kTable, 0, 0);
  model.learner_options.encoder.hidden = {4};
  model.learner_options.members = 1;
  const auto made = find_learner(learner)->make(model.learner_options);
  model.learner_options = made->options();
  model.params.resize(made->layout().size());
  made->initialise(model.params, Stream(1, Purpose::kTest, 0));
  model.suite = "several";
  model.training_tasks = {"claims", "pumps"};
  model.training.space = Space::kTable;
  model.training.augment = AugmentOptions::none();
  model.training.steps = 0;
  model.oddshot_version = "0.1.0";
  return model;
}

Table sample_table() {
  constexpr std::size_t kRows = 80;
  Column amount{.name = "amount", .kind = ColumnKind::kNumeric, .numbers = {}, .codes = {}, .categories = {}};
  Column speed = amount, row = amount, same = amount;
  speed.name = "speed";
  row.name = "row";
  same.name = "same";
  Column kind{.name = "kind", .kind = ColumnKind::kCategory, .numbers = {}, .codes = {}, .categories = {"car", "house", "boat"}};
  Column id = kind, label = kind;
  id.name = "id";
  id.categories.clear();
  label.name = "label";
  label.categories = {"normal", "anomaly"};
  Stream stream(7, Purpose::kTest, 1);
  for (std::size_t r = 0; r < kRows; ++r) {
    const bool anomaly = r % 8 == 7;
    const bool unlabelled = r % 8 == 3;
    amount.numbers.push_back((anomaly ? 40.0F : 10.0F) + stream.normal());
    speed.numbers.push_back(r % 9 == 0 ? std::numeric_limits<float>::quiet_NaN() : stream.normal());
    kind.codes.push_back(static_cast<std::int32_t>(stream.below(3)));
    id.codes.push_back(static_cast<std::int32_t>(r));
    id.categories.push_back("a" + std::to_string(r));
    row.numbers.push_back(static_cast<float>(r));
    same.numbers.push_back(5);
    label.codes.push_back(unlabelled ? Column::kMissingCode : anomaly ? 1 : 0);
  }
  Table table;
  table.columns = {amount, speed, kind, id, row, same, label};
  return table;
}

}  // namespace oddshot
