#include "waker.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include "addon.h"

int Waker::Open(Napi::Function callback) {
  fd_ = Result(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (fd_ < 0) return fd_;
  // libuv's error codes are -errno on Linux.
  int error = uv_poll_init(addon_->loop, &handle_, fd_);
  if (error != 0) {
    close(fd_);
    return error;
  }
  handle_.data = this;
  watching_ = true;
  addon_->watched++;
  callback_ = Napi::Persistent(callback);
  uv_unref(reinterpret_cast<uv_handle_t*>(&handle_));
  error = uv_poll_start(&handle_, UV_READABLE, OnReadable);
  if (error != 0) {
    Close();
    return error;
  }
  return fd_;
}

void Waker::OnReadable(uv_poll_t* handle, int, int) {
  Waker* waker = static_cast<Waker*>(handle->data);
  uint64_t count;
  // Empty means that somebody else has read it: nothing to tell.
  if (read(waker->fd_, &count, sizeof(count)) != sizeof(count)) return;
  Napi::Env env = waker->addon_->env;
  Napi::HandleScope scope(env);
  // Makes a callback scope: ticks and microtasks run when it returns.
  const napi_status status =
      napi_make_callback(env, nullptr, env.Global(), waker->callback_.Value(), 0, nullptr, nullptr);
  // What the callback throws is an uncaught exception of this thread, as in any callback of Node.
  // A thread that is being terminated refuses the call; then there is nothing pending.
  bool pending = false;
  if (status == napi_ok || napi_is_exception_pending(env, &pending) != napi_ok || !pending) return;
  napi_value error = nullptr;
  if (napi_get_and_clear_last_exception(env, &error) == napi_ok) napi_fatal_exception(env, error);
}

void Waker::SetReferenced(bool referenced) {
  if (!watching_) return;
  uv_handle_t* handle = reinterpret_cast<uv_handle_t*>(&handle_);
  if (referenced) {
    uv_ref(handle);
  } else {
    uv_unref(handle);
  }
}

void Waker::Close() {
  if (!watching_) return;
  watching_ = false;
  callback_.Reset();
  uv_close(reinterpret_cast<uv_handle_t*>(&handle_), OnClosed);
}

void Waker::OnClosed(uv_handle_t* handle) {
  Waker* waker = static_cast<Waker*>(handle->data);
  // Only now: libuv may still have had the number in its set.
  close(waker->fd_);
  waker->addon_->watched--;
  waker->addon_->FinishEnd();
}

namespace {

Waker* WakerOf(const Napi::CallbackInfo& info) {
  return static_cast<Waker*>(info.Data());
}
void Ref(const Napi::CallbackInfo& info) {
  WakerOf(info)->SetReferenced(true);
}
void Unref(const Napi::CallbackInfo& info) {
  WakerOf(info)->SetReferenced(false);
}
void Close(const Napi::CallbackInfo& info) {
  WakerOf(info)->Close();
}

}  // namespace

Napi::Value CreateWaker(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  Napi::Function callback;
  if (!FunctionArgument(info, 0, &callback)) return {};
  Addon* addon = AddonOf(env);
  addon->wakers.push_back(std::make_unique<Waker>(addon));
  Waker* waker = addon->wakers.back().get();
  const int fd = waker->Open(callback);
  if (fd < 0) return Napi::Number::New(env, fd);
  Napi::Object object = Napi::Object::New(env);
  object["fd"] = Napi::Number::New(env, fd);
  object["ref"] = Napi::Function::New<Ref>(env, "ref", waker);
  object["unref"] = Napi::Function::New<Unref>(env, "unref", waker);
  object["close"] = Napi::Function::New<Close>(env, "close", waker);
  return object;
}
