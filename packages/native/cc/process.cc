// Small calls about the process: its claim, its doorbell, its limits, and the facts of a file.
#include <fcntl.h>
#include <linux/capability.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cstring>
#include <limits>

#include "addon.h"
#include "kernel_abi.h"

namespace {

// The state of the process. There is one image of the addon, and it is never unloaded (see
// binding.gyp), so all threads see the same.
std::atomic<Addon*> claimant{nullptr};
std::atomic<int> doorbell_fd{-1};

Napi::Value Claim(const Napi::CallbackInfo& info) {
  Addon* addon = AddonOf(info.Env());
  Addon* holder = nullptr;
  const bool claimed = claimant.compare_exchange_strong(holder, addon) || holder == addon;
  return Napi::Boolean::New(info.Env(), claimed);
}

void ReleaseClaim(const Napi::CallbackInfo& info) {
  ReleaseClaimOf(AddonOf(info.Env()));
}

Napi::Value Doorbell(const Napi::CallbackInfo& info) {
  int fd = doorbell_fd.load();
  if (fd >= 0) return Number(info, fd);
  // It blocks: a read of it waits in the ring instead of failing with EAGAIN.
  const int made = Result(eventfd(0, EFD_CLOEXEC));
  if (made < 0) return Number(info, made);
  if (doorbell_fd.compare_exchange_strong(fd, made)) return Number(info, made);
  close(made);  // Another thread was first, and nobody has seen ours.
  return Number(info, fd);
}

void StoreOnExit(const Napi::CallbackInfo& info) {
  Span words;
  uint32_t index;
  int32_t value;
  if (!SharedArgument(info, 0, napi_int32_array, &words) || !Uint32Argument(info, 1, &index) ||
      !Int32Argument(info, 2, &value)) {
    return;
  }
  if (index >= words.bytes / sizeof(int32_t)) {
    Napi::RangeError::New(info.Env(), "index is outside words").ThrowAsJavaScriptException();
    return;
  }
  AddonOf(info.Env())
      ->exit_words.push_back({reinterpret_cast<int32_t*>(words.data) + index, value,
                              Napi::Persistent(info[0].As<Napi::Object>())});
}

Napi::Value AddressOf(const Napi::CallbackInfo& info) {
  Span span;
  if (!SharedArgument(info, 0, napi_uint8_array, &span)) return {};
  return Number(info, static_cast<double>(reinterpret_cast<uintptr_t>(span.data)));
}

Napi::Value Advise(const Napi::CallbackInfo& info, int advice) {
  Span span;
  if (!SharedArgument(info, 0, napi_uint8_array, &span)) return {};
  const uintptr_t page_mask = static_cast<uintptr_t>(sysconf(_SC_PAGESIZE)) - 1;
  // The kernel would round a ragged end up and take in what does not belong to the view.
  if ((span.bytes & page_mask) != 0) return Number(info, -EINVAL);
  return Number(info, Result(madvise(span.data, span.bytes, advice)));
}

Napi::Value DontFork(const Napi::CallbackInfo& info) {
  return Advise(info, MADV_DONTFORK);
}
Napi::Value DropPages(const Napi::CallbackInfo& info) {
  return Advise(info, MADV_DONTNEED);
}

// What the kernel knows by itself: a filesystem's daemon or server is not asked, nor waited for.
int StatWithoutAsking(int fd, uint32_t mask, abi::Statx* stat) {
  const int flags = AT_EMPTY_PATH | AT_STATX_DONT_SYNC;
  return Result(syscall(__NR_statx, fd, "", flags, mask, stat));
}

Napi::Value DirectAlignment(const Napi::CallbackInfo& info) {
  int32_t fd;
  Span out;
  if (!Int32Argument(info, 0, &fd) || !ArrayArgument(info, 1, napi_uint32_array, 2, &out))
    return {};
  abi::Statx stat = {};
  const int result = StatWithoutAsking(fd, abi::kStatxDioAlign, &stat);
  if (result < 0) return Number(info, result);
  if ((stat.stx_mask & abi::kStatxDioAlign) == 0) return Number(info, -EOPNOTSUPP);
  const uint32_t alignments[2] = {stat.stx_dio_mem_align, stat.stx_dio_offset_align};
  memcpy(out.data, alignments, sizeof(alignments));
  return Number(info, 0);
}

Napi::Value MountId(const Napi::CallbackInfo& info) {
  int32_t fd;
  if (!Int32Argument(info, 0, &fd)) return {};
  abi::Statx stat = {};
  const int result = StatWithoutAsking(fd, abi::kStatxMntIdUnique, &stat);
  if (result < 0) return Number(info, result);
  const bool told = (stat.stx_mask & abi::kStatxMntIdUnique) != 0;
  return Number(info, told ? static_cast<double>(stat.stx_mnt_id) : 0);
}

Napi::Value BlockDevice(const Napi::CallbackInfo& info) {
  int32_t fd;
  Span out;
  if (!Int32Argument(info, 0, &fd) || !ArrayArgument(info, 1, napi_float64_array, 2, &out))
    return {};
  int block_bytes = 0;
  uint64_t bytes = 0;
  int result = Result(ioctl(fd, BLKSSZGET, &block_bytes));
  if (result == 0) result = Result(ioctl(fd, BLKGETSIZE64, &bytes));
  if (result < 0) return Number(info, result);
  const double facts[2] = {static_cast<double>(block_bytes), static_cast<double>(bytes)};
  memcpy(out.data, facts, sizeof(facts));
  return Number(info, 0);
}

Napi::Value SoftLimit(const Napi::CallbackInfo& info, __rlimit_resource resource) {
  rlimit limit;
  if (getrlimit(resource, &limit) != 0) return Number(info, 0);
  return Number(info, limit.rlim_cur == RLIM_INFINITY ? std::numeric_limits<double>::infinity()
                                                      : static_cast<double>(limit.rlim_cur));
}

Napi::Value MemlockLimit(const Napi::CallbackInfo& info) {
  return SoftLimit(info, RLIMIT_MEMLOCK);
}
Napi::Value FileLimit(const Napi::CallbackInfo& info) {
  return SoftLimit(info, RLIMIT_NOFILE);
}

Napi::Value HasIpcLock(const Napi::CallbackInfo& info) {
  __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {};
  const bool effective =
      syscall(__NR_capget, &header, data) == 0 && (data[0].effective & (1U << CAP_IPC_LOCK)) != 0;
  return Napi::Boolean::New(info.Env(), effective);
}

}  // namespace

