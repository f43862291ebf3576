// What one environment (the main thread or a worker) has open, and the parts of the binding.
#ifndef URING_ACTOR_ADDON_H_
#define URING_ACTOR_ADDON_H_

#include <napi.h>
#include <uv.h>

#include <memory>
#include <vector>

#include "ring.h"
#include "waker.h"

struct ExitWord {
  int32_t* word;
  int32_t value;
  Napi::ObjectReference view;
};

// Everything here is freed with the environment and not before, so that a method of a closed ring
// or waker finds an object that says so. The only state of the process is the claim and the
// doorbell, in process.cc, and the files that are offered to all threads, in cached_reads.cc.
struct Addon {
  Napi::Env env;
  uv_loop_t* loop = nullptr;
  napi_async_cleanup_hook_handle end_hook = nullptr;
  // Wakers whose handle libuv has not let go of; the environment cannot end before.
  size_t watched = 0;
  bool ending = false;
  std::vector<std::unique_ptr<Ring>> rings;
  std::vector<std::unique_ptr<Waker>> wakers;
  std::vector<ExitWord> exit_words;

  explicit Addon(Napi::Env env) : env(env) {}

  // Called when the environment ends and whenever a waker has closed.
  void FinishEnd();
};

inline Addon* AddonOf(Napi::Env env) {
  return env.GetInstanceData<Addon>();
}

Napi::Value OpenRing(const Napi::CallbackInfo& info);     // ring_methods.cc
Napi::Value CreateWaker(const Napi::CallbackInfo& info);  // waker.cc
void FileCall(const Napi::CallbackInfo& info);            // file_calls.cc
void DefineProcessCalls(Napi::Object exports);            // process.cc
bool HoldsClaim(const Addon* addon);                      // process.cc
void ReleaseClaimOf(Addon* addon);                        // process.cc
void DefineCachedReads(Napi::Object exports);             // cached_reads.cc
// Nobody reads a file of the actor from now on. Waits for who is just doing it, within bounds.
void WithdrawFiles();                // cached_reads.cc
Napi::Object Layout(Napi::Env env);  // layout.cc

#endif  // URING_ACTOR_ADDON_H_
