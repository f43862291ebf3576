// System calls on files that node:fs does not make, on libuv's thread pool.
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/vfs.h>

#include "addon.h"
#include "kernel_abi.h"

namespace {

// Must be kept in sync with CALL_* in src/binding.ts.
enum Call : uint32_t { kFallocate, kSyncFileRange, kDiscard, kZeroOut, kFilesystem, kCallCount };

struct Request {
  uint32_t call;
  int32_t fd;
  int32_t mode;
  int64_t offset;
  int64_t length;
  int result;
  napi_async_work work;
  Napi::FunctionReference callback;
};

// The low 31 bits, which tell all filesystems apart, so that the result is never negative.
int FilesystemType(int fd) {
  struct statfs stat;
  const int result = Result(fstatfs(fd, &stat));
  return result < 0 ? result : static_cast<int>(stat.f_type & 0x7fffffff);
}

int Run(const Request& request) {
  uint64_t range[2] = {static_cast<uint64_t>(request.offset),
                       static_cast<uint64_t>(request.length)};
  switch (request.call) {
    case kFallocate:
      return Result(fallocate(request.fd, request.mode, request.offset, request.length));
    case kSyncFileRange:
      return Result(sync_file_range(request.fd, request.offset, request.length,
                                    static_cast<unsigned>(request.mode)));
    case kDiscard:
      return Result(ioctl(request.fd, BLKDISCARD, range));
    case kZeroOut:
      return Result(ioctl(request.fd, BLKZEROOUT, range));
    default:
      return FilesystemType(request.fd);
  }
}

// On a thread of the pool.
void Execute(napi_env, void* data) {
  Request* request = static_cast<Request*>(data);
  request->result = Run(*request);
}

// On the thread of the environment, which may be ending: then the call is cancelled or JavaScript
// cannot be entered, and only the memory is freed. What the callback throws is left pending, and
// Node makes it an uncaught exception.
void Complete(napi_env env, napi_status status, void* data) {
  std::unique_ptr<Request> request(static_cast<Request*>(data));
  napi_delete_async_work(env, request->work);
  if (status != napi_ok) return;
  napi_value result = nullptr;
  napi_value global = nullptr;
  if (napi_create_int32(env, request->result, &result) != napi_ok ||
      napi_get_global(env, &global) != napi_ok) {
    return;
  }
  napi_call_function(env, global, request->callback.Value(), 1, &result, nullptr);
}

}  // namespace

void FileCall(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  auto request = std::make_unique<Request>();
  Napi::Function callback;
  if (!Uint32Argument(info, 0, &request->call) || !Int32Argument(info, 1, &request->fd) ||
      !Int32Argument(info, 2, &request->mode) || !Int64Argument(info, 3, &request->offset) ||
      !Int64Argument(info, 4, &request->length) || !FunctionArgument(info, 5, &callback)) {
    return;
  }
  if (request->call >= kCallCount) {
    Napi::TypeError::New(env, "argument 0 must be one of CALL_*").ThrowAsJavaScriptException();
    return;
  }
  request->callback = Napi::Persistent(callback);
  Napi::String name = Napi::String::New(env, "uring-actor.fileCall");
  if (napi_create_async_work(env, nullptr, name, Execute, Complete, request.get(),
                             &request->work) != napi_ok ||
      napi_queue_async_work(env, request->work) != napi_ok) {
    Napi::Error::New(env, "the call cannot be queued").ThrowAsJavaScriptException();
    return;
  }
  request.release();
}
