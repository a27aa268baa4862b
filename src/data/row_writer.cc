// Rows out, with columns added: CSV and JSON lines as text, Parquet and Arrow by Arrow.
#include <algorithm>
#include <array>
#include <cmath>
#include <nlohmann/json.hpp>
#include <string_view>
#include <utility>

#include <arrow/array/builder_binary.h>
#include <arrow/array/builder_primitive.h>
#include <arrow/buffer.h>
#include <arrow/io/interfaces.h>
#include <arrow/ipc/writer.h>
#include <arrow/record_batch.h>
#include <arrow/result.h>
#include <arrow/table.h>
#include <arrow/type.h>
#include <fmt/format.h>
#include <parquet/arrow/writer.h>
#include <parquet/properties.h>

#include "data/arrow_values.h"
#include "data/carried_rows.h"
#include "data/cell.h"
#include "data/column_builder.h"
#include "oddshot/base/choice.h"
#include "oddshot/base/error.h"
#include "oddshot/base/text.h"
#include "oddshot/data/row_stream.h"

namespace oddshot {
namespace {

using data::in_quotes;

constexpr std::array<Choice<RowFormat>, 5> kFormats = {{{RowFormat::kCsv, "csv"},
                                                        {RowFormat::kTsv, "tsv"},
                                                        {RowFormat::kJsonLines, "jsonl"},
                                                        {RowFormat::kParquet, "parquet"},
                                                        {RowFormat::kArrow, "arrow"}}};

bool of_columns(RowFormat format) { return format == RowFormat::kParquet || format == RowFormat::kArrow; }

void append_in_quotes(std::string& out, std::string_view text) {
  out += '"';
  for (const char c : text) {
    if (c == '"') out += '"';
    out += c;
  }
  out += '"';
}

// A value as a CSV file has it.
void append_value(std::string& out, std::string_view text, char separator) {
  if (text.find_first_of("\"\r\n") == std::string_view::npos && text.find(separator) == std::string_view::npos) {
    out += text;
  } else {
    append_in_quotes(out, text);
  }
}

// A name in the header: in quotes also where a reader would take a part of it for the separator, or its start for a byte-order mark.
void append_name(std::string& out, std::string_view name) {
  if (name.find_first_of("\"\r\n,;\t") == std::string_view::npos && !name.starts_with("\xef\xbb\xbf")) {
    out += name;
  } else {
    append_in_quotes(out, name);
  }
}

// Whether the text may stand in JSON as a number: what is spelt otherwise (007, +5, .5) is text.
bool is_json_number(std::string_view text) {
  std::size_t at = 0;
  const auto digits = [&] {
    const std::size_t first = at;
    while (at < text.size() && text[at] >= '0' && text[at] <= '9') ++at;
    return at - first;
  };
  if (at < text.size() && text[at] == '-') ++at;
  const std::size_t start = at;
  const std::size_t whole = digits();
  if (whole == 0 || (whole > 1 && text[start] == '0')) return false;
  if (at < text.size() && text[at] == '.') {
    ++at;
    if (digits() == 0) return false;
  }
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    ++at;
    if (at < text.size() && (text[at] == '-' || text[at] == '+')) ++at;
    if (digits() == 0) return false;
  }
  return at == text.size();
}

std::string json_text(std::string_view text) { return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace); }

// Row r of an added column; empty where it is missing. Texts are as they are.
std::string spelt(const AddedColumn& column, std::size_t r, std::string_view yes, std::string_view no) {
  return std::visit(
      [&](const auto& values) -> std::string {
        using T = typename std::decay_t<decltype(values)>::value_type;
        if constexpr (std::is_same_v<T, std::string>) {
          return values[r];
        } else if constexpr (std::is_same_v<T, bool>) {
          return std::string(values[r] ? yes : no);
        } else if constexpr (std::is_same_v<T, float>) {
          return std::isnan(values[r]) ? "" : fmt::format("{}", values[r]);
        } else {
          return std::isnan(values[r]) ? "" : fmt::format("{:.6g}", values[r]);
        }
      },
      column.values);
}

// A column of the batch, every value spelt.
Column spelt_column(const arrow::RecordBatch& batch, const std::string& name, RowFormat from) {
  const auto& fields = batch.schema()->fields();
  const auto found = std::ranges::find_if(fields, [&](const auto& field) { return data::trimmed(field->name()) == name; });
  static const data::MissingSpellings missing(std::vector<std::string>{""});
  data::ColumnBuilder builder(name, data::ColumnBuilder::Wish::kCategory, missing);
  if (found == fields.end()) {
    builder.append_missing(static_cast<std::size_t>(batch.num_rows()));
  } else {
    data::append(builder, *batch.column(static_cast<int>(found - fields.begin())), !of_columns(from));
  }
  return std::move(builder).finish();
}

