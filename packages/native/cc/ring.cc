#include "ring.h"

#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>

namespace {

// How long one wait of a drain may last before everything in flight is cancelled anew.
constexpr uint64_t kDrainStepMillis = 10;
// How long to wait for the kernel's workers before it is asked anew what they hold.
constexpr uint32_t kWorkersStepMillis = 100;

uint64_t NowMillis() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<uint64_t>(now.tv_sec) * 1000 + static_cast<uint64_t>(now.tv_nsec) / 1000000;
}

}  // namespace

// How much there is to map: newer kernels let a longer mapping be made, and it faults when touched.
size_t Ring::MappableBytes(uint32_t offset) const {
  const size_t page_mask = static_cast<size_t>(sysconf(_SC_PAGESIZE)) - 1;
  size_t bytes = 0;
  if (offset == IORING_OFF_SQ_RING) {
    bytes = std::max(params_.sq_off.array + params_.sq_entries * sizeof(uint32_t),
                     params_.cq_off.cqes + params_.cq_entries * sizeof(io_uring_cqe));
  } else if (offset == IORING_OFF_SQES) {
    bytes = params_.sq_entries * sizeof(io_uring_sqe);
  }
  return (bytes + page_mask) & ~page_mask;
}

int Ring::Map(Napi::Env env, uint32_t offset, uint32_t length, Napi::Value* buffer) {
  if (fd_ < 0) return -EBADF;
  if (length == 0 || length > MappableBytes(offset)) return -EINVAL;
  const bool holds_words = offset == IORING_OFF_SQ_RING;
  void* address =
      mmap(nullptr, length, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, fd_, offset);
  if (address == MAP_FAILED) return -errno;
  // The memory belongs to this ring: there is nothing to do when the buffer is collected.
  napi_value value = nullptr;
  if (napi_create_external_arraybuffer(
          env, address, length, [](napi_env, void*, void*) {}, nullptr, &value) != napi_ok) {
    munmap(address, length);
    return -EOPNOTSUPP;
  }
  if (holds_words) words_ = static_cast<uint8_t*>(address);
  *buffer = Napi::Value(env, value);
  mappings_.push_back({address, length, Napi::Persistent(buffer->As<Napi::Object>())});
  return 0;
}

// No view may outlive the memory, so the buffer is detached first. When the environment ends, Node
// has done that already, and the reference has nothing to say.
void Ring::Unmap() {
  words_ = nullptr;
  for (Mapping& mapping : mappings_) {
    Napi::HandleScope scope(mapping.buffer.Env());
    napi_detach_arraybuffer(mapping.buffer.Env(), mapping.buffer.Value());
    munmap(mapping.address, mapping.length);
  }
  mappings_.clear();
}

int Ring::Register(uint32_t opcode, const void* argument, uint32_t count) {
  if (fd_ < 0) return -EBADF;
  return Result(syscall(__NR_io_uring_register, fd_, opcode, argument, count));
}

int Ring::RegisterRingFd() {
  if (enter_flags_ != 0) return -EBUSY;
  abi::RsrcUpdate update = {};
  update.offset = UINT32_MAX;  // Any free index of this thread.
  update.data = static_cast<__u64>(fd_);
  const int result = Register(abi::kRegisterRingFds, &update, 1);
  if (result < 0) return result;
  enter_fd_ = static_cast<int>(update.offset);
  enter_flags_ = abi::kEnterRegisteredRing;
  return 0;
}

int Ring::Enter(uint32_t to_submit, uint32_t min_complete, uint32_t flags, int32_t timeout_micros,
                uint32_t min_wait_micros) {
  if (fd_ < 0) return -EBADF;
  if (timeout_micros < 0) {
    // A thread that blocks in the kernel without a timeout can be neither terminated nor exited.
    if (min_complete != 0) return -EINVAL;
    return Result(
        syscall(__NR_io_uring_enter, enter_fd_, to_submit, 0, flags | enter_flags_, nullptr, 0));
  }
  __kernel_timespec timeout;
  timeout.tv_sec = timeout_micros / 1000000;
  timeout.tv_nsec = timeout_micros % 1000000 * 1000;
  abi::GeteventsArg wait = {};
  wait.sigmask_sz = _NSIG / 8;
  wait.min_wait_usec = min_wait_micros;
  wait.ts = reinterpret_cast<__u64>(&timeout);
  return Result(syscall(__NR_io_uring_enter, enter_fd_, to_submit, min_complete,
                        flags | enter_flags_ | abi::kEnterExtArg, &wait, sizeof(wait)));
}

