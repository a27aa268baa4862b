#include "oddshot/data/reader.h"

#include <algorithm>
#include <functional>
#include <memory>
#include <set>
#include <string_view>
#include <utility>

#include <arrow/memory_pool.h>
#include <fmt/format.h>

#include "data/arrow_values.h"
#include "data/bounded_pool.h"
#include "data/column_builder.h"
#include "data/table_file.h"
#include "oddshot/base/error.h"
#include "oddshot/base/text.h"
#include "oddshot/base/thread_pool.h"

namespace oddshot {
namespace {

using data::ColumnBuilder;
using data::in_quotes;
using data::TableFile;

using Files = std::vector<std::unique_ptr<TableFile>>;
using Names = std::set<std::string, std::less<>>;

// Batches with fewer cells are not worth waking threads for (some 0.5 ms of parsing).
constexpr std::size_t kCellsWorthThreads = 20'000;

// Room for the rows of a file by the share that its first batch is of it: a fiftieth more, as rows differ in length.
constexpr double kRoom = 1.02;

struct Lists {
  Names numeric;
  Names category;
  Names ignored;
  Names if_there;  // categories too
};

Names checked_names(const std::vector<std::string>& names, std::string_view list) {
  Names out;
  for (const std::string& name : names) {
    if (!out.insert(std::string(data::trimmed(name))).second)
      throw ArgumentError(fmt::format("{} lists column {} twice", list, in_quotes(name)));
  }
  return out;
}

Lists checked_lists(const ReadOptions& options) {
  Lists lists{checked_names(options.numeric, "numeric"), checked_names(options.category, "category"),
              checked_names(options.ignored, "ignored"), checked_names(options.category_if_there, "category")};
  const auto contradiction = [](const Names& a, std::string_view list_a, const Names& b, std::string_view list_b) {
    for (const std::string& name : a) {
      if (b.contains(name)) throw ArgumentError(fmt::format("column {} is listed as {} and as {}", in_quotes(name), list_a, list_b));
    }
  };
  contradiction(lists.numeric, "numeric", lists.category, "category");
  contradiction(lists.numeric, "numeric", lists.ignored, "ignored");
  contradiction(lists.category, "category", lists.ignored, "ignored");
  contradiction(lists.if_there, "category", lists.numeric, "numeric");
  contradiction(lists.if_there, "category", lists.ignored, "ignored");
  return lists;
}

void check_options(const ReadOptions& options) {
  const auto is_line_end = [](char c) { return c == '\n' || c == '\r'; };
  if (options.separator && (is_line_end(*options.separator) || *options.separator == options.quote || *options.separator == 0)) {
    throw ArgumentError("the separator must differ from the quote, the line ends and the byte 0");
  }
  if (is_line_end(options.quote)) throw ArgumentError("the quote must not be a line end");
  if (options.header && !options.names.empty())
    throw ArgumentError("names are for files without a header: set header to false, or give no names");
  if (!options.header && options.names.empty()) throw ArgumentError("a file without a header needs names, one a column");
  checked_names(options.names, "names");
}

[[noreturn]] void refuse_unknown(std::string_view wish, std::string_view name, const TableFile& file) {
  const auto near = nearest(name, std::span<const std::string>(file.names()));
  throw FormatError(fmt::format("{}: there is no column {}, which {}{}", file.path(), in_quotes(name), wish,
                                near ? fmt::format("; did you mean {}?", in_quotes(*near)) : ""));
}

// Every name of the options must occur in some file: in the first, unless it is ignored or columns may differ.
void check_known(const Lists& lists, const Files& files, bool columns_may_differ) {
  const auto has = [](const TableFile& file, const std::string& name) {
    return std::find(file.names().begin(), file.names().end(), name) != file.names().end();
  };
  const auto check = [&](const Names& names, std::string_view wish, bool any) {
    for (const std::string& name : names) {
      const auto last = any ? files.end() : std::next(files.begin());
      if (std::none_of(files.begin(), last, [&](const auto& file) { return has(*file, name); })) refuse_unknown(wish, name, *files.front());
    }
  };
  check(lists.numeric, "is asked for as numeric", columns_may_differ);
  check(lists.category, "is asked for as a category", columns_may_differ);
  check(lists.ignored, "is to be ignored", true);
}

// Ignores what is in no list.
void ignore_others(const std::vector<std::string>& inferred_alone, const Files& files, Lists& lists) {
  const Names inferred = checked_names(inferred_alone, "inferred");
  for (const auto& file : files) {
    for (const std::string& name : file->names()) {
      const Names* all[] = {&inferred, &lists.numeric, &lists.category, &lists.if_there};
      if (std::ranges::none_of(all, [&](const Names* list) { return list->contains(name); })) lists.ignored.insert(name);
    }
  }
}

// The columns that are not ignored: indices into the file's names.
std::vector<std::size_t> kept_columns(const TableFile& file, const Names& ignored) {
  std::vector<std::size_t> kept;
  std::set<std::string_view> seen;
  for (std::size_t i = 0; i < file.names().size(); ++i) {
    const std::string& name = file.names()[i];
    if (ignored.contains(name)) continue;
    if (name.empty())
      throw FormatError(fmt::format("{}: column {} has no name; give it one, or ignore the column \"\"", file.path(), i + 1));
    if (!seen.insert(name).second) throw FormatError(fmt::format("{}: two columns are called {}", file.path(), in_quotes(name)));
    kept.push_back(i);
  }
  return kept;
}

constexpr std::size_t kLacking = static_cast<std::size_t>(-1);

// The columns of the table, and where they are in every file: [files][columns], indices into the file's names, kLacking where it has none.
struct Match {
  std::vector<std::string> names;
  std::vector<std::vector<std::size_t>> where;
};

// The columns of the first file; with columns_may_differ then those of the second that it lacks, and so on.
Match match_columns(const Files& files, const Names& ignored, bool columns_may_differ) {
  Match match;
  for (const auto& file : files) {
    std::vector<std::size_t> rest = kept_columns(*file, ignored);
    if (rest.empty() && (match.where.empty() || columns_may_differ)) {
      throw ArgumentError(fmt::format("{}: every column is ignored", file->path()));
    }
    std::vector<std::size_t> where;
    for (const std::string& name : match.names) {
      const auto found = std::find_if(rest.begin(), rest.end(), [&](std::size_t i) { return file->names()[i] == name; });
      if (found == rest.end() && !columns_may_differ) {
        throw FormatError(fmt::format("{}: column {} is missing, which {} has", file->path(), in_quotes(name), files.front()->path()));
      }
      where.push_back(found == rest.end() ? kLacking : *found);
      if (found != rest.end()) rest.erase(found);
    }
    if (!rest.empty() && !match.where.empty() && !columns_may_differ) {
      throw FormatError(fmt::format("{}: there is a column {}, which {} lacks", file->path(), in_quotes(file->names()[rest.front()]),
                                    files.front()->path()));
    }
    for (const std::size_t column : rest) {
      match.names.push_back(file->names()[column]);
      where.push_back(column);
      for (auto& before : match.where) before.push_back(kLacking);
    }
    match.where.push_back(std::move(where));
  }
  return match;
}

// The columns of a table under way: some or all of those that were matched.
struct Part {
  std::vector<std::size_t> columns;  // indices into the matched columns
  std::vector<std::unique_ptr<ColumnBuilder>> builders;
};

class TableReader {
 public:
  TableReader(Files files, const Lists& lists, const ReadOptions& options)
      : files_(std::move(files)), match_(match_columns(files_, lists.ignored, options.columns_may_differ)), missing_(options.missing) {
    for (std::size_t c = 0; c < match_.names.size(); ++c) {
      const std::string& name = match_.names[c];
      add(all_, c,
          lists.numeric.contains(name)                                     ? ColumnBuilder::Wish::kNumeric
          : lists.category.contains(name) || lists.if_there.contains(name) ? ColumnBuilder::Wish::kCategory
                                                                           : ColumnBuilder::Wish::kInfer);
    }
  }