bool HoldsClaim(const Addon* addon) {
  return claimant.load() == addon;
}

void ReleaseClaimOf(Addon* addon) {
  if (!HoldsClaim(addon)) return;
  // The actor's descriptors will be closed with its thread.
  WithdrawFiles();
  Addon* holder = addon;
  claimant.compare_exchange_strong(holder, nullptr);
}

void DefineProcessCalls(Napi::Object exports) {
  Napi::Env env = exports.Env();
  exports["claim"] = Napi::Function::New<Claim>(env, "claim");
  exports["releaseClaim"] = Napi::Function::New<ReleaseClaim>(env, "releaseClaim");
  exports["doorbell"] = Napi::Function::New<Doorbell>(env, "doorbell");
  exports["storeOnExit"] = Napi::Function::New<StoreOnExit>(env, "storeOnExit");
  exports["addressOf"] = Napi::Function::New<AddressOf>(env, "addressOf");
  exports["dontFork"] = Napi::Function::New<DontFork>(env, "dontFork");
  exports["dropPages"] = Napi::Function::New<DropPages>(env, "dropPages");
  exports["mountId"] = Napi::Function::New<MountId>(env, "mountId");
  exports["directAlignment"] = Napi::Function::New<DirectAlignment>(env, "directAlignment");
  exports["blockDevice"] = Napi::Function::New<BlockDevice>(env, "blockDevice");
  exports["memlockLimit"] = Napi::Function::New<MemlockLimit>(env, "memlockLimit");
  exports["fileLimit"] = Napi::Function::New<FileLimit>(env, "fileLimit");
  exports["hasIpcLock"] = Napi::Function::New<HasIpcLock>(env, "hasIpcLock");
}