uint32_t* Ring::Word(uint32_t offset) const {
  return reinterpret_cast<uint32_t*>(words_ + offset);
}

// Every SQE the kernel has consumed makes exactly one CQE, because the actor uses neither multishot
// requests nor CQE_SKIP: what lies between the head of one ring and the tail of the other is in
// flight. With SQPOLL all that was published counts, for the kernel's thread may be taking it now.
uint32_t Ring::InFlight() const {
  if (words_ == nullptr) return 0;
  const bool polled = (params_.flags & IORING_SETUP_SQPOLL) != 0;
  const uint32_t begun = polled ? params_.sq_off.tail : params_.sq_off.head;
  return __atomic_load_n(Word(begun), __ATOMIC_ACQUIRE) -
         __atomic_load_n(Word(params_.cq_off.tail), __ATOMIC_ACQUIRE);
}

// Tries once and does not wait. A kernel before 6.0 or a ring restricted without this opcode
// refuses, and the requests are left to end by themselves.
void Ring::CancelAll() {
  abi::SyncCancelReg cancel = {};
  cancel.fd = -1;
  cancel.flags = abi::kAsyncCancelAny | abi::kAsyncCancelAll;
  Register(abi::kRegisterSyncCancel, &cancel, 1);
}

uint32_t Ring::Drain(uint32_t drain_millis) {
  const uint64_t deadline = NowMillis() + drain_millis;
  const uint32_t wake = (params_.flags & IORING_SETUP_SQPOLL) != 0 ? IORING_ENTER_SQ_WAKEUP : 0;
  uint32_t left = InFlight();
  while (left != 0) {
    // Again in each round: a drained or linked request begins only when others have ended.
    CancelAll();
    const uint64_t now = NowMillis();
    const uint64_t wait = now < deadline ? std::min(deadline - now, kDrainStepMillis) : 0;
    const int result = Enter(0, 1, IORING_ENTER_GETEVENTS | wake, static_cast<int>(wait * 1000));
    if (result < 0 && result != -ETIME && result != -EINTR) {
      // No timeouts before 5.11, or a ring that refuses to wait: look again in a while.
      Enter(0, 0, IORING_ENTER_GETEVENTS | wake, -1);
      usleep(1000);
    }
    // Nobody reads these completions any more; the kernel must have room for the next.
    const uint32_t tail = __atomic_load_n(Word(params_.cq_off.tail), __ATOMIC_ACQUIRE);
    __atomic_store_n(Word(params_.cq_off.head), tail, __ATOMIC_RELEASE);
    left = InFlight();
    if (NowMillis() >= deadline) break;
  }
  return left;
}

// Cancelling one by one tells them apart: a request that a worker carries out is found and does not
// leave, so the time for it, which is none, runs out. One in a device's hands is not found. A
// kernel before 6.0 cannot be asked, and then nobody is waited for.
bool Ring::HeldByWorkers() {
  abi::SyncCancelReg cancel = {};
  cancel.fd = -1;
  for (uint32_t data = 0; data < params_.cq_entries && InFlight() != 0; data++) {
    cancel.addr = data;
    if (Register(abi::kRegisterSyncCancel, &cancel, 1) == -ETIME) return true;
  }
  return false;
}

uint32_t Ring::Close(uint32_t drain_millis) {
  if (fd_ < 0) return left_in_flight_;
  left_in_flight_ = Drain(drain_millis);
  if (left_in_flight_ == 0 || !HeldByWorkers()) Release();
  return left_in_flight_;
}

void Ring::CloseAfterWorkers() {
  while (fd_ >= 0) Close(kWorkersStepMillis);
}

void Ring::Release() {
  Unmap();
  if (enter_flags_ != 0) {
    // A registered ring is a second reference; it would keep the ring until this thread ends.
    abi::RsrcUpdate update = {};
    update.offset = static_cast<__u32>(enter_fd_);
    Register(abi::kUnregisterRingFds, &update, 1);
  }
  close(fd_);
  fd_ = -1;
}