  Table read() {
    for (std::size_t f = 0; f < files_.size(); ++f) {
      const std::size_t first = sources_.empty() ? 0 : sources_.back().first_row + sources_.back().rows;
      sources_.push_back({.path = files_[f]->path(), .first_row = first, .rows = 0, .counted_from = 1, .lines = false});
      sources_.back().rows = take_file(f, all_);
      if (const auto line = files_[f]->first_line()) {
        sources_.back().counted_from = *line;
        sources_.back().lines = true;
      }
      if (sources_.back().rows == 0) throw FormatError(fmt::format("{}: no data rows", files_[f]->path()));
    }
    Part late;
    for (std::size_t c = 0; c < all_.builders.size(); ++c) {
      const ColumnBuilder& builder = *all_.builders[c];
      if (builder.late_text()) {
        add(late, c, ColumnBuilder::Wish::kCategory);
      } else if (builder.infinite()) {
        refuse(c, *builder.infinite());
      }
    }
    for (std::size_t f = 0; f < files_.size() && !late.columns.empty(); ++f) {
      if (take_file(f, late) != sources_[f].rows)
        throw FormatError(fmt::format("{}: the file changed while it was read", files_[f]->path()));
    }
    for (std::size_t i = 0; i < late.columns.size(); ++i) all_.builders[late.columns[i]] = std::move(late.builders[i]);

    Table table;
    for (const auto& builder : all_.builders) table.columns.push_back(std::move(*builder).finish());
    table.sources = std::move(sources_);
    data::bounded_pool()->ReleaseUnused();  // what batches took would stay with the process
    return table;
  }

