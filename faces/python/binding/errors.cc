#include "errors.h"

#include <exception>
#include <string>

#include "oddshot/base/error.h"

namespace nb = nanobind;

namespace oddshot::python {
namespace {

struct Exceptions {
  PyObject* shape;
  PyObject* argument;
  PyObject* format;
  PyObject* io;
  PyObject* numeric;
};

// For the life of the process, as the module is.
Exceptions& exceptions() {
  static Exceptions all{};
  return all;
}

PyObject* make(nb::module_& module, const char* name, PyObject* root, PyObject* kind, const char* text) {
  const std::string whole = std::string("oddshot.") + name;
  const nb::tuple bases = root == nullptr ? nb::make_tuple(nb::handle(kind)) : nb::make_tuple(nb::handle(root), nb::handle(kind));
  PyObject* type = PyErr_NewExceptionWithDoc(whole.c_str(), text, bases.ptr(), nullptr);
  if (type == nullptr) throw nb::python_error();
  module.attr(name) = nb::handle(type);
  return type;
}

void translate(const std::exception_ptr& error, void* /*payload*/) {
  const Exceptions& all = exceptions();
  try {
    std::rethrow_exception(error);
  } catch (const ShapeError& e) {
    PyErr_SetString(all.shape, e.what());
  } catch (const ArgumentError& e) {
    PyErr_SetString(all.argument, e.what());
  } catch (const FormatError& e) {
    PyErr_SetString(all.format, e.what());
  } catch (const IoError& e) {
    PyErr_SetString(all.io, e.what());
  } catch (const NumericError& e) {
    PyErr_SetString(all.numeric, e.what());
  }
}

}  // namespace

void bind_errors(nb::module_& module) {
  Exceptions& all = exceptions();
  PyObject* root = make(module, "Error", nullptr, PyExc_Exception, "The root of Oddshot's errors: catch this to catch them all.");
  all.shape = make(module, "ShapeError", root, PyExc_ValueError, "Sizes that must agree do not.");
  all.argument =
      make(module, "ArgumentError", root, PyExc_ValueError, "An argument outside its range, or a combination that makes no sense.");
  all.format = make(module, "FormatError", root, PyExc_ValueError, "The content of a file or table is not what it should be.");
  all.io = make(module, "IoError", root, PyExc_OSError, "A file could not be found, read or written.");
  all.numeric = make(module, "NumericError", root, PyExc_ArithmeticError, "Numbers were lost: a NaN or infinity arose in a computation.");
  make(module, "KindError", root, PyExc_TypeError, "An argument of a type that cannot serve.");
  nb::register_exception_translator(translate);
}

}  // namespace oddshot::python
