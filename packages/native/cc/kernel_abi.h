// What the addon uses of the kernel's interface and headers as old as those of Linux 5.10 may not
// have. Our own names, because no #ifdef tells whether a header has an enumerator or a struct; the
// values and layouts can never change. Whether the running kernel knows them is asked of it.
#ifndef URING_ACTOR_KERNEL_ABI_H_
#define URING_ACTOR_KERNEL_ABI_H_

#include <linux/fs.h>
#include <linux/io_uring.h>
#include <linux/time_types.h>
#include <stddef.h>
#include <stdint.h>

namespace abi {

constexpr uint32_t kEnterExtArg = 1 << 3;          // 5.11
constexpr uint32_t kEnterRegisteredRing = 1 << 4;  // 5.18
constexpr uint32_t kRegisterFiles2 = 13;           // 5.13, as the next three
constexpr uint32_t kRegisterFilesUpdate2 = 14;
constexpr uint32_t kRegisterBuffers2 = 15;
constexpr uint32_t kRegisterBuffersUpdate = 16;
constexpr uint32_t kRegisterIowqMaxWorkers = 19;  // 5.15
constexpr uint32_t kRegisterRingFds = 20;         // 5.18
constexpr uint32_t kUnregisterRingFds = 21;
constexpr uint32_t kRegisterSyncCancel = 24;  // 6.0
constexpr uint32_t kAsyncCancelAll = 1 << 0;  // 5.19
constexpr uint32_t kAsyncCancelAny = 1 << 2;
constexpr uint32_t kStatxDioAlign = 0x2000;     // 6.1
constexpr uint32_t kStatxMntIdUnique = 0x4000;  // 6.8

// struct io_uring_getevents_arg
struct GeteventsArg {
  uint64_t sigmask;
  uint32_t sigmask_sz;
  uint32_t min_wait_usec;  // 6.12; must be 0 before
  uint64_t ts;
};

// struct io_uring_rsrc_register
struct RsrcRegister {
  uint32_t nr;
  uint32_t flags;
  uint64_t resv2;
  uint64_t data;
  uint64_t tags;
};

// struct io_uring_rsrc_update
struct RsrcUpdate {
  uint32_t offset;
  uint32_t resv;
  uint64_t data;
};

// struct io_uring_rsrc_update2
struct RsrcUpdate2 {
  uint32_t offset;
  uint32_t resv;
  uint64_t data;
  uint64_t tags;
  uint32_t nr;
  uint32_t resv2;
};

// struct io_uring_sync_cancel_reg
struct SyncCancelReg {
  uint64_t addr;
  int32_t fd;
  uint32_t flags;
  __kernel_timespec timeout;
  uint64_t pad[4];
};

// struct statx, of which only STATX_DIOALIGN and STATX_MNT_ID_UNIQUE are asked.
struct Statx {
  uint32_t stx_mask;
  uint8_t unused_before[140];
  uint64_t stx_mnt_id;
  uint32_t stx_dio_mem_align;
  uint32_t stx_dio_offset_align;
  uint8_t unused_after[96];
};
static_assert(sizeof(Statx) == 256, "the kernel writes all of it");

}  // namespace abi

#endif  // URING_ACTOR_KERNEL_ABI_H_
