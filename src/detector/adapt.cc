// From a table with labels to a detector: which rows are known, which columns are of use.
#include <algorithm>
#include <cmath>
#include <functional>
#include <iterator>
#include <numeric>
#include <optional>
#include <set>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "data/cell.h"
#include "detector/cross_fit.h"
#include "detector/encode.h"
#include "detector/familiarity.h"
#include "detector/rows_of_tables.h"
#include "detector/stand_ins.h"
#include "oddshot/base/error.h"
#include "oddshot/base/random.h"
#include "oddshot/base/text.h"
#include "oddshot/detector/detector.h"
#include "tasks/column_values.h"

namespace oddshot {
namespace {

constexpr std::size_t kFewRows = 20;         // of so few rows nothing can be said about what a column is
constexpr double kShareOfNumbers = 0.9;      // of a column's values that are numbers, where others may be slips
constexpr double kShareOfIdentifiers = 0.5;  // a category column with more different values a row is an identifier

constexpr std::size_t kUsualCalibrators = 99;   // enough for a rate of 1%
constexpr std::size_t kUsuallyHeldBack = 2048;  // at most, unless a rate needs more

constexpr std::uint64_t kHoldBack = 1;  // an index that folds of tasks do not use
constexpr std::size_t kFoldsToJudgeBy = 3;
constexpr double kNotableLead = 0.02;  // AUROC

using Rows = std::vector<std::uint32_t>;

struct KnownRows {
  Rows normals, anomalies;
  std::size_t unlabelled = 0;
};

bool holds(const std::vector<std::string>& list, std::string_view value) { return std::ranges::find(list, value) != list.end(); }

KnownRows known_rows(const Table& table, const AdaptOptions& options) {
  KnownRows rows;
  const Words label = words_of(table.column(options.label));
  for (std::uint32_t r = 0; r < label.codes.size(); ++r) {
    const std::string* value = label.codes[r] == Words::kNone ? nullptr : &label.words[static_cast<std::size_t>(label.codes[r])];
    if (value == nullptr || holds(options.unknown, *value)) {
      ++rows.unlabelled;
    } else if (holds(options.normal, *value)) {
      rows.normals.push_back(r);
    } else if (holds(options.anomaly, *value)) {
      rows.anomalies.push_back(r);
    } else {
      throw FormatError(
          fmt::format("{}, column \"{}\": \"{}\" is neither a normal value (\"{}\") nor an anomalous one (\"{}\"); name it as one of them, "
                      "or leave it empty where it is not known",
                      table.place(r), options.label, *value, fmt::join(options.normal, "\", \""), fmt::join(options.anomaly, "\", \"")));
    }
  }
  return rows;
}

// The weights of the table's rows; empty if no column of them is named.
std::vector<float> weights_of(const Table& table, const AdaptOptions& options) {
  if (options.weight.empty()) return {};
  const Column& column = table.column(options.weight);
  if (column.kind != ColumnKind::kNumeric) throw FormatError(fmt::format("column \"{}\" of weights is not numeric", options.weight));
  for (std::size_t r = 0; r < column.numbers.size(); ++r) {
    if (column.numbers[r] >= 0) continue;  // not of a missing value, which is NaN
    throw FormatError(fmt::format("{}, column \"{}\": a weight must be a number of 0 or more{}", table.place(r), options.weight,
                                  std::isnan(column.numbers[r]) ? ", and is missing" : fmt::format(", not {}", column.numbers[r])));
  }
  return column.numbers;
}

// Why a column is no feature; empty if it may be one.
std::string objection(const Column& column) {
  if (column.rows() < kFewRows) return {};
  if (column.kind == ColumnKind::kCategory) {
    const auto present = column.rows() - static_cast<std::size_t>(std::ranges::count(column.codes, Column::kMissingCode));
    const std::set<std::int32_t> different(column.codes.begin(), column.codes.end());
    if (static_cast<double>(different.size()) <= kShareOfIdentifiers * static_cast<double>(present) || present < kFewRows) return {};
    return fmt::format("\"{}\" is left out: it looks like an identifier, with {} values in {} rows", column.name, column.categories.size(),
                       present);
  }
  for (std::size_t r = 1; r < column.numbers.size(); ++r) {
    if (!(column.numbers[r] == column.numbers[r - 1] + 1)) return {};
  }
  return fmt::format("\"{}\" is left out: it counts the rows", column.name);
}

// What a user should know of a category nearly all of whose values are numbers: the first that is none may be a slip. Empty otherwise.
std::string slip(const Table& table, const Column& column) {
  if (column.kind != ColumnKind::kCategory) return {};
  std::vector<bool> is_number;
  for (const std::string& category : column.categories) {
    float number = 0;
    is_number.push_back(data::parse_number(category, number) == data::CellKind::kNumber);
  }
  std::size_t numbers = 0;
  std::size_t present = 0;
  std::optional<std::size_t> first;
  for (std::size_t r = 0; r < column.codes.size(); ++r) {
    if (column.codes[r] == Column::kMissingCode) continue;
    ++present;
    const bool number = is_number[static_cast<std::size_t>(column.codes[r])];
    numbers += number ? 1 : 0;
    if (!number && !first) first = r;
  }
  if (!first || static_cast<double>(numbers) < kShareOfNumbers * static_cast<double>(present)) return {};
  return fmt::format("\"{}\" is taken for words: {} of its {} values are numbers, \"{}\" ({}) is none", column.name, numbers, present,
                     column.categories[static_cast<std::size_t>(column.codes[*first])], table.place(*first));
}

std::vector<std::string> feature_columns(const Table& table, const AdaptOptions& options, std::vector<std::string>& notes) {
  for (const std::string& name : options.ignored) table.column(name);  // throws if it is not there
  std::vector<std::string> features;
  for (const Column& column : table.columns) {
    if (column.name == options.label || column.name == options.weight || holds(options.ignored, column.name)) continue;
    if (std::string note = slip(table, column); !note.empty()) notes.push_back(std::move(note));
    std::string why = objection(column);
    if (why.empty()) {
      features.push_back(column.name);
    } else {
      notes.push_back(std::move(why));
    }
  }
  if (features.empty()) {
    throw ArgumentError(fmt::format("{}no column is left to tell rows apart by: {}",
                                    table.sources.empty() ? "" : table.sources[0].path + ": ",
                                    notes.empty() ? "every column has another role" : fmt::to_string(fmt::join(notes, "; "))));
  }
  return features;
}

Preprocessor fit_own(const Table& table, const std::vector<std::string>& features, const Rows& normals, const Rows& anomalies,
                     std::vector<std::string>& notes) {
  const bool few = normals.size() < kEnoughNormals;
  Preprocessor own = few ? fit_to_few(table, features, normals, anomalies)
                         : Preprocessor::fit(table, features, normals, anomalies, {.numeric = NumericTransform::kIdentity});
  for (const std::string& name : own.dropped()) {
    notes.push_back(
        fmt::format("\"{}\" is left out: it {}", name, few ? "has no value in any known row" : "is the same in all known rows"));
  }
  return own;
}

// At most `most` of the rows: evenly spaced, by weight if they have one (those of weight 0 then go first).
Rows thinned(const Rows& rows, std::size_t most, const std::vector<float>& weights) {
  if (rows.size() <= most) return rows;
  Rows result;
  if (weights.empty()) {
    for (std::size_t i = 0; i < most; ++i) result.push_back(rows[i * rows.size() / most]);
    return result;
  }
  double sum = 0;
  for (const auto r : rows) sum += double{weights[r]};
  if (sum == 0) return thinned(rows, most, {});
  // A row is chosen where the running sum of the shares passes a whole number.
  double running = 0.5;
  for (std::size_t i = 0; i < rows.size() && result.size() < most; ++i) {
    const double before = running;
    running += double{weights[rows[i]]} * static_cast<double>(most) / sum;
    if (std::floor(running) > std::floor(before)) result.push_back(rows[i]);
  }
  return result;
}

// Normals that adapting keeps to itself, of so many.
std::size_t kept_to_adapt(std::size_t normals) { return std::max(kEnoughNormals, std::min(normals / 2, kLargestSupportClass / 2)); }

// How many of so many normals are held back: none where they are too few to do without, or cross-fitting is asked for.
std::size_t held_back(std::size_t normals, const AdaptOptions& options) {
  if (options.calibration == CalibrationScheme::kNone || options.calibration == CalibrationScheme::kCrossFitted) return 0;
  if (normals <= kEnoughNormals) return 0;
  const std::size_t asked = options.max_false_alarms ? calibrators_needed(*options.max_false_alarms) : 0;
  const std::size_t wanted = std::max(std::min(normals / 3, kUsuallyHeldBack), asked);
  const std::size_t most = std::min(normals - kept_to_adapt(normals), kMostHeldBack);
  if (options.calibration == CalibrationScheme::kHeldBack) return std::min(wanted, most);
  const bool enough = asked > 0 ? normals - std::min(normals, wanted) >= 2 * kEnoughNormals : wanted >= kUsualCalibrators;
  return enough && wanted <= most ? wanted : 0;
}

// Takes `count` of the rows out at random; the others keep their order.
Rows take_out(Rows& rows, std::size_t count, Stream stream) {
  if (count == 0) return {};
  std::vector<std::uint32_t> chosen = stream.sample(static_cast<std::uint32_t>(rows.size()), static_cast<std::uint32_t>(count));
  std::ranges::sort(chosen);
  Rows taken, rest;
  for (std::uint32_t i = 0; i < rows.size(); ++i) {
    const bool out = taken.size() < chosen.size() && chosen[taken.size()] == i;
    (out ? taken : rest).push_back(rows[i]);
  }
  rows = std::move(rest);
  return taken;
}

void append_weights(std::vector<float>& some, const std::vector<float>& weights, const Rows& rows) {
  if (weights.empty()) return;
  for (const auto r : rows) some.push_back(weights[r]);
}

// Which rows of the table serve what.
struct Roles {
  Rows normals, anomalies;  // the support
  Rows held_back;           // to calibrate by
  Rows unused;              // trimmed, and not to calibrate by
};

std::size_t count_at_least(double share, std::size_t of) {
  return static_cast<std::size_t>(std::ceil(share * static_cast<double>(of) - 1e-9));
}

// The rows as the model sees them.
DetectorRows encoded(const MetaModel& model, const Table& table, const Roles& roles, const std::vector<std::string>& features,
                     const Rows& fitted, std::vector<std::string>& notes) {
  DetectorRows rows;
  const bool own = has_own_preprocessor(model);
  if (own) rows.own = fit_own(table, features, fitted, roles.anomalies, notes);
  const Preprocessor& preprocessor = own ? rows.own : model.preprocessor;
  Rows support = roles.normals;
  support.insert(support.end(), roles.anomalies.begin(), roles.anomalies.end());
  rows.labels.assign(roles.normals.size(), 0);
  rows.labels.resize(support.size(), 1);
  rows.support = encode_rows(model, preprocessor, table, support);
  if (!roles.held_back.empty()) rows.held_back = encode_rows(model, preprocessor, table, roles.held_back);
  return rows;
}

// Moves the normals that look least normal out of the support.
// Where no others are held back they are calibrators, for it is normals of all kinds that a rate is promised for.
void trim(const MetaModel& model, const DetectorRows& rows, double share, Roles& roles, ThreadPool& pool) {
  Rows& place = roles.held_back.empty() ? roles.held_back : roles.unused;
  const std::size_t count = std::min(count_at_least(share, roles.normals.size()), roles.normals.size() - kEnoughNormals);
  const std::vector<float> scores = cross_fitted_scores(*learner_method(model), {rows.support, rows.labels}, adapting_stream(model), pool);
  std::vector<std::size_t> order(scores.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::stable_sort(order, std::greater<>(), [&](std::size_t i) { return scores[i]; });
  std::vector<bool> out(scores.size());
  for (std::size_t i = 0; i < count; ++i) out[order[i]] = true;
  Rows kept;
  for (std::size_t i = 0; i < roles.normals.size(); ++i) (out[i] ? place : kept).push_back(roles.normals[i]);
  roles.normals = std::move(kept);
}

// An expert that is clearly better than the model on the support, by folds that leave their share out (model_folds: the model's); or
// nothing. The rows to calibrate by play no part.
std::string better_expert(const MetaModel& model, const DetectorRows& rows, std::span<const LeftOut> model_folds, ThreadPool& pool,
                          std::vector<std::string>& notes) {
  const Support all{rows.support, rows.labels};
  const auto by_model = aurocs_of(model_folds);
  if (by_model.size() < kFoldsToJudgeBy) return {};
  std::string best;
  double lead = kNotableLead;
  for (const char* name : {"knn", "knn-difference"}) {
    const auto method = method_of(model, rows.own, name, kEnoughNormals);
    const auto by_expert = aurocs_of(left_out_folds(*method, all, adapting_stream(model), pool));
    std::vector<double> differences;
    for (std::size_t f = 0; f < by_model.size(); ++f) {
      if (by_model[f] && by_expert[f]) differences.push_back(*by_expert[f] - *by_model[f]);
    }
    if (differences.size() < kFoldsToJudgeBy) continue;
    const auto n = static_cast<double>(differences.size());
    const double mean = std::accumulate(differences.begin(), differences.end(), 0.0) / n;
    double squares = 0;
    for (const double d : differences) squares += (d - mean) * (d - mean);
    if (mean <= lead || mean <= 2 * std::sqrt(squares / (n - 1) / n)) continue;
    lead = mean;
    best = name;
  }
  if (!best.empty()) {
    const double model_auroc = mean_of(by_model).value_or(0);
    notes.push_back(
        fmt::format("these rows are unlike those that the model was trained on: {} alone tells them apart better (AUROC {:.3f} against "
                    "{:.3f}, each row "
                    "scored by an adapting without it), and serves instead of it",
                    best, model_auroc + lead, model_auroc));
  }
  return best;
}

// Says what is unlike the rows trained on, and what serves all the same. Where a simple method does, better_expert has said why.
void note_unfamiliar(const Detector& detector, const AdaptOptions& options, std::span<const LeftOut> model_folds,
                     std::vector<std::string>& notes) {
  const std::vector<std::string> found = unfamiliar(detector, model_folds);
  if (found.empty() || !detector.method().empty()) return;
  std::string serves = "the model serves all the same, as asked";
  if (options.fall_back) {
    serves = detector.anomalies() < kFoldsToJudgeBy
                 ? fmt::format(
                       "the model serves all the same: with {} known anomalies, where {} are needed, nobody can say whether a simple "
                       "method would do better",
                       detector.anomalies(), kFoldsToJudgeBy)
                 : "the model serves all the same: no simple method tells these rows apart clearly better";
  }
  notes.push_back(fmt::format("these rows are unlike those that the model was trained on: {}; {}", fmt::join(found, "; "), serves));
}

// So few calibrators cannot tell the rate that is asked for.
[[noreturn]] void refuse_rate(const AdaptOptions& options, std::size_t calibrators, std::size_t normals) {
  const double rate = *options.max_false_alarms;
  const std::string promise = calibrators == 0 ? "which can promise none: give more rows"
                                               : fmt::format("which can promise {:.3g}: give more rows, or ask for no less than that",
                                                             1 / static_cast<double>(calibrators + 1));
  throw ArgumentError(
      fmt::format("a false-alarm rate of {} needs {} normal rows to calibrate by ({} in all), and there are {} ({} in all), {}", rate,
                  calibrators_needed(rate), normals_needed(rate, options.calibration), calibrators, normals, promise));
}

// What so few normals leave unknown, and what stands in for them.
std::vector<std::string> notes_on_few(const MetaModel& model, std::size_t normals, std::size_t anomalies, const AdaptOptions& options) {
  std::vector<std::string> notes;
  const bool one = normals == 1;
  if (normals < kEnoughNormals) {
    const std::string few = fmt::format("{} normal row{} of how normal rows vary: ", normals, one ? " says nothing" : "s say little");
    const std::size_t more = kEnoughNormals - normals;
    const char* stand = more == 1 ? "stands" : "stand";
    const char* them = one ? "it" : "them";
    if (!has_own_preprocessor(model)) {
      notes.push_back(fmt::format("{}{} of the model's training rows {} beside {}", few, more, stand, them));
    } else {
      notes.push_back(fmt::format("{}{} made up around {} {} beside {}{}", few, counted(more, "row", "rows"), them, stand, them,
                                  one ? ", as if numbers usually varied by their own size" : ""));
    }
    if (options.fall_back && anomalies >= kFoldsToJudgeBy) {
      notes.push_back(fmt::format("the model serves: with fewer than {} normal rows nobody can say whether a simple method would do better",
                                  kEnoughNormals));
    }
  }
  if (options.calibration != CalibrationScheme::kNone && normals < kEnoughNormals) {
    if (normals <= fewest_normals(model, normals)) {
      notes.emplace_back("there are no p-values, so that no row can be an alert: they take a normal row that is left out, from 2 on");
    } else {
      notes.push_back(fmt::format("no p-value can be below {:.3g}; a rate of false alarms of 5% takes {} normal rows, one of 1% takes {}",
                                  1 / static_cast<double>(normals + 1), calibrators_needed(0.05), calibrators_needed(0.01)));
    }
  }
  if (options.calibration == CalibrationScheme::kHeldBack && normals > fewest_normals(model, normals)) {
    notes.push_back(fmt::format("{} too few to hold any back: each is scored by an adapting without it",
                                normals == 1 ? "1 normal row is" : fmt::format("{} normal rows are", normals)));
  }
  if (options.trim > 0) notes.push_back(fmt::format("with {} normal row{} none is left out as least normal", normals, one ? "" : "s"));
  return notes;
}

// The rows in the order of the table, with the columns that may be features, the label and the weight.
Table kept_rows(const MetaModel& model, const Table& table, const Roles& roles, const std::vector<std::string>& features,
                const AdaptOptions& options) {
  std::vector<std::string> names = features;
  if (!has_own_preprocessor(model)) {
    if (!model.preprocessor.windows().empty()) return {};  // a row is nothing without its neighbours
    names = model.preprocessor.schema_columns();
  }
  names.push_back(options.label);
  if (!options.weight.empty()) names.push_back(options.weight);
  Rows all = roles.normals;
  all.insert(all.end(), roles.anomalies.begin(), roles.anomalies.end());
  all.insert(all.end(), roles.held_back.begin(), roles.held_back.end());
  all.insert(all.end(), roles.unused.begin(), roles.unused.end());
  std::ranges::sort(all);
  return selected_rows(table, names, all);
}

}  // namespace

std::size_t normals_needed(double rate, CalibrationScheme scheme) {
  const std::size_t needed = calibrators_needed(rate);
  if (scheme != CalibrationScheme::kHeldBack) return needed <= kLargestSupportClass ? needed : needed + kLargestSupportClass / 2;
  std::size_t normals = needed + kEnoughNormals;
  while (normals - kept_to_adapt(normals) < needed) ++normals;
  return normals;
}

std::size_t encoded_width(const MetaModel& model, const Preprocessor& preprocessor) {
  return has_own_preprocessor(model) ? preprocessor.width() : model.views.width();
}

Matrix encode_rows(const MetaModel& model, const Preprocessor& preprocessor, const Table& table, std::span<const std::uint32_t> rows) {
  return encode_features(model, preprocessor, preprocessor.transform(table, rows));
}

Matrix encode_features(const MetaModel& model, const Preprocessor& preprocessor, Matrix features) {
  if (!has_own_preprocessor(model)) return model.views.transform(features);
  clip_numeric(features, preprocessor.feature_kinds(), ViewOptions{}.plain_clip);
  return features;
}

void check_labels(const Table& table, const AdaptOptions& options) {
  known_rows(table, options);
  weights_of(table, options);
}

void AdaptOptions::validate() const {
  if (normal.empty()) throw ArgumentError("no label value means normal: name at least one");
  const std::pair<const std::vector<std::string>*, std::string_view> meanings[] = {
      {&normal, "normal"}, {&anomaly, "anomalous"}, {&unknown, "unknown"}};
  for (std::size_t a = 0; a < std::size(meanings); ++a) {
    for (std::size_t b = a + 1; b < std::size(meanings); ++b) {
      for (const std::string& value : *meanings[a].first) {
        if (!holds(*meanings[b].first, value)) continue;
        throw ArgumentError(fmt::format("label value \"{}\" is both {} and {}", value, meanings[a].second, meanings[b].second));
      }
    }
  }
  if (!weight.empty() && weight == label)
    throw ArgumentError(fmt::format("column \"{}\" is named for the labels and for the weights", label));
  if (holds(ignored, label)) throw ArgumentError(fmt::format("column \"{}\" is named for the labels and to be ignored", label));
  if (!(trim >= 0 && trim < 0.5)) throw ArgumentError(fmt::format("the share of normals to trim is {}; it must be 0 to below 0.5", trim));
  if (max_false_alarms) check_rate(*max_false_alarms, "the false-alarm rate");
  if (max_false_alarms && calibration == CalibrationScheme::kNone) {
    throw ArgumentError("a false-alarm rate needs a calibration, and none is asked for");
  }
}

Detector Detector::adapt(MetaModel model, const Table& table, const AdaptOptions& options) {
  ThreadPool one(1);
  return adapt(std::move(model), table, options, one);
}

Detector Detector::adapt(MetaModel model, const Table& table, const AdaptOptions& options, ThreadPool& pool) {
  options.validate();
  KnownRows known = known_rows(table, options);
  const std::vector<float> weights = weights_of(table, options);
  std::vector<std::string> notes;
  const std::size_t all_normals = known.normals.size();
  if (all_normals < kFewestNormals) {
    throw ArgumentError(fmt::format("{} of {} rows are known to be normal (column \"{}\": \"{}\"); adapting needs at least {}", all_normals,
                                    table.rows(), options.label, fmt::join(options.normal, "\", \""), kFewestNormals));
  }
  Roles roles;
  roles.held_back = take_out(known.normals, held_back(all_normals, options), Stream(model.training.seed, Purpose::kFold, kHoldBack));
  const bool holds_back = !roles.held_back.empty();
  const bool few = all_normals < kEnoughNormals;
  std::vector<std::string> features;
  if (has_own_preprocessor(model)) {
    features = feature_columns(table, options, notes);
  } else if (!options.ignored.empty()) {
    throw ArgumentError(fmt::format("column \"{}\" cannot be ignored: the model takes the columns that it was trained on and no others",
                                    options.ignored.front()));
  }
  if (known.unlabelled > 0) notes.push_back(fmt::format("{} rows without a label are not used", known.unlabelled));
  if (holds_back) notes.push_back(fmt::format("{} of {} normal rows are held back, to calibrate by", roles.held_back.size(), all_normals));
  for (const auto& [list, what] : {std::pair(&known.normals, "normal rows"), std::pair(&known.anomalies, "anomalies")}) {
    if (list->size() > kLargestSupportClass) {
      notes.push_back(fmt::format("of {} {} {} are kept, {}", list->size(), what, kLargestSupportClass,
                                  weights.empty() ? "evenly spaced" : "by weight"));
    }
  }
  if (all_normals <= kEnoughNormals)
    std::ranges::move(notes_on_few(model, all_normals, known.anomalies.size(), options), std::back_inserter(notes));
  roles.normals = thinned(known.normals, kLargestSupportClass, weights);
  roles.anomalies = thinned(known.anomalies, kLargestSupportClass, weights);

  DetectorParts parts;
  std::vector<std::string> fitting_notes;
  parts.rows = encoded(model, table, roles, features, known.normals, fitting_notes);
  if (options.trim > 0 && roles.normals.size() > kEnoughNormals) {
    const std::size_t before = roles.normals.size();
    trim(model, parts.rows, options.trim, roles, pool);
    notes.push_back(fmt::format("{} of {} normal rows look least normal and are not fitted to", before - roles.normals.size(), before));
    fitting_notes.clear();
    parts.rows = encoded(model, table, roles, features, roles.normals, fitting_notes);
  }
  notes.insert(notes.end(), fitting_notes.begin(), fitting_notes.end());
  Folded by_model;
  if (roles.anomalies.size() >= kFoldsToJudgeBy && (options.fall_back || model.profile)) {
    const Preprocessor& preprocessor = has_own_preprocessor(model) ? parts.rows.own : model.preprocessor;
    const auto method = method_of(model, preprocessor, {}, roles.normals.size());
    by_model = adapt_with_folds(*method, {parts.rows.support, parts.rows.labels}, adapting_stream(model), pool,
                                fewest_normals(model, roles.normals.size()));
  }
  if (options.fall_back && !few) parts.method = better_expert(model, parts.rows, by_model.folds, pool, notes);
  if (!parts.method.empty()) by_model.whole.reset();
  if (options.keep_rows) parts.rows.table = kept_rows(model, table, roles, features, options);
  parts.options = options;
  parts.history = {{.when = options.when,
                    .what = "adapted",
                    .added = all_normals + known.anomalies.size(),
                    .removed = 0,
                    .normals = roles.normals.size() + roles.held_back.size() + roles.unused.size(),
                    .anomalies = roles.anomalies.size()}};
  Detector detector(std::move(model), std::move(parts), std::move(by_model.whole));
  detector.notes_ = std::move(notes);
  if (detector.method().empty()) detector.fold_aurocs_ = aurocs_of(by_model.folds);
  if (options.calibration == CalibrationScheme::kNone) {
    note_unfamiliar(detector, options, by_model.folds, detector.notes_);
    return detector;
  }

  std::vector<float> scores, calibrator_weights;
  const std::size_t fewest = fewest_normals(detector.model_, detector.normals());
  if (!holds_back && detector.normals() <= fewest) {  // none is left to adapt to without one
    if (options.max_false_alarms) refuse_rate(options, 0, all_normals);
    return detector;
  }
  if (!holds_back) {
    scores = cross_fitted_scores(*method_of(detector.model_, detector.preprocessor(), detector.method(), detector.normals()),
                                 detector.support(), adapting_stream(detector.model_), pool, fewest);
    append_weights(calibrator_weights, weights, roles.normals);
  }
  const std::vector<float> others = detector.score_encoded(detector.rows().held_back, pool);
  scores.insert(scores.end(), others.begin(), others.end());
  append_weights(calibrator_weights, weights, roles.held_back);
  detector.parts_.calibration = Calibration(holds_back ? CalibrationScheme::kHeldBack : CalibrationScheme::kCrossFitted, std::move(scores),
                                            std::move(calibrator_weights));
  if (options.max_false_alarms && detector.calibration().size() < calibrators_needed(*options.max_false_alarms)) {
    refuse_rate(options, detector.calibration().size(), all_normals);
  }
  note_unfamiliar(detector, options, by_model.folds, detector.notes_);
  return detector;
}

}  // namespace oddshot
