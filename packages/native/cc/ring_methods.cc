// The JavaScript face of a ring. Each method carries its Ring as data, so that a call looks nothing
// up and works whatever its `this` is.
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

#include "addon.h"

namespace {

Ring* RingOf(const Napi::CallbackInfo& info) {
  return static_cast<Ring*>(info.Data());
}

// How many bytes an argument of io_uring_register(2) has; 0 for an opcode without one, -1 for those
// that hold pointers or are not known: the kernel would read, or write, wherever they point.
int64_t ArgumentBytes(uint32_t opcode, int64_t count) {
  switch (opcode) {
    case IORING_REGISTER_EVENTFD:
    case abi::kRegisterIowqMaxWorkers:
      return count * static_cast<int64_t>(sizeof(uint32_t));
    case IORING_REGISTER_PROBE:
      return sizeof(io_uring_probe) + count * static_cast<int64_t>(sizeof(io_uring_probe_op));
    case IORING_REGISTER_RESTRICTIONS:
      return count * static_cast<int64_t>(sizeof(io_uring_restriction));
    case abi::kRegisterFiles2:
    case abi::kRegisterBuffers2:
      return count;
    case abi::kRegisterSyncCancel:
      return sizeof(abi::SyncCancelReg);
    case IORING_UNREGISTER_BUFFERS:
    case IORING_UNREGISTER_FILES:
    case IORING_UNREGISTER_EVENTFD:
    case IORING_REGISTER_ENABLE_RINGS:
      return 0;
    default:
      return -1;
  }
}

// A table of files or buffers may be made empty only: filled, it would hold pointers.
bool HoldsPointers(uint32_t opcode, Span argument) {
  if (opcode != abi::kRegisterFiles2 && opcode != abi::kRegisterBuffers2) return false;
  abi::RsrcRegister table = {};
  memcpy(&table, argument.data, std::min(argument.bytes, sizeof(table)));
  return table.data != 0 || table.tags != 0;
}

Napi::Value Map(const Napi::CallbackInfo& info) {
  uint32_t offset, length;
  if (!Uint32Argument(info, 0, &offset) || !Uint32Argument(info, 1, &length)) return {};
  Napi::Value buffer;
  const int result = RingOf(info)->Map(info.Env(), offset, length, &buffer);
  return result < 0 ? Number(info, result) : buffer;
}

Napi::Value Register(const Napi::CallbackInfo& info) {
  uint32_t opcode, count;
  Span argument = {nullptr, 0};
  if (!Uint32Argument(info, 0, &opcode) ||
      (!info[1].IsNull() && !ViewArgument(info, 1, &argument)) || !Uint32Argument(info, 2, &count))
    return {};
  const int64_t needed = ArgumentBytes(opcode, count);
  if (needed < 0 || static_cast<int64_t>(argument.bytes) < needed ||
      HoldsPointers(opcode, argument)) {
    return Number(info, -EINVAL);
  }
  return Number(info, RingOf(info)->Register(opcode, argument.data, count));
}

// An update says how many slots it changed; of one slot that is not worth telling.
Napi::Value UpdateSlot(const Napi::CallbackInfo& info, uint32_t opcode, uint32_t slot,
                       const void* data) {
  const uint64_t no_tag = 0;
  abi::RsrcUpdate2 update = {};
  update.offset = slot;
  update.data = reinterpret_cast<__u64>(data);
  update.tags = reinterpret_cast<__u64>(&no_tag);
  update.nr = 1;
  return Number(info, std::min(0, RingOf(info)->Register(opcode, &update, sizeof(update))));
}

Napi::Value RegisterBuffer(const Napi::CallbackInfo& info) {
  uint32_t slot;
  Span span = {nullptr, 0};
  if (!Uint32Argument(info, 0, &slot) ||
      (!info[1].IsNull() && !SharedArgument(info, 1, napi_uint8_array, &span)))
    return {};
  const iovec buffer = {span.data, span.bytes};
  return UpdateSlot(info, abi::kRegisterBuffersUpdate, slot, &buffer);
}

Napi::Value RegisterFile(const Napi::CallbackInfo& info) {
  uint32_t slot;
  int32_t fd;
  if (!Uint32Argument(info, 0, &slot) || !Int32Argument(info, 1, &fd)) return {};
  return UpdateSlot(info, abi::kRegisterFilesUpdate2, slot, &fd);
}

Napi::Value RegisterRingFd(const Napi::CallbackInfo& info) {
  return Number(info, RingOf(info)->RegisterRingFd());
}

// The one call of the hot path: Node-API itself, no wrapper, nothing allocated.
napi_value Enter(napi_env env, napi_callback_info info) {
  size_t count = 5;
  napi_value arguments[5];
  void* ring;
  uint32_t to_submit, min_complete, flags, min_wait_micros = 0;
  int32_t timeout_micros;
  if (napi_get_cb_info(env, info, &count, arguments, nullptr, &ring) != napi_ok ||
      napi_get_value_uint32(env, arguments[0], &to_submit) != napi_ok ||
      napi_get_value_uint32(env, arguments[1], &min_complete) != napi_ok ||
      napi_get_value_uint32(env, arguments[2], &flags) != napi_ok ||
      napi_get_value_int32(env, arguments[3], &timeout_micros) != napi_ok ||
      (count > 4 && napi_get_value_uint32(env, arguments[4], &min_wait_micros) != napi_ok)) {
    napi_throw_type_error(env, nullptr, "enter takes four numbers, or five");
    return nullptr;
  }
  napi_value result = nullptr;
  const int entered = static_cast<Ring*>(ring)->Enter(to_submit, min_complete, flags,
                                                      timeout_micros, min_wait_micros);
  napi_create_int32(env, entered, &result);
  return result;
}

Napi::Value Close(const Napi::CallbackInfo& info) {
  uint32_t drain_millis;
  if (!Uint32Argument(info, 0, &drain_millis)) return {};
  return Number(info, RingOf(info)->Close(drain_millis));
}

}  // namespace

Napi::Value OpenRing(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  uint32_t entries;
  Span span;
  if (!Uint32Argument(info, 0, &entries) ||
      !ArrayArgument(info, 1, napi_uint32_array, sizeof(io_uring_params) / 4, &span))
    return {};
  io_uring_params params;
  memcpy(&params, span.data, sizeof(params));
  const int fd = Result(syscall(__NR_io_uring_setup, entries, &params));
  if (fd < 0) return Number(info, fd);
  memcpy(span.data, &params, sizeof(params));

  Addon* addon = AddonOf(env);
  addon->rings.push_back(std::make_unique<Ring>(fd, params));
  Ring* ring = addon->rings.back().get();
  Napi::Object object = Napi::Object::New(env);
  napi_value enter = nullptr;
  napi_create_function(env, "enter", NAPI_AUTO_LENGTH, Enter, ring, &enter);
  object["fd"] = Number(info, fd);
  object["map"] = Napi::Function::New<Map>(env, "map", ring);
  object["register"] = Napi::Function::New<Register>(env, "register", ring);
  object["registerBuffer"] = Napi::Function::New<RegisterBuffer>(env, "registerBuffer", ring);
  object["registerFile"] = Napi::Function::New<RegisterFile>(env, "registerFile", ring);
  object["registerRingFd"] = Napi::Function::New<RegisterRingFd>(env, "registerRingFd", ring);
  object["enter"] = enter;
  object["close"] = Napi::Function::New<Close>(env, "close", ring);
  return object;
}
