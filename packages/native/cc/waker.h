// An eventfd that an event loop watches.
#ifndef URING_ACTOR_WAKER_H_
#define URING_ACTOR_WAKER_H_

#include <napi.h>
#include <uv.h>

struct Addon;

class Waker {
 public:
  explicit Waker(Addon* addon) : addon_(addon) {}
  Waker(const Waker&) = delete;
  Waker& operator=(const Waker&) = delete;

  // Returns the eventfd, or -errno.
  int Open(Napi::Function callback);
  void SetReferenced(bool referenced);
  void Close();

 private:
  static void OnReadable(uv_poll_t* handle, int status, int events);
  static void OnClosed(uv_handle_t* handle);

  Addon* const addon_;
  int fd_ = -1;
  bool watching_ = false;
  uv_poll_t handle_;
  Napi::FunctionReference callback_;
};

#endif  // URING_ACTOR_WAKER_H_