class TextWriter : public RowWriter {
 public:
  TextWriter(RowFormat from, std::vector<std::string> kept, ByteSink sink) : from_(from), kept_(std::move(kept)), sink_(std::move(sink)) {}

  void write(const RowBatch& batch, const std::vector<AddedColumn>& added) override {
    std::vector<Column> columns;
    if (wants_columns(batch)) {
      for (const std::string& name : kept_) columns.push_back(spelt_column(*batch.carried->batch, name, from_));
    }
    for (std::size_t r = 0; r < batch.rows; ++r) {
      write_row(batch, r, columns, added);
      if (text_.size() > kEnough) flush();
    }
    flush();
  }
  void finish() override { flush(); }

 protected:
  virtual bool wants_columns(const RowBatch& /*batch*/) const { return true; }
  virtual void write_row(const RowBatch& batch, std::size_t r, const std::vector<Column>& columns,
                         const std::vector<AddedColumn>& added) = 0;
  void flush() {
    if (!text_.empty()) sink_({reinterpret_cast<const std::uint8_t*>(text_.data()), text_.size()});
    text_.clear();
  }

  static constexpr std::size_t kEnough = std::size_t{1} << 18U;
  RowFormat from_;
  std::vector<std::string> kept_;
  ByteSink sink_;
  std::string text_;
};

class CsvWriter final : public TextWriter {
 public:
  CsvWriter(char separator, RowFormat from, std::vector<std::string> kept, const std::vector<AddedColumn>& added, ByteSink sink)
      : TextWriter(from, std::move(kept), std::move(sink)), separator_(separator) {
    for (const std::string& name : kept_) {
      append_name(text_, name);
      text_ += separator_;
    }
    for (const AddedColumn& column : added) {
      text_ += column.name;
      text_ += separator_;
    }
    text_.back() = '\n';
  }

 private:
  void write_row(const RowBatch& /*batch*/, std::size_t r, const std::vector<Column>& columns,
                 const std::vector<AddedColumn>& added) override {
    for (const Column& column : columns) {
      const std::int32_t code = column.codes[r];
      if (code != Column::kMissingCode) append_value(text_, column.categories[static_cast<std::size_t>(code)], separator_);
      text_ += separator_;
    }
    for (const AddedColumn& column : added) {
      append_value(text_, spelt(column, r, "1", "0"), separator_);
      text_ += separator_;
    }
    text_.back() = '\n';
  }

  char separator_;
};

class JsonLinesWriter final : public TextWriter {
 public:
  JsonLinesWriter(RowFormat from, std::vector<std::string> kept, bool all, ByteSink sink)
      : TextWriter(from, std::move(kept), std::move(sink)), all_(all) {}

 private:
  bool wants_columns(const RowBatch& batch) const override { return batch.carried->lines.empty(); }
  void write_row(const RowBatch& batch, std::size_t r, const std::vector<Column>& columns, const std::vector<AddedColumn>& added) override {
    if (!batch.carried->lines.empty()) {
      if (all_) refuse_added(batch, r, added);
      write_object(batch.carried->lines[r]);
    } else {
      text_ += '{';
      for (const Column& column : columns) {
        const std::int32_t code = column.codes[r];
        add_key(column.name);
        if (code == Column::kMissingCode) {
          text_ += "null";
        } else {
          const std::string& value = column.categories[static_cast<std::size_t>(code)];
          text_ += is_json_number(value) ? value : json_text(value);
        }
      }
    }
    for (const AddedColumn& column : added) {
      add_key(column.name);
      const std::string value = spelt(column, r, "true", "false");
      if (std::holds_alternative<std::vector<std::string>>(column.values)) {
        text_ += json_text(value);
      } else {
        text_ += value.empty() ? "null" : value;
      }
    }
    text_ += "}\n";
  }

  // make_row_writer() looked at the first object's names alone.
  static void refuse_added(const RowBatch& batch, std::size_t r, const std::vector<AddedColumn>& added) {
    const std::string& line = batch.carried->lines[r];
    for (const AddedColumn& column : added) {
      if (line.find(column.name) == std::string::npos && line.find('\\') == std::string::npos) continue;
      const auto object = nlohmann::json::parse(line);
      for (const auto& member : object.items()) {
        if (data::trimmed(member.key()) != column.name) continue;
        throw FormatError(fmt::format("{}: the row has a member {} itself, as one that is added; name the columns to keep without it",
                                      batch.typed.place(r), in_quotes(column.name)));
      }
    }
  }