 private:
  void add(Part& part, std::size_t column, ColumnBuilder::Wish wish) {
    part.columns.push_back(column);
    part.builders.push_back(std::make_unique<ColumnBuilder>(match_.names[column], wish, missing_));
  }

  // Appends a file to the builders; gives its number of rows.
  std::size_t take_file(std::size_t f, Part& part) {
    // The file gives its columns in its own order.
    std::vector<std::pair<std::size_t, ColumnBuilder*>> order;
    std::vector<ColumnBuilder*> lacking;
    for (std::size_t i = 0; i < part.columns.size(); ++i) {
      const std::size_t there = match_.where[f][part.columns[i]];
      if (there == kLacking) {
        lacking.push_back(part.builders[i].get());
      } else {
        order.emplace_back(there, part.builders[i].get());
      }
    }
    std::sort(order.begin(), order.end());
    std::vector<std::size_t> columns;
    for (const auto& [column, builder] : order) columns.push_back(column);

    const auto fill = [&](std::size_t rows) {
      for (ColumnBuilder* builder : lacking) builder->append_missing(rows);
      return rows;
    };
    if (order.empty()) return fill(sources_[f].rows);  // none of the columns that are read anew
    std::size_t rows = 0;
    const bool untyped = files_[f]->untyped();
    files_[f]->read(columns, [&](const data::Batch& batch) {
      if (batch.columns.size() != order.size())
        throw FormatError(fmt::format("{}: the columns changed while it was read", files_[f]->path()));
      // Columns that grow by doubling are copied as they do, and take up to half as much again in the end.
      if (rows == 0 && batch.share > 0 && batch.share < 1) {
        const auto more = static_cast<std::size_t>(static_cast<double>(batch.rows) / batch.share * kRoom);
        for (const auto& [column, builder] : order) builder->reserve(builder->size() + more);
      }
      const auto append = [&](std::size_t i, unsigned /*worker*/) { data::append(*order[i].second, *batch.columns[i], untyped); };
      if (batch.rows * order.size() < kCellsWorthThreads) {
        for (std::size_t i = 0; i < order.size(); ++i) append(i, 0);
      } else {
        if (!pool_) pool_ = std::make_unique<ThreadPool>();
        pool_->parallel_for(order.size(), append);
      }
      refuse_first_offence(part);
      rows += batch.rows;
      return true;
    });
    return fill(rows);
  }

  void refuse_first_offence(const Part& part) {
    const ColumnBuilder::Offence* first = nullptr;
    std::size_t column = 0;
    for (std::size_t i = 0; i < part.builders.size(); ++i) {
      const auto& offence = part.builders[i]->offence();
      if (!offence || (first != nullptr && first->row <= offence->row)) continue;
      first = &*offence;
      column = part.columns[i];
    }
    if (first != nullptr) refuse(column, *first);
  }

  // Looks the row up in the files read so far.
  [[noreturn]] void refuse(std::size_t column, const ColumnBuilder::Offence& offence) {
    std::size_t f = sources_.size() - 1;
    while (sources_[f].first_row > offence.row) --f;
    const std::string place = files_[f]->place(offence.row - sources_[f].first_row, match_.where[f][column]);
    throw FormatError(fmt::format("{}, column {}: {}", place, in_quotes(match_.names[column]), offence.reason));
  }

  Files files_;
  Match match_;
  data::MissingSpellings missing_;
  Part all_;
  std::vector<SourceFile> sources_;
  std::unique_ptr<ThreadPool> pool_;
};

}  // namespace

Table read_table(const std::vector<std::filesystem::path>& files, const ReadOptions& options) {
  if (files.empty()) throw ArgumentError("no files to read");
  check_options(options);
  Lists lists = checked_lists(options);
  Files open;
  for (const std::filesystem::path& file : files) open.push_back(data::open_table_file(data::FileBytes(file), options));
  check_known(lists, open, options.columns_may_differ);
  if (options.inferred_alone) ignore_others(*options.inferred_alone, open, lists);
  return TableReader(std::move(open), lists, options).read();
}

}  // namespace oddshot
