#include "tasks/cut.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "oddshot/base/error.h"
#include "oddshot/base/text.h"
#include "tasks/column_values.h"
#include "tasks/kmeans.h"

namespace oddshot {

namespace {

constexpr std::int32_t kNone = Words::kNone;
constexpr std::size_t kManyCategories = 1000;  // a category column with more is pointed out: it may be an identifier

// The side of a task, a group or a row once it is decided.
enum class Serves : std::uint8_t { kNobody, kTraining, kHeldOut };

bool fits(Side file, Serves serves) {
  return serves != Serves::kNobody && (file == Side::kBoth || (file == Side::kTraining) == (serves == Serves::kTraining));
}

class Cutter {
 public:
  Cutter(const SuiteManifest& manifest, Table table) : manifest_(manifest) {
    out_.manifest = manifest;
    out_.table = std::move(table);
  }

  SuiteRows cut() && {
    find_files();
    find_features();
    find_normals();
    if (manifest_.held_out_anomalies > 0) set_anomalies_aside();
    find_kinds();
    choose_tasks();
    if (manifest_.own_normals && manifest_.cut != Cut::kFileLabel) {
      place_own_normals();
    } else if (!manifest_.group.empty()) {
      place_groups();
    } else {
      place_rows();
    }
    gather();
    return std::move(out_);
  }

 private:
  [[noreturn]] void refuse(const std::string& message) const {
    const std::string place = manifest_.file.empty() ? "suite " + manifest_.name : manifest_.file.string();
    throw FormatError(place + ": " + message);
  }
  void note(std::string text) { out_.notes.push_back(std::move(text)); }

  const Column& column(const std::string& name, std::string_view key) const {
    if (const auto found = out_.table.find(name)) return out_.table.columns[*found];
    std::vector<std::string> names;
    for (const auto& candidate : out_.table.columns) names.push_back(candidate.name);
    std::string message = fmt::format("the data have no column \"{}\" ({})", name, key);
    if (const auto near = nearest(name, names)) message += fmt::format("; did you mean \"{}\"?", *near);
    refuse(message);
  }

  // Which file each row is from, and which side that file serves.
  void find_files() {
    const Table& table = out_.table;
    file_.assign(table.rows(), 0);
    side_.assign(table.rows(), Side::kBoth);
    if (table.sources.empty()) return;
    if (table.sources.size() != manifest_.files.size()) {
      throw ShapeError(fmt::format("{} files were read for the {} of the manifest", table.sources.size(), manifest_.files.size()));
    }
    for (std::size_t f = 0; f < table.sources.size(); ++f) {
      const SourceFile& source = table.sources[f];
      std::fill_n(file_.begin() + static_cast<std::ptrdiff_t>(source.first_row), source.rows, static_cast<std::int32_t>(f));
      std::fill_n(side_.begin() + static_cast<std::ptrdiff_t>(source.first_row), source.rows, manifest_.files[f].side);
    }
  }

  void find_features() {
    const std::set<std::string> roles = [&] {
      std::set<std::string> names = {manifest_.label, manifest_.group, manifest_.time, manifest_.cut_column};
      names.insert(manifest_.ignored.begin(), manifest_.ignored.end());
      return names;
    }();
    for (const auto& name : manifest_.features) out_.feature_columns.push_back(column(name, "columns.features").name);
    if (manifest_.features.empty()) {
      for (const auto& candidate : out_.table.columns) {
        if (!roles.contains(candidate.name)) out_.feature_columns.push_back(candidate.name);
      }
    }
    if (out_.feature_columns.empty()) refuse("no feature columns: every column has another role");
    for (const auto& name : out_.feature_columns) {
      const Column& feature = out_.table.column(name);
      features_.push_back(&feature);
      if (feature.categories.size() > kManyCategories) {
        note(fmt::format("column \"{}\" has {} distinct values; if it is an identifier, add it to columns.ignored", name,
                         feature.categories.size()));
      }
    }
    if (!manifest_.time.empty()) column(manifest_.time, "columns.time");
  }

