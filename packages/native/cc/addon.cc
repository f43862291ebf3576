#include "addon.h"

namespace {

// How long others have to wait for word of this thread's end while it drains its rings.
constexpr uint32_t kEndDrainMillis = 500;

// Runs in the thread of the environment on every kind of end, also when it is terminated.
void OnEnvironmentEnd(napi_async_cleanup_hook_handle, void* data) {
  Addon* addon = static_cast<Addon*>(data);
  for (auto& ring : addon->rings) ring->Close(kEndDrainMillis);
  ReleaseClaimOf(addon);
  // Whoever reads a word may rely on all of the above: but for what the kernel does not let go of.
  for (const ExitWord& exit : addon->exit_words) {
    __atomic_store_n(exit.word, exit.value, __ATOMIC_SEQ_CST);
  }
  addon->exit_words.clear();
  // What a worker of the kernel is in the middle of, on a device that hangs, it will finish in
  // memory that V8 frees with this environment; and the kernel would not let the thread end before
  // either, with whoever joins it blocked. So that is waited for here, where it blocks nobody else.
  for (auto& ring : addon->rings) ring->CloseAfterWorkers();
  for (auto& waker : addon->wakers) waker->Close();
  addon->ending = true;
  addon->FinishEnd();
}

Napi::Object Init(Napi::Env env, Napi::Object exports) {
  Addon* addon = new Addon(env);
  env.SetInstanceData(addon);
  if (napi_get_uv_event_loop(env, &addon->loop) != napi_ok ||
      napi_add_async_cleanup_hook(env, OnEnvironmentEnd, addon, &addon->end_hook) != napi_ok) {
    Napi::Error::New(env, "no event loop").ThrowAsJavaScriptException();
    return exports;
  }
  exports["openRing"] = Napi::Function::New<OpenRing>(env, "openRing");
  exports["createWaker"] = Napi::Function::New<CreateWaker>(env, "createWaker");
  exports["fileCall"] = Napi::Function::New<FileCall>(env, "fileCall");
  exports["layout"] = Layout(env);
  DefineProcessCalls(exports);
  DefineCachedReads(exports);
  return exports;
}

}  // namespace

void Addon::FinishEnd() {
  if (!ending || watched != 0) return;
  // The environment, and this object with it, may be gone when the call returns.
  napi_remove_async_cleanup_hook(end_hook);
}

NODE_API_MODULE(uring_actor, Init)