  // The object but for its last brace.
  void write_object(const std::string& line) {
    if (all_) {
      text_ += std::string_view(line).substr(0, line.find_last_of('}'));
      const std::size_t last = text_.find_last_not_of(" \t");
      text_.resize(last + 1);
      return;
    }
    const auto object = nlohmann::ordered_json::parse(line);
    const auto& members = object.get_ref<const nlohmann::ordered_json::object_t&>();
    text_ += '{';
    for (const std::string& name : kept_) {
      const auto found = std::ranges::find_if(members, [&](const auto& member) { return data::trimmed(member.first) == name; });
      if (found == members.end()) continue;
      add_key(name);
      text_ += found->second.dump();
    }
  }
  void add_key(const std::string& name) {
    if (text_.back() != '{') text_ += ',';
    text_ += json_text(name) + ':';
  }

  bool all_;  // lines of JSON are kept as they are
};

// Arrow's output into a sink. What the sink throws passes through Arrow as a status and is thrown again by whoever wrote.
class SinkStream final : public arrow::io::OutputStream {
 public:
  explicit SinkStream(ByteSink sink) : sink_(std::move(sink)) {}
  arrow::Status Close() override {
    closed_ = true;
    return arrow::Status::OK();
  }
  bool closed() const override { return closed_; }
  arrow::Result<std::int64_t> Tell() const override { return at_; }
  arrow::Status Write(const void* bytes, std::int64_t size) override {
    try {
      sink_({static_cast<const std::uint8_t*>(bytes), static_cast<std::size_t>(size)});
    } catch (...) {
      thrown_ = std::current_exception();
      return arrow::Status::IOError("the output failed");
    }
    at_ += size;
    return arrow::Status::OK();
  }
  using arrow::io::OutputStream::Write;
  void check(const arrow::Status& status) const {
    if (thrown_) std::rethrow_exception(thrown_);
    if (!status.ok()) throw IoError(fmt::format("the output: {}", status.message()));
  }

 private:
  ByteSink sink_;
  bool closed_ = false;
  std::int64_t at_ = 0;
  std::exception_ptr thrown_;
};

std::shared_ptr<arrow::DataType> type_of(const AddedColumn& column) {
  return std::visit(
      [](const auto& values) -> std::shared_ptr<arrow::DataType> {
        using T = typename std::decay_t<decltype(values)>::value_type;
        if constexpr (std::is_same_v<T, std::string>) return arrow::utf8();
        if constexpr (std::is_same_v<T, bool>) return arrow::boolean();
        if constexpr (std::is_same_v<T, float>) return arrow::float32();
        return arrow::float64();
      },
      column.values);
}

std::shared_ptr<arrow::Array> array_of(const AddedColumn& column, const SinkStream& out) {
  return std::visit(
      [&](const auto& values) {
        using T = typename std::decay_t<decltype(values)>::value_type;
        using Builder =
            std::conditional_t<std::is_same_v<T, std::string>, arrow::StringBuilder,
                               std::conditional_t<std::is_same_v<T, bool>, arrow::BooleanBuilder,
                                                  std::conditional_t<std::is_same_v<T, float>, arrow::FloatBuilder, arrow::DoubleBuilder>>>;
        Builder builder;
        for (const auto& value : values) {
          if constexpr (std::is_floating_point_v<T>) {
            out.check(std::isnan(value) ? builder.AppendNull() : builder.Append(value));
          } else {
            out.check(builder.Append(value));
          }
        }
        std::shared_ptr<arrow::Array> array;
        out.check(builder.Finish(&array));
        return array;
      },
      column.values);
}

class ColumnWriter final : public RowWriter {
 public:
  ColumnWriter(RowFormat format, std::vector<std::string> kept, std::vector<AddedColumn> added, ByteSink sink, bool whole)
      : format_(format),
        whole_(whole),
        kept_(std::move(kept)),
        added_(std::move(added)),
        out_(std::make_shared<SinkStream>(std::move(sink))) {}

  void write(const RowBatch& batch, const std::vector<AddedColumn>& added) override {
    std::vector<std::shared_ptr<arrow::Field>> fields;
    std::vector<std::shared_ptr<arrow::Array>> arrays;
    const arrow::RecordBatch& rows = *batch.carried->batch;
    for (int c = 0; c < rows.num_columns(); ++c) {
      const auto& field = rows.schema()->field(c);
      const auto name = data::trimmed(field->name());
      if (std::ranges::find(kept_, name) == kept_.end()) continue;
      fields.push_back(field);
      arrays.push_back(rows.column(c));
    }
    for (const AddedColumn& column : added) {
      fields.push_back(arrow::field(column.name, type_of(column)));
      arrays.push_back(array_of(column, *out_));
    }
    if (schema_ == nullptr) open(arrow::schema(fields));
    const auto together = arrow::RecordBatch::Make(schema_, rows.num_rows(), std::move(arrays));
    out_->check(arrow_ != nullptr ? arrow_->WriteRecordBatch(*together) : parquet_->WriteRecordBatch(*together));
  }