  void find_normals() {
    label_ = words_of(column(manifest_.label, "columns.label"));
    std::vector<bool> is_normal(label_.words.size());
    for (const auto& value : manifest_.normal) {
      const std::int32_t code = label_.find(value);
      if (code == kNone) {
        std::string message = fmt::format("no row has the normal value \"{}\" in column \"{}\"", value, manifest_.label);
        if (const auto near = nearest(value, label_.words)) message += fmt::format("; did you mean \"{}\"?", *near);
        refuse(message);
      }
      is_normal[static_cast<std::size_t>(code)] = true;
    }
    std::size_t unlabelled = 0;
    for (std::uint32_t r = 0; r < label_.codes.size(); ++r) {
      if (label_.codes[r] == kNone) {
        ++unlabelled;
      } else {
        (is_normal[static_cast<std::size_t>(label_.codes[r])] ? normals_ : anomalies_).push_back(r);
      }
    }
    if (unlabelled > 0) note(fmt::format("{} rows without a label are left out", unlabelled));
    if (anomalies_.empty()) refuse(fmt::format("every row is normal: column \"{}\" holds no other value", manifest_.label));
  }

  // Anomalies of files that serve both sides get one of them: equal rows the same, and rows of one group.
  void set_anomalies_aside() {
    const Words groups = manifest_.group.empty() ? Words{} : words_of(column(manifest_.group, "columns.group"));
    for (const auto r : anomalies_) {
      if (side_[r] != Side::kBoth) continue;
      ContentKey key;
      if (manifest_.group.empty()) {
        add_features(key, r);
      } else if (groups.codes[r] != kNone) {
        key.add(groups.words[static_cast<std::size_t>(groups.codes[r])]);
      }
      const bool aside = Stream(key.value(), Purpose::kSplit, 1).uniform() < static_cast<float>(manifest_.held_out_anomalies);
      side_[r] = aside ? Side::kHeldOut : Side::kTraining;
    }
  }

  void add_features(ContentKey& key, std::uint32_t row) const {
    for (const Column* feature : features_) key.add(*feature, row);
  }

  // kind_ [N]: which kind an anomaly is of (with own normals also which a normal row belongs to), kNone for other rows.
  void find_kinds() {
    kind_.assign(out_.table.rows(), kNone);
    switch (manifest_.cut) {
      case Cut::kLabel:
        take_kinds(label_);
        break;
      case Cut::kColumn:
        take_kinds(words_of(column(manifest_.cut_column, "tasks.column")));
        break;
      case Cut::kFile:
        take_kinds(file_words());
        break;
      case Cut::kFileLabel:
        take_kinds_of_files();
        break;
      case Cut::kCluster:
        cluster_anomalies();
        break;
      case Cut::kTable:
        throw ArgumentError("suite " + manifest_.name + " is one of tables, each cut by itself");
    }
    if (manifest_.cut == Cut::kColumn) {
      std::erase_if(anomalies_, [&](std::uint32_t r) { return kind_[r] == kNone; });
    }
    of_training_.assign(kinds_.size(), 0);
    of_held_out_.assign(kinds_.size(), 0);
    for (const auto r : anomalies_) {
      of_training_[kind_of(r)] += side_[r] != Side::kHeldOut ? 1 : 0;
      of_held_out_[kind_of(r)] += side_[r] != Side::kTraining ? 1 : 0;
    }
  }

  std::size_t kind_of(std::uint32_t row) const { return static_cast<std::size_t>(kind_[row]); }

  Words file_words() const {
    Words result;
    std::vector<std::int32_t> codes;
    for (const auto& file : manifest_.files) {
      const std::filesystem::path path(file.path);
      const std::string plain = (path.extension() == ".gz" ? path.stem() : path.filename()).stem().string();
      const std::string& name = file.task.empty() ? plain : file.task;
      if (result.find(name) == kNone) result.words.push_back(name);
      codes.push_back(result.find(name));
    }
    for (const auto file : file_) result.codes.push_back(codes.at(static_cast<std::size_t>(file)));
    return result;
  }

