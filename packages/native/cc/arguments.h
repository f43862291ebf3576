// Reading the arguments of a call, and answering it. A function that reads returns false with a
// TypeError thrown when the argument is not what the call needs; the caller returns at once.
#ifndef URING_ACTOR_ARGUMENTS_H_
#define URING_ACTOR_ARGUMENTS_H_

#include <napi.h>

#include <cerrno>

// The memory under a TypedArray or DataView.
struct Span {
  uint8_t* data;
  size_t bytes;
};

bool Int32Argument(const Napi::CallbackInfo& info, size_t index, int32_t* value);
bool Uint32Argument(const Napi::CallbackInfo& info, size_t index, uint32_t* value);
bool Int64Argument(const Napi::CallbackInfo& info, size_t index, int64_t* value);
bool DoubleArgument(const Napi::CallbackInfo& info, size_t index, double* value);
bool FunctionArgument(const Napi::CallbackInfo& info, size_t index, Napi::Function* value);

// Any view, for calls that are done with the memory when they return.
bool ViewArgument(const Napi::CallbackInfo& info, size_t index, Span* span);

// A TypedArray of at least `length` elements of the given type, likewise only for the call.
bool ArrayArgument(const Napi::CallbackInfo& info, size_t index, napi_typedarray_type type,
                   size_t length, Span* span);

// A TypedArray over a SharedArrayBuffer: the only memory whose address stays good after the call,
// because nothing can detach, transfer or shrink it.
bool SharedArgument(const Napi::CallbackInfo& info, size_t index, napi_typedarray_type type,
                    Span* span);

// What a system call returned, as the kernel itself would have put it: -errno for -1.
inline int Result(long result) {
  return result < 0 ? -errno : static_cast<int>(result);
}

inline Napi::Value Number(const Napi::CallbackInfo& info, double value) {
  return Napi::Number::New(info.Env(), value);
}

#endif  // URING_ACTOR_ARGUMENTS_H_
