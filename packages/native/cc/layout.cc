// The kernel's interface as this addon was compiled with it, for TypeScript to hold its own
// constants against. Keys are the kernel's names.
#include <fcntl.h>
#include <linux/falloc.h>

#include "addon.h"
#include "kernel_abi.h"

namespace {

struct Entry {
  const char* name;
  double value;
};

#define SIZE(type) \
  { #type, sizeof(type) }
#define FIELD(type, field) \
  { #type "." #field, offsetof(type, field) }
#define OWN_SIZE(type, own) \
  { #type, sizeof(abi::own) }
#define OWN_FIELD(type, own, field) \
  { #type "." #field, offsetof(abi::own, field) }
#define VALUE(constant) \
  { #constant, static_cast < double>(constant) }
#define NEWER(constant, value) \
  { #constant, value }

// clang-format off
constexpr Entry kStructs[] = {
    SIZE(io_uring_sqe), FIELD(io_uring_sqe, opcode), FIELD(io_uring_sqe, flags),
    FIELD(io_uring_sqe, ioprio), FIELD(io_uring_sqe, fd), FIELD(io_uring_sqe, off),
    FIELD(io_uring_sqe, addr), FIELD(io_uring_sqe, len), FIELD(io_uring_sqe, rw_flags),
    FIELD(io_uring_sqe, user_data), FIELD(io_uring_sqe, buf_index), NEWER(io_uring_sqe.addr3, 48),
    SIZE(io_uring_cqe), FIELD(io_uring_cqe, user_data), FIELD(io_uring_cqe, res),
    FIELD(io_uring_cqe, flags),
    SIZE(io_uring_params), FIELD(io_uring_params, sq_entries), FIELD(io_uring_params, cq_entries),
    FIELD(io_uring_params, flags), FIELD(io_uring_params, sq_thread_cpu),
    FIELD(io_uring_params, sq_thread_idle), FIELD(io_uring_params, features),
    FIELD(io_uring_params, wq_fd),
    FIELD(io_uring_params, sq_off.head), FIELD(io_uring_params, sq_off.tail),
    FIELD(io_uring_params, sq_off.ring_mask), FIELD(io_uring_params, sq_off.ring_entries),
    FIELD(io_uring_params, sq_off.flags), FIELD(io_uring_params, sq_off.dropped),
    FIELD(io_uring_params, sq_off.array),
    FIELD(io_uring_params, cq_off.head), FIELD(io_uring_params, cq_off.tail),
    FIELD(io_uring_params, cq_off.ring_mask), FIELD(io_uring_params, cq_off.ring_entries),
    FIELD(io_uring_params, cq_off.overflow), FIELD(io_uring_params, cq_off.cqes),
    FIELD(io_uring_params, cq_off.flags),
    SIZE(io_uring_restriction), FIELD(io_uring_restriction, opcode),
    FIELD(io_uring_restriction, register_op), FIELD(io_uring_restriction, sqe_op),
    FIELD(io_uring_restriction, sqe_flags),
    OWN_SIZE(io_uring_rsrc_register, RsrcRegister),
    OWN_FIELD(io_uring_rsrc_register, RsrcRegister, nr),
    OWN_FIELD(io_uring_rsrc_register, RsrcRegister, flags),
    OWN_FIELD(io_uring_rsrc_register, RsrcRegister, data),
    OWN_FIELD(io_uring_rsrc_register, RsrcRegister, tags),
    OWN_SIZE(io_uring_rsrc_update2, RsrcUpdate2),
    OWN_FIELD(io_uring_rsrc_update2, RsrcUpdate2, offset),
    OWN_FIELD(io_uring_rsrc_update2, RsrcUpdate2, data),
    OWN_FIELD(io_uring_rsrc_update2, RsrcUpdate2, tags),
    OWN_FIELD(io_uring_rsrc_update2, RsrcUpdate2, nr),
    SIZE(io_uring_files_update), FIELD(io_uring_files_update, offset),
    FIELD(io_uring_files_update, fds),
    SIZE(io_uring_probe), FIELD(io_uring_probe, last_op), FIELD(io_uring_probe, ops_len),
    FIELD(io_uring_probe, ops),
    SIZE(io_uring_probe_op), FIELD(io_uring_probe_op, op), FIELD(io_uring_probe_op, flags),
};

constexpr Entry kConstants[] = {
    VALUE(IORING_OP_NOP), VALUE(IORING_OP_FSYNC), VALUE(IORING_OP_READ_FIXED),
    VALUE(IORING_OP_WRITE_FIXED), VALUE(IORING_OP_POLL_ADD), VALUE(IORING_OP_SYNC_FILE_RANGE),
    VALUE(IORING_OP_ASYNC_CANCEL), VALUE(IORING_OP_FALLOCATE), VALUE(IORING_OP_READ),
    VALUE(IORING_OP_WRITE), NEWER(IORING_OP_URING_CMD, 46), NEWER(IORING_OP_FTRUNCATE, 55),
    VALUE(IOSQE_FIXED_FILE), VALUE(IOSQE_IO_DRAIN), VALUE(IOSQE_IO_LINK),
    VALUE(IOSQE_IO_HARDLINK), VALUE(IOSQE_ASYNC), VALUE(IOSQE_BUFFER_SELECT),
    NEWER(IOSQE_CQE_SKIP_SUCCESS, 1 << 6),
    VALUE(IORING_SETUP_IOPOLL), VALUE(IORING_SETUP_SQPOLL), VALUE(IORING_SETUP_SQ_AFF),
    VALUE(IORING_SETUP_CQSIZE), VALUE(IORING_SETUP_CLAMP), VALUE(IORING_SETUP_ATTACH_WQ),
    VALUE(IORING_SETUP_R_DISABLED), NEWER(IORING_SETUP_SUBMIT_ALL, 1 << 7),
    NEWER(IORING_SETUP_COOP_TASKRUN, 1 << 8), NEWER(IORING_SETUP_TASKRUN_FLAG, 1 << 9),
    NEWER(IORING_SETUP_SINGLE_ISSUER, 1 << 12), NEWER(IORING_SETUP_DEFER_TASKRUN, 1 << 13),
    NEWER(IORING_SETUP_NO_SQARRAY, 1 << 16),
    VALUE(IORING_FEAT_SINGLE_MMAP), VALUE(IORING_FEAT_NODROP), VALUE(IORING_FEAT_SUBMIT_STABLE),
    VALUE(IORING_FEAT_RW_CUR_POS), VALUE(IORING_FEAT_CUR_PERSONALITY),
    VALUE(IORING_FEAT_FAST_POLL), VALUE(IORING_FEAT_POLL_32BITS),
    NEWER(IORING_FEAT_SQPOLL_NONFIXED, 1 << 7), NEWER(IORING_FEAT_EXT_ARG, 1 << 8),
    NEWER(IORING_FEAT_NATIVE_WORKERS, 1 << 9), NEWER(IORING_FEAT_RSRC_TAGS, 1 << 10),
    NEWER(IORING_FEAT_CQE_SKIP, 1 << 11), NEWER(IORING_FEAT_LINKED_FILE, 1 << 12),
    NEWER(IORING_FEAT_REG_REG_RING, 1 << 13), NEWER(IORING_FEAT_MIN_TIMEOUT, 1 << 15),
    NEWER(IORING_FEAT_NO_IOWAIT, 1 << 17),
    VALUE(IORING_ENTER_GETEVENTS), VALUE(IORING_ENTER_SQ_WAKEUP), VALUE(IORING_ENTER_SQ_WAIT),
    NEWER(IORING_ENTER_EXT_ARG, abi::kEnterExtArg),
    NEWER(IORING_ENTER_REGISTERED_RING, abi::kEnterRegisteredRing),
    NEWER(IORING_ENTER_NO_IOWAIT, 1 << 7),
    VALUE(IORING_SQ_NEED_WAKEUP), VALUE(IORING_SQ_CQ_OVERFLOW), NEWER(IORING_SQ_TASKRUN, 1 << 2),
    VALUE(IORING_CQ_EVENTFD_DISABLED),
    VALUE(IORING_OFF_SQ_RING), VALUE(IORING_OFF_CQ_RING), VALUE(IORING_OFF_SQES),
    VALUE(IORING_REGISTER_BUFFERS), VALUE(IORING_UNREGISTER_BUFFERS),
    VALUE(IORING_REGISTER_FILES), VALUE(IORING_UNREGISTER_FILES),
    VALUE(IORING_REGISTER_EVENTFD), VALUE(IORING_UNREGISTER_EVENTFD),
    VALUE(IORING_REGISTER_FILES_UPDATE), VALUE(IORING_REGISTER_EVENTFD_ASYNC),
    VALUE(IORING_REGISTER_PROBE), VALUE(IORING_REGISTER_PERSONALITY),
    VALUE(IORING_UNREGISTER_PERSONALITY), VALUE(IORING_REGISTER_RESTRICTIONS),
    VALUE(IORING_REGISTER_ENABLE_RINGS), NEWER(IORING_REGISTER_FILES2, abi::kRegisterFiles2),
    NEWER(IORING_REGISTER_FILES_UPDATE2, abi::kRegisterFilesUpdate2),
    NEWER(IORING_REGISTER_BUFFERS2, abi::kRegisterBuffers2),
    NEWER(IORING_REGISTER_BUFFERS_UPDATE, abi::kRegisterBuffersUpdate),
    NEWER(IORING_REGISTER_IOWQ_MAX_WORKERS, abi::kRegisterIowqMaxWorkers),
    NEWER(IORING_REGISTER_RING_FDS, abi::kRegisterRingFds),
    NEWER(IORING_UNREGISTER_RING_FDS, abi::kUnregisterRingFds),
    NEWER(IORING_REGISTER_SYNC_CANCEL, abi::kRegisterSyncCancel),
    NEWER(IORING_RSRC_REGISTER_SPARSE, 1 << 0), VALUE(IO_URING_OP_SUPPORTED),
    VALUE(IORING_RESTRICTION_REGISTER_OP), VALUE(IORING_RESTRICTION_SQE_OP),
    VALUE(IORING_RESTRICTION_SQE_FLAGS_ALLOWED), VALUE(IORING_RESTRICTION_SQE_FLAGS_REQUIRED),
    VALUE(IORING_FSYNC_DATASYNC), NEWER(IORING_ASYNC_CANCEL_ALL, abi::kAsyncCancelAll),
    NEWER(IORING_ASYNC_CANCEL_FD, 1 << 1), NEWER(IORING_ASYNC_CANCEL_ANY, abi::kAsyncCancelAny),
    NEWER(BLOCK_URING_CMD_DISCARD, _IO(0x12, 0)),
    VALUE(FALLOC_FL_KEEP_SIZE), VALUE(FALLOC_FL_PUNCH_HOLE), VALUE(FALLOC_FL_COLLAPSE_RANGE),
    VALUE(FALLOC_FL_ZERO_RANGE), VALUE(FALLOC_FL_INSERT_RANGE), VALUE(FALLOC_FL_UNSHARE_RANGE),
    VALUE(SYNC_FILE_RANGE_WAIT_BEFORE), VALUE(SYNC_FILE_RANGE_WRITE),
    VALUE(SYNC_FILE_RANGE_WAIT_AFTER),
    VALUE(RWF_HIPRI), VALUE(RWF_DSYNC), VALUE(RWF_SYNC), VALUE(RWF_NOWAIT), VALUE(RWF_APPEND),
    VALUE(O_DIRECT),
};
// clang-format on

}  // namespace

Napi::Object Layout(Napi::Env env) {
  Napi::Object layout = Napi::Object::New(env);
  for (const Entry& entry : kStructs) layout[entry.name] = Napi::Number::New(env, entry.value);
  for (const Entry& entry : kConstants) layout[entry.name] = Napi::Number::New(env, entry.value);
  layout.Freeze();
  return layout;
}