  void take_kinds(Words words) {
    kinds_ = std::move(words.words);
    std::size_t missing = 0;
    for (const auto r : anomalies_) {
      kind_[r] = words.codes[r];
      if (kind_[r] == kNone) ++missing;
    }
    if (missing > 0) note(fmt::format("{} anomalies without a value in column \"{}\" are left out", missing, manifest_.cut_column));
    if (manifest_.own_normals) {
      for (const auto r : normals_) kind_[r] = words.codes[r];
    }
  }

  // A kind is a label value in a file, or in files that share a name.
  void take_kinds_of_files() {
    file_kinds_ = file_words();
    std::map<std::pair<std::int32_t, std::int32_t>, std::int32_t> known;
    for (const auto r : anomalies_) {
      const auto pair = std::pair(file_kinds_.codes[r], label_.codes[r]);
      const auto [there, fresh] = known.emplace(pair, static_cast<std::int32_t>(kinds_.size()));
      if (fresh) {
        kinds_.push_back(file_kinds_.words[static_cast<std::size_t>(pair.first)] + "/" +
                         label_.words[static_cast<std::size_t>(pair.second)]);
      }
      kind_[r] = there->second;
    }
  }

  // The features of some rows, numeric ones clipped as in the plain view: one far value must not be a cluster of its own.
  Matrix clipped(const Preprocessor& preprocessor, std::span<const std::uint32_t> rows) const {
    Matrix features = preprocessor.transform(out_.table, rows);
    clip_numeric(features, preprocessor.feature_kinds(), manifest_.views.plain_clip);
    return features;
  }

  // Centres are fitted on anomalies that training may see; those of held-out files go to the nearest.
  void cluster_anomalies() {
    std::vector<std::uint32_t> fitted;
    std::copy_if(anomalies_.begin(), anomalies_.end(), std::back_inserter(fitted),
                 [&](std::uint32_t r) { return side_[r] != Side::kHeldOut; });
    if (fitted.size() < manifest_.clusters) {
      refuse(fmt::format("tasks.clusters is {}, but there are {} anomalies to cluster in the files that serve training", manifest_.clusters,
                         fitted.size()));
    }
    const auto features = Preprocessor::fit(out_.table, out_.feature_columns, fitted, {}, manifest_.preprocessor);
    const auto clusters = kmeans(clipped(features, fitted), manifest_.clusters, Stream(0, Purpose::kCluster, manifest_.clusters));
    const auto assignment = nearest_centres(clipped(features, anomalies_), clusters.centres);

    // Named by size, the largest first.
    std::vector<std::size_t> sizes(clusters.centres.rows());
    for (const auto cluster : assignment) ++sizes[cluster];
    std::vector<std::uint32_t> order(sizes.size());
    for (std::uint32_t c = 0; c < order.size(); ++c) order[c] = c;
    std::stable_sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) { return sizes[a] > sizes[b]; });
    std::vector<std::int32_t> rank(order.size());
    const std::size_t digits = std::to_string(order.size()).size();
    for (std::size_t i = 0; i < order.size(); ++i) {
      rank[order[i]] = static_cast<std::int32_t>(i);
      kinds_.push_back(fmt::format("cluster-{:0{}}", i + 1, digits));
    }
    for (std::size_t i = 0; i < anomalies_.size(); ++i) kind_[anomalies_[i]] = rank[assignment[i]];
    if (order.size() < manifest_.clusters) {
      note(fmt::format("the anomalies have only {} distinct rows: {} clusters instead of {}", order.size(), order.size(),
                       manifest_.clusters));
    }
  }

  // serves_ [kinds]: what becomes of each kind.
  void choose_tasks() {
    serves_.assign(kinds_.size(), Serves::kNobody);
    claim(manifest_.training, Serves::kTraining, "tasks.training");
    claim(manifest_.held_out, Serves::kHeldOut, "tasks.held_out");
    const auto lists = [](const std::vector<std::string>& list, std::string_view word) {
      return std::find(list.begin(), list.end(), word) != list.end();
    };
    const bool unseen = lists(manifest_.held_out, "unseen");
    const bool rest_trains = lists(manifest_.training, "*");
    const bool rest_is_held_out = lists(manifest_.held_out, "*");
    for (std::size_t k = 0; k < kinds_.size(); ++k) {
      if (serves_[k] != Serves::kNobody) continue;
      if (rest_trains && of_training_[k] > 0) {
        serves_[k] = Serves::kTraining;
      } else if (of_held_out_[k] > 0 && (rest_is_held_out || (unseen && of_training_[k] == 0))) {
        serves_[k] = Serves::kHeldOut;
      }
    }
    drop_small();
    note_unused();
  }

