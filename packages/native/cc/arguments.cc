#include "arguments.h"

#include <cmath>
#include <iterator>
#include <limits>
#include <string>

namespace {

bool Fail(const Napi::CallbackInfo& info, size_t index, const char* expected) {
  const std::string text = "argument " + std::to_string(index) + " must be " + expected;
  Napi::TypeError::New(info.Env(), text).ThrowAsJavaScriptException();
  return false;
}

template <typename Integer>
bool IntegerArgument(const Napi::CallbackInfo& info, size_t index, Integer* value,
                     const char* expected) {
  double number = 0;
  if (napi_get_value_double(info.Env(), info[index], &number) != napi_ok ||
      !(number >= std::numeric_limits<Integer>::min()) ||
      !(number <= std::numeric_limits<Integer>::max()) || number != std::trunc(number)) {
    return Fail(info, index, expected);
  }
  *value = static_cast<Integer>(number);
  return true;
}

// By napi_typedarray_type; Node-API may come to know more types than this.
constexpr uint8_t kElementBytes[] = {1, 1, 1, 2, 2, 4, 4, 4, 8, 8, 8};
static_assert(napi_int8_array == 0 && napi_biguint64_array == std::size(kElementBytes) - 1);

struct Array {
  napi_typedarray_type type;
  size_t length;
  napi_value buffer;
};

bool ReadArray(const Napi::CallbackInfo& info, size_t index, Array* array, Span* span) {
  bool is_array = false;
  if (napi_is_typedarray(info.Env(), info[index], &is_array) != napi_ok || !is_array) return false;
  void* data = nullptr;
  // One that Node-API does not know leaves the type as it is.
  array->type = static_cast<napi_typedarray_type>(std::size(kElementBytes));
  if (napi_get_typedarray_info(info.Env(), info[index], &array->type, &array->length, &data,
                               &array->buffer, nullptr) != napi_ok) {
    return false;
  }
  if (array->type >= std::size(kElementBytes)) return false;
  *span = {static_cast<uint8_t*>(data), array->length * kElementBytes[array->type]};
  return true;
}

}  // namespace

bool Int32Argument(const Napi::CallbackInfo& info, size_t index, int32_t* value) {
  return IntegerArgument(info, index, value, "a 32-bit integer");
}

bool Uint32Argument(const Napi::CallbackInfo& info, size_t index, uint32_t* value) {
  return IntegerArgument(info, index, value, "an unsigned 32-bit integer");
}

bool Int64Argument(const Napi::CallbackInfo& info, size_t index, int64_t* value) {
  bool lossless = false;
  if (napi_get_value_bigint_int64(info.Env(), info[index], value, &lossless) != napi_ok ||
      !lossless) {
    return Fail(info, index, "a 64-bit bigint");
  }
  return true;
}

bool DoubleArgument(const Napi::CallbackInfo& info, size_t index, double* value) {
  if (napi_get_value_double(info.Env(), info[index], value) == napi_ok) return true;
  return Fail(info, index, "a number");
}

bool FunctionArgument(const Napi::CallbackInfo& info, size_t index, Napi::Function* value) {
  if (!info[index].IsFunction()) return Fail(info, index, "a function");
  *value = info[index].As<Napi::Function>();
  return true;
}

bool ViewArgument(const Napi::CallbackInfo& info, size_t index, Span* span) {
  Array array;
  if (ReadArray(info, index, &array, span)) return true;
  bool is_view = false;
  void* data = nullptr;
  if (napi_is_dataview(info.Env(), info[index], &is_view) != napi_ok || !is_view ||
      napi_get_dataview_info(info.Env(), info[index], &span->bytes, &data, nullptr, nullptr) !=
          napi_ok) {
    return Fail(info, index, "a TypedArray or a DataView");
  }
  span->data = static_cast<uint8_t*>(data);
  return true;
}

bool ArrayArgument(const Napi::CallbackInfo& info, size_t index, napi_typedarray_type type,
                   size_t length, Span* span) {
  Array array;
  if (!ReadArray(info, index, &array, span) || array.type != type || array.length < length) {
    return Fail(info, index, "a TypedArray of the right kind and length");
  }
  return true;
}

bool SharedArgument(const Napi::CallbackInfo& info, size_t index, napi_typedarray_type type,
                    Span* span) {
  Array array;
  bool is_unshared = true;
  if (!ReadArray(info, index, &array, span) || array.type != type ||
      napi_is_arraybuffer(info.Env(), array.buffer, &is_unshared) != napi_ok || is_unshared) {
    return Fail(info, index, "a TypedArray of the right kind over a SharedArrayBuffer");
  }
  return true;
}
