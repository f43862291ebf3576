// One io_uring: its system calls and its memory.
#ifndef URING_ACTOR_RING_H_
#define URING_ACTOR_RING_H_

#include <napi.h>

#include <vector>

#include "arguments.h"
#include "kernel_abi.h"

class Ring {
 public:
  Ring(int fd, const io_uring_params& params) : fd_(fd), enter_fd_(fd), params_(params) {}
  Ring(const Ring&) = delete;
  Ring& operator=(const Ring&) = delete;

  int fd() const { return fd_; }
  // Sets `buffer` to the memory, as JavaScript sees it until Close().
  int Map(Napi::Env env, uint32_t offset, uint32_t length, Napi::Value* buffer);
  int Register(uint32_t opcode, const void* argument, uint32_t count);
  int RegisterRingFd();
  int Enter(uint32_t to_submit, uint32_t min_complete, uint32_t flags, int32_t timeout_micros,
            uint32_t min_wait_micros = 0);

  // Drains, unmaps, closes. Returns how many requests were still in flight when the time ran out;
  // once it is closed, the same again. While one of them is in the hands of a worker of the kernel
  // the ring stays open, to be closed later: the worker goes on whatever becomes of the ring, in
  // memory that nothing else keeps. Of what a device has, the kernel holds the pages.
  uint32_t Close(uint32_t drain_millis);
  // Closes as soon as no worker of the kernel holds a request, however long that takes.
  void CloseAfterWorkers();

 private:
  struct Mapping {
    void* address;
    size_t length;
    Napi::ObjectReference buffer;
  };

  size_t MappableBytes(uint32_t offset) const;
  uint32_t* Word(uint32_t offset) const;
  uint32_t InFlight() const;
  uint32_t Drain(uint32_t drain_millis);
  void Unmap();
  void CancelAll();
  bool HeldByWorkers();
  void Release();

  int fd_;        // -1 once closed.
  int enter_fd_;  // The index of the registered ring, when there is one.
  uint32_t enter_flags_ = 0;
  uint32_t left_in_flight_ = 0;
  const io_uring_params params_;
  // Where the kernel keeps heads and tails; null until they are mapped.
  uint8_t* words_ = nullptr;
  std::vector<Mapping> mappings_;
};

#endif  // URING_ACTOR_RING_H_