  void claim(const std::vector<std::string>& names, Serves serves, std::string_view key) {
    for (const auto& name : names) {
      if (name == "*" || name == "unseen") continue;
      const auto found = std::find(kinds_.begin(), kinds_.end(), name);
      const auto k = static_cast<std::size_t>(found - kinds_.begin());
      const std::size_t everywhere = found == kinds_.end() ? 0 : of_training_[k] + of_held_out_[k];
      if (everywhere == 0) {
        std::vector<std::string> there;
        for (std::size_t i = 0; i < kinds_.size(); ++i) {
          if (of_training_[i] + of_held_out_[i] > 0) there.push_back(kinds_[i]);
        }
        std::string message = fmt::format("{} names \"{}\", but no anomaly is of that kind", key, name);
        if (const auto near = nearest(name, there)) message += fmt::format("; did you mean \"{}\"?", *near);
        refuse(message);
      }
      serves_[k] = serves;
    }
  }

  void drop_small() {
    std::vector<bool> small(kinds_.size());
    for (std::size_t k = 0; k < kinds_.size(); ++k) {
      if (serves_[k] == Serves::kNobody) continue;
      small[k] = (serves_[k] == Serves::kTraining ? of_training_ : of_held_out_)[k] < manifest_.minimum_anomalies;
    }
    std::map<std::string, TaskRows> rows;
    for (const auto r : anomalies_) {
      if (small[kind_of(r)] && fits(side_[r], serves_[kind_of(r)])) rows[kinds_[kind_of(r)]].anomalies.push_back(r);
    }
    for (std::size_t k = 0; k < kinds_.size(); ++k) {
      if (!small[k]) continue;
      rows[kinds_[k]].name = kinds_[k];
      serves_[k] = Serves::kNobody;
      small_kinds_.insert(kinds_[k]);
    }
    for (auto& [name, task] : rows) out_.too_small.push_back(std::move(task));
  }

  // Anomalies that no task gets, and why.
  void note_unused() {
    std::map<std::string, std::size_t> unlisted, wrong_side_training, wrong_side_held_out;
    for (const auto r : anomalies_) {
      const std::string& kind = kinds_[kind_of(r)];
      const Serves serves = serves_[kind_of(r)];
      if (serves == Serves::kNobody) {
        if (!small_kinds_.contains(kind)) ++unlisted[kind];
      } else if (!fits(side_[r], serves)) {
        ++(serves == Serves::kTraining ? wrong_side_training : wrong_side_held_out)[kind];
      }
    }
    const auto tell = [&](const std::map<std::string, std::size_t>& counts, std::string_view what) {
      if (counts.empty()) return;
      std::string list;
      for (const auto& [kind, count] : counts) list += fmt::format("{}{} {}", list.empty() ? "" : ", ", kind, count);
      note(fmt::format("{} are left out: {}", what, list));
    };
    tell(wrong_side_held_out, "anomalies of held-out kinds on the training side");
    tell(wrong_side_training, "anomalies of training kinds on the held-out side");
    tell(unlisted, "anomalies of kinds that are on neither side");
  }

  // What share of the normals that are free to serve either side the held-out tasks get.
  double held_out_share() const {
    if (manifest_.held_out.empty()) return 0;
    return manifest_.training.empty() ? 1 : manifest_.held_out_normals;
  }
  Serves by_hash(std::uint64_t key) const {
    return Stream(key, Purpose::kSplit, 0).uniform() < static_cast<float>(held_out_share()) ? Serves::kHeldOut : Serves::kTraining;
  }

