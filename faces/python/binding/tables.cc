// Tables out of arrays, columns and whatever speaks the Arrow C data interface.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <nanobind/nanobind.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include "arrays.h"
#include "bind.h"
#include "oddshot/base/error.h"
#include "oddshot/data/arrow_table.h"
#include "table.h"

namespace nb = nanobind;

namespace oddshot::python {
namespace {

template <class T>
T& in_capsule(nb::handle capsule, const char* name) {
  auto* inside = static_cast<T*>(PyCapsule_GetPointer(capsule.ptr(), name));
  if (inside == nullptr) throw nb::python_error();
  if (inside->release == nullptr) throw ArgumentError(std::string("the ") + name + " has been used up");
  return *inside;
}

ArrowOptions options_of(const std::string& name, const std::vector<std::string>& numeric, const std::vector<std::string>& category) {
  ArrowOptions options;
  options.name = name;
  options.numeric = numeric;
  options.category = category;
  return options;
}

using Names = std::vector<std::string>;

PyTable from_stream(nb::handle capsule, const std::string& name, const Names& numeric, const Names& category) {
  auto& stream = in_capsule<ArrowArrayStream>(capsule, "arrow_array_stream");
  const nb::gil_scoped_release free;  // a producer may need it
  return {table_from_arrow(stream, options_of(name, numeric, category))};
}

PyTable from_batch(nb::handle schema_capsule, nb::handle array_capsule, const std::string& name, const Names& numeric,
                   const Names& category) {
  auto& schema = in_capsule<ArrowSchema>(schema_capsule, "arrow_schema");
  auto& array = in_capsule<ArrowArray>(array_capsule, "arrow_array");
  const nb::gil_scoped_release free;
  return {table_from_arrow(schema, array, options_of(name, numeric, category))};
}

}  // namespace

PyTable table_of_rows(nb::handle array, const std::vector<std::string>& names, const std::string& name) {
  const Rows rows(array, name.c_str(), Missing::kAllowed);
  const MatrixView view = rows.view();
  if (names.size() != view.cols) {
    throw ShapeError(std::to_string(names.size()) + " names for " + std::to_string(view.cols) + " columns of " + name);
  }
  const nb::gil_scoped_release free;
  PyTable table;
  table.table.columns.reserve(view.cols);
  for (std::size_t c = 0; c < view.cols; ++c) {
    Column column{.name = names[c], .kind = ColumnKind::kNumeric, .numbers = {}, .codes = {}, .categories = {}};
    column.numbers.resize(view.rows);
    for (std::size_t r = 0; r < view.rows; ++r) column.numbers[r] = view(r, c);
    table.table.columns.push_back(std::move(column));
  }
  return table;
}

namespace {

void check_column(const PyTable& table, const std::string& name, std::size_t rows) {
  if (table.table.find(name)) throw ArgumentError("two columns are called \"" + name + "\"");
  if (!table.table.columns.empty() && rows != table.table.rows()) {
    throw ShapeError("column \"" + name + "\" has " + std::to_string(rows) + " rows where the table has " +
                     std::to_string(table.table.rows()));
  }
}

// codes: of `words`, below 0 where missing.
void add_category(PyTable& table, const std::string& name, const std::vector<std::int32_t>& codes, const Names& words) {
  check_column(table, name, codes.size());
  Column column{.name = name, .kind = ColumnKind::kCategory, .numbers = {}, .codes = {}, .categories = words};
  for (const std::int32_t code : codes) {
    if (code >= static_cast<std::int32_t>(words.size()))
      throw ArgumentError("column \"" + name + "\": there is no word " + std::to_string(code));
    column.codes.push_back(code < 0 ? Column::kMissingCode : code);
  }
  table.table.columns.push_back(std::move(column));
}

void add_numeric(PyTable& table, const std::string& name, nb::handle array) {
  const Rows rows(array, name.c_str(), Missing::kAllowed);
  if (rows.view().cols != 1) throw ShapeError("column \"" + name + "\" must be of one column");
  check_column(table, name, rows.view().rows);
  Column column{.name = name, .kind = ColumnKind::kNumeric, .numbers = {}, .codes = {}, .categories = {}};
  for (std::size_t r = 0; r < rows.view().rows; ++r) column.numbers.push_back(rows.view()(r, 0));
  table.table.columns.push_back(std::move(column));
}

nb::list columns(const PyTable& table) {
  nb::list all;
  for (const Column& column : table.table.columns) all.append(nb::make_tuple(column.name, column.kind == ColumnKind::kNumeric));
  return all;
}

void numbers(const PyTable& table, const std::string& name, nb::handle out) {
  const Column& column = table.table.column(name);
  if (column.kind != ColumnKind::kNumeric)
    throw ArgumentError("column \"" + name + "\" holds something else than numbers where numbers belong");
  std::ranges::copy(column.numbers, Floats(out, column.numbers.size(), "out").span().begin());
}

PyTable select(const PyTable& table, const Names& names) {
  PyTable some;
  for (const std::string& name : names) some.table.columns.push_back(table.table.column(name));
  return some;
}

}  // namespace

void bind_tables(nb::module_& module) {
  nb::class_<PyTable>(module, "Table", "Named columns of numbers and categories.")
      .def(nb::init<>())
      .def_static("from_stream", &from_stream, nb::arg("capsule"), nb::arg("name"), nb::arg("numeric"), nb::arg("category"),
                  "Of what __arrow_c_stream__ gives.")
      .def_static("from_batch", &from_batch, nb::arg("schema"), nb::arg("array"), nb::arg("name"), nb::arg("numeric"), nb::arg("category"),
                  "Of what __arrow_c_array__ gives.")
      .def_static("from_matrix", &table_of_rows, nb::arg("X"), nb::arg("names"), nb::arg("name"),
                  "Of an array [N x D] of float32 or float64, NaN where missing.")
      .def("add_category", &add_category, nb::arg("name"), nb::arg("codes"), nb::arg("words"))
      .def("add_numeric", &add_numeric, nb::arg("name"), nb::arg("values"))
      .def("columns", &columns, "(name, whether it is numeric) of each column.")
      .def("numbers", &numbers, nb::arg("name"), nb::arg("out"), "Of a numeric column, to out [N] of float32; NaN where missing.")
      .def("select", &select, nb::arg("names"), "The columns of these names, in this order.")
      .def("__len__", [](const PyTable& table) { return table.table.rows(); });
}

}  // namespace oddshot::python