  void finish() override {
    if (schema_ == nullptr) {  // no rows at all: the columns that are known
      std::vector<std::shared_ptr<arrow::Field>> fields;
      for (const AddedColumn& column : added_) fields.push_back(arrow::field(column.name, type_of(column)));
      open(arrow::schema(fields));
    }
    out_->check(arrow_ != nullptr ? arrow_->Close() : parquet_->Close());
  }

 private:
  void open(std::shared_ptr<arrow::Schema> schema) {
    schema_ = std::move(schema);
    if (format_ == RowFormat::kParquet) {
      auto made = parquet::arrow::FileWriter::Open(*schema_, arrow::default_memory_pool(), out_);
      out_->check(made.status());
      parquet_ = *std::move(made);
    } else {
      auto made = whole_ ? arrow::ipc::MakeFileWriter(out_, schema_) : arrow::ipc::MakeStreamWriter(out_, schema_);
      out_->check(made.status());
      arrow_ = *std::move(made);
    }
  }

  RowFormat format_;
  bool whole_;
  std::vector<std::string> kept_;
  std::vector<AddedColumn> added_;
  std::shared_ptr<SinkStream> out_;  // shared with Arrow's writer
  std::shared_ptr<arrow::Schema> schema_;
  std::shared_ptr<arrow::ipc::RecordBatchWriter> arrow_;  // Arrow hands out nothing else
  std::unique_ptr<parquet::arrow::FileWriter> parquet_;
};

}  // namespace

std::string_view to_string(RowFormat format) { return name_of(kFormats, format, "format"); }
RowFormat parse_row_format(std::string_view name) { return choice_of(kFormats, name, "format"); }

std::optional<RowFormat> row_format_of(std::string_view path) {
  std::string name(path.substr(path.find_last_of('/') + 1));
  for (char& c : name) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  if (name.ends_with(".gz")) name.resize(name.size() - 3);
  constexpr std::pair<std::string_view, RowFormat> kEndings[] = {{".csv", RowFormat::kCsv},         {".txt", RowFormat::kCsv},
                                                                 {".data", RowFormat::kCsv},        {".tsv", RowFormat::kTsv},
                                                                 {".jsonl", RowFormat::kJsonLines}, {".ndjson", RowFormat::kJsonLines},
                                                                 {".parquet", RowFormat::kParquet}, {".arrow", RowFormat::kArrow},
                                                                 {".ipc", RowFormat::kArrow},       {".feather", RowFormat::kArrow}};
  for (const auto& [ending, format] : kEndings) {
    if (name.ends_with(ending)) return format;
  }
  return std::nullopt;
}

std::unique_ptr<RowWriter> make_row_writer(RowFormat format, const RowReader& reader, std::optional<std::vector<std::string>> kept,
                                           const std::vector<AddedColumn>& added, ByteSink sink, bool whole) {
  const std::vector<std::string>& names = reader.names();
  const bool all = !kept;
  if (all) kept = names;
  for (const std::string& name : *kept) {
    if (std::ranges::find(names, name) == names.end()) {
      const auto near = nearest(name, std::span<const std::string>(names));
      throw ArgumentError(
          fmt::format("there is no column {}{}", in_quotes(name), near ? fmt::format("; did you mean {}?", in_quotes(*near)) : ""));
    }
    if (std::ranges::find(added, name, &AddedColumn::name) != added.end()) {
      throw ArgumentError(
          fmt::format("the rows have a column {} themselves, as one that is added; name the columns to keep without it", in_quotes(name)));
    }
  }
  if (of_columns(format) && !of_columns(reader.format())) {
    throw ArgumentError(fmt::format("rows of format {} cannot be written as {}, for their values have no types; write csv or jsonl",
                                    to_string(reader.format()), to_string(format)));
  }
  switch (format) {
    case RowFormat::kCsv:
    case RowFormat::kTsv:
      return std::make_unique<CsvWriter>(format == RowFormat::kTsv            ? '\t'
                                         : reader.format() == RowFormat::kCsv ? reader.separator()
                                                                              : ',',
                                         reader.format(), *std::move(kept), added, std::move(sink));
    case RowFormat::kJsonLines:
      return std::make_unique<JsonLinesWriter>(reader.format(), *std::move(kept), all && reader.format() == RowFormat::kJsonLines,
                                               std::move(sink));
    default:
      return std::make_unique<ColumnWriter>(format, *std::move(kept), added, std::move(sink), whole);
  }
}

}  // namespace oddshot