  void place_normal(std::uint32_t row, Serves serves) {
    if (fits(side_[row], serves)) {
      (serves == Serves::kTraining ? out_.training_normals : held_out_normals_).push_back(row);
    } else {
      ++normals_left_out_;
    }
  }

  // No groups: a file that serves one side gives its normals to it; those of the others are split by what they hold.
  void place_rows() {
    for (const auto r : normals_) {
      if (side_[r] != Side::kBoth) {
        place_normal(r, side_[r] == Side::kTraining ? Serves::kTraining : Serves::kHeldOut);
        continue;
      }
      ContentKey key;
      add_features(key, r);
      place_normal(r, by_hash(key.value()));
    }
  }

  void place_own_normals() {
    for (const auto r : normals_) place_normal(r, kind_[r] == kNone ? Serves::kNobody : serves_[kind_of(r)]);
  }

  void place_groups() {
    const Words groups = words_of(column(manifest_.group, "columns.group"));
    std::vector<Serves> serves = sides_by_anomalies(groups);
    const std::vector<Serves> by_anomalies = serves;
    claim_groups(groups, manifest_.training_groups, Serves::kTraining, "tasks.training_groups", by_anomalies, serves);
    claim_groups(groups, manifest_.held_out_groups, Serves::kHeldOut, "tasks.held_out_groups", by_anomalies, serves);

    // The others serve whom their files serve, and where that leaves a choice it is made by their name.
    std::vector<bool> may_train(serves.size()), may_be_held_out(serves.size());
    for (const auto r : normals_) {
      const auto g = static_cast<std::size_t>(groups.codes[r]);
      if (side_[r] != Side::kHeldOut) may_train[g] = true;
      if (side_[r] != Side::kTraining) may_be_held_out[g] = true;
    }
    for (std::size_t g = 0; g < serves.size(); ++g) {
      if (serves[g] != Serves::kNobody) continue;
      if (may_train[g] != may_be_held_out[g]) {
        serves[g] = may_train[g] ? Serves::kTraining : Serves::kHeldOut;
      } else {
        ContentKey key;
        key.add(groups.words[g]);
        serves[g] = by_hash(key.value());
      }
    }
    for (const auto r : normals_) place_normal(r, serves[static_cast<std::size_t>(groups.codes[r])]);
  }

  std::vector<Serves> sides_by_anomalies(const Words& groups) const {
    for (std::size_t r = 0; r < groups.codes.size(); ++r) {
      if (groups.codes[r] == kNone && label_.codes[r] != kNone) {
        refuse(fmt::format("{}: the row has no group in column \"{}\"", out_.table.place(r), manifest_.group));
      }
    }
    std::vector<Serves> serves(groups.words.size(), Serves::kNobody);
    std::vector<std::uint32_t> witness(groups.words.size());  // the row that decided
    for (const auto r : anomalies_) {
      const Serves kind = serves_[kind_of(r)];
      if (!fits(side_[r], kind)) continue;
      const auto g = static_cast<std::size_t>(groups.codes[r]);
      if (serves[g] != Serves::kNobody && serves[g] != kind) {
        const bool first = serves[g] == Serves::kTraining;
        const std::uint32_t trains = first ? witness[g] : r;
        const std::uint32_t held = first ? r : witness[g];
        refuse(
            fmt::format("group \"{}\" of column \"{}\" holds anomalies of the training task \"{}\" ({}) and of the held-out task \"{}\" "
                        "({}), but rows of one group never serve both sides: put both tasks on one side, or choose a finer group",
                        groups.words[g], manifest_.group, kinds_[kind_of(trains)], out_.table.place(trains), kinds_[kind_of(held)],
                        out_.table.place(held)));
      }
      if (serves[g] == Serves::kNobody) witness[g] = r;
      serves[g] = kind;
    }
    return serves;
  }

