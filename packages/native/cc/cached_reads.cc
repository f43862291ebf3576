// Reads of what is in the page cache, which any thread may make on files that the actor has open.
// The one thing that must never happen is a read of a descriptor whose number is another file's by
// now. So the actor offers a file here, and withdraws it before it closes the descriptor:
//
//   reader:  readers++;             then read kOffered;  if set: use the descriptor;  readers--
//   actor:   clear kOffered;        then read readers;   if 0: close the descriptor
//
// Both words are one, so that one of the two always sees the other.
#include <sys/uio.h>
#include <unistd.h>

#include <atomic>
#include <ctime>

#include "addon.h"

namespace {

// Set while the file is offered; the bits below count the threads that read at this moment.
constexpr uint32_t kOffered = 1U << 31;

// Invariant: fd, generation and owner change only while the word is 0, so who has seen kOffered and
// counts as a reader reads what belongs together. Entries of two files share no cache line. All of
// it is 0 at first: two MiB that are in no file.
struct alignas(64) Entry {
  std::atomic<uint32_t> state{0};
  std::atomic<int32_t> fd{0};
  std::atomic<int32_t> generation{0};
  std::atomic<double> owner{0};
};

// As many as the actor can have files (spawn/options.ts), and the slot that is not for files. Pages
// of entries that are never used are never touched.
constexpr int32_t kSlots = 1 << 15;
Entry entries[kSlots];
// No entry from here on was ever offered.
std::atomic<int32_t> used{0};

// A thread reads for microseconds, unless the scheduler takes its processor away: five seconds in
// all.
constexpr int kReaderPolls = 100000;
constexpr useconds_t kPollMicros = 50;

// What a client asks for, as float64: must be kept in sync with ASK_* in
// packages/client/src/protocol/cached-reads.ts.
enum Ask { kSlot, kGeneration, kOwner, kPosition, kTimed, kStarted, kEnded, kAskCount };

// Number.MAX_SAFE_INTEGER
constexpr double kLastPosition = 9007199254740991;

bool SlotArgument(const Napi::CallbackInfo& info, size_t index, int32_t* slot) {
  if (!Int32Argument(info, index, slot)) return false;
  if (*slot >= 0 && *slot < kSlots) return true;
  Napi::RangeError::New(info.Env(), "slot is outside the table").ThrowAsJavaScriptException();
  return false;
}

Napi::Value OfferFile(const Napi::CallbackInfo& info) {
  int32_t slot;
  int32_t generation;
  double owner;
  int32_t fd;
  if (!SlotArgument(info, 0, &slot) || !Int32Argument(info, 1, &generation) ||
      !DoubleArgument(info, 2, &owner) || !Int32Argument(info, 3, &fd)) {
    return {};
  }
  Entry& entry = entries[slot];
  // The claim is what makes this thread the only one that offers.
  if (!HoldsClaim(AddonOf(info.Env())) || entry.state.load(std::memory_order_acquire) != 0) {
    return Napi::Boolean::New(info.Env(), false);
  }
  entry.fd.store(fd, std::memory_order_relaxed);
  entry.generation.store(generation, std::memory_order_relaxed);
  entry.owner.store(owner, std::memory_order_relaxed);
  if (slot >= used.load()) used.store(slot + 1);
  entry.state.fetch_or(kOffered);
  return Napi::Boolean::New(info.Env(), true);
}

// True when nobody uses the descriptor any more.
bool Withdraw(Entry* entry) {
  return (entry->state.fetch_and(~kOffered) & ~kOffered) == 0;
}

Napi::Value WithdrawFile(const Napi::CallbackInfo& info) {
  int32_t slot;
  if (!SlotArgument(info, 0, &slot)) return {};
  return Napi::Boolean::New(info.Env(), Withdraw(&entries[slot]));
}

double Micros() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<double>(now.tv_sec) * 1e6 + static_cast<double>(now.tv_nsec) / 1e3;
}

// All of it, or up to the end of the file; else -EAGAIN, or whatever else is the matter.
int ReadWhole(int fd, Span memory, int64_t position) {
  size_t done = 0;
  while (done < memory.bytes) {
    iovec rest = {memory.data + done, memory.bytes - done};
    const off_t at = static_cast<off_t>(position) + static_cast<off_t>(done);
    const ssize_t bytes = preadv2(fd, &rest, 1, at, RWF_NOWAIT);
    if (bytes < 0) return -errno;
    if (bytes == 0) break;
    done += static_cast<size_t>(bytes);
  }
  return static_cast<int>(done);
}

bool IsFileOf(const Entry& entry, const double* ask) {
  return entry.generation.load(std::memory_order_relaxed) == ask[kGeneration] &&
         entry.owner.load(std::memory_order_relaxed) == ask[kOwner];
}

int ReadOffered(const double* ask, Span memory) {
  // Also what is not a number is outside.
  if (!(ask[kSlot] >= 0 && ask[kSlot] < kSlots)) return -EBADF;
  if (!(ask[kPosition] >= 0 && ask[kPosition] <= kLastPosition)) return -EINVAL;
  Entry& entry = entries[static_cast<int32_t>(ask[kSlot])];
  int result = -EBADF;
  if ((entry.state.fetch_add(1) & kOffered) != 0 && IsFileOf(entry, ask)) {
    const int fd = entry.fd.load(std::memory_order_relaxed);
    result = ReadWhole(fd, memory, static_cast<int64_t>(ask[kPosition]));
  }
  entry.state.fetch_sub(1);
  return result;
}

Napi::Value ReadCached(const Napi::CallbackInfo& info) {
  Span span;
  Span memory;
  if (!ArrayArgument(info, 0, napi_float64_array, kAskCount, &span) ||
      !ArrayArgument(info, 1, napi_uint8_array, 0, &memory)) {
    return {};
  }
  double* ask = reinterpret_cast<double*>(span.data);
  // A view that was detached has no memory, and a result is an int.
  if (memory.bytes == 0 || memory.bytes > INT32_MAX) return Number(info, -EINVAL);
  const bool timed = ask[kTimed] != 0;
  if (timed) ask[kStarted] = Micros();
  const int result = ReadOffered(ask, memory);
  if (timed) ask[kEnded] = Micros();
  return Number(info, result);
}

}  // namespace

void WithdrawFiles() {
  const int32_t count = used.load();
  for (int32_t slot = 0; slot < count; slot++) Withdraw(&entries[slot]);
  int polls = 0;
  for (int32_t slot = 0; slot < count; slot++) {
    while (entries[slot].state.load() != 0 && polls++ < kReaderPolls) usleep(kPollMicros);
  }
}

void DefineCachedReads(Napi::Object exports) {
  Napi::Env env = exports.Env();
  exports["offerFile"] = Napi::Function::New<OfferFile>(env, "offerFile");
  exports["withdrawFile"] = Napi::Function::New<WithdrawFile>(env, "withdrawFile");
  exports["readCached"] = Napi::Function::New<ReadCached>(env, "readCached");
}