  void claim_groups(const Words& groups, const std::vector<std::string>& names, Serves side, std::string_view key,
                    const std::vector<Serves>& by_anomalies, std::vector<Serves>& serves) const {
    for (const auto& name : names) {
      const std::int32_t code = groups.find(name);
      if (code == kNone) {
        std::string message = fmt::format("{} names \"{}\", but column \"{}\" holds no such group", key, name, manifest_.group);
        if (const auto near = nearest(name, groups.words)) message += fmt::format("; did you mean \"{}\"?", *near);
        refuse(message);
      }
      const auto g = static_cast<std::size_t>(code);
      if (by_anomalies[g] != Serves::kNobody && by_anomalies[g] != side) {
        refuse(fmt::format("{} names \"{}\", but that group holds anomalies of a {} task", key, name,
                           side == Serves::kTraining ? "held-out" : "training"));
      }
      serves[g] = side;
    }
  }

  void gather() {
    if (normals_left_out_ > 0) {
      note(fmt::format("{} normal rows are left out: their file, group or task does not serve the side that they would be on",
                       normals_left_out_));
    }
    std::map<std::string, TaskRows> training, held_out;
    for (const auto r : anomalies_) {
      const Serves serves = serves_[kind_of(r)];
      if (fits(side_[r], serves)) (serves == Serves::kTraining ? training : held_out)[kinds_[kind_of(r)]].anomalies.push_back(r);
    }
    finish(training, manifest_.training, out_.training_normals, "training", out_.training);
    finish(held_out, manifest_.held_out, held_out_normals_, "held-out", out_.held_out);
  }

  void finish(std::map<std::string, TaskRows>& tasks, const std::vector<std::string>& asked, const std::vector<std::uint32_t>& normals,
              std::string_view side, std::vector<TaskRows>& result) const {
    if (tasks.empty() && !asked.empty()) {
      std::string list;
      for (const auto& small : out_.too_small) list += fmt::format("{}{} {}", list.empty() ? "" : ", ", small.name, small.anomalies.size());
      refuse(fmt::format("no {} task is left: none of the kinds asked for has tasks.minimum_anomalies = {} rows on that side{}", side,
                         manifest_.minimum_anomalies, list.empty() ? "" : " (" + list + ")"));
    }
    for (auto& entry : tasks) {
      const std::string& name = entry.first;  // not a structured binding: in C++20 as clang 14 has it, no lambda can refer to one
      TaskRows& task = entry.second;
      task.name = name;
      if (manifest_.cut == Cut::kFileLabel && manifest_.own_normals) {
        const std::int32_t file = file_kinds_.codes[task.anomalies.front()];
        std::copy_if(normals.begin(), normals.end(), std::back_inserter(task.normals),
                     [&](std::uint32_t r) { return file_kinds_.codes[r] == file; });
      } else if (manifest_.own_normals) {
        std::copy_if(normals.begin(), normals.end(), std::back_inserter(task.normals),
                     [&](std::uint32_t r) { return kinds_[kind_of(r)] == name; });
      } else {
        task.normals = normals;
      }
      if (task.normals.empty()) {
        refuse(fmt::format("the {} task \"{}\" has no normal rows: every normal row is on the other side or left out", side, name));
      }
      result.push_back(std::move(task));
    }
  }

  const SuiteManifest& manifest_;
  SuiteRows out_;
  std::vector<const Column*> features_;
  std::vector<std::int32_t> file_;  // [N]
  std::vector<Side> side_;          // [N] of the file; of an anomaly that a share decides about, what it decided
  Words label_;
  std::vector<std::uint32_t> normals_, anomalies_;  // rows
  std::vector<std::string> kinds_;
  std::vector<std::int32_t> kind_;                      // [N]
  Words file_kinds_;                                    // Cut::kFileLabel: the name of each row's file
  std::vector<std::size_t> of_training_, of_held_out_;  // [kinds] anomalies in files that serve that side
  std::vector<Serves> serves_;                          // [kinds]
  std::set<std::string> small_kinds_;
  std::vector<std::uint32_t> held_out_normals_;
  std::size_t normals_left_out_ = 0;
};

}  // namespace

SuiteRows cut_tasks(const SuiteManifest& manifest, Table table) { return Cutter(manifest, std::move(table)).cut(); }

}  // namespace oddshot
