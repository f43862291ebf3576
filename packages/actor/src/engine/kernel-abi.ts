/**
 * The kernel's names and numbers that this package uses, from <linux/io_uring.h>. They are part of
 * the kernel's stable interface; a test holds them against the addon's compiled `layout`.
 */
export const IORING_OP_NOP = 0
export const IORING_OP_FSYNC = 3
export const IORING_OP_READ_FIXED = 4
export const IORING_OP_WRITE_FIXED = 5
export const IORING_OP_SYNC_FILE_RANGE = 8
export const IORING_OP_ASYNC_CANCEL = 14
export const IORING_OP_FALLOCATE = 17
export const IORING_OP_READ = 22
export const IORING_OP_WRITE = 23
export const IORING_OP_URING_CMD = 46
export const IORING_OP_FTRUNCATE = 55

export const IOSQE_FIXED_FILE = 1
export const IOSQE_IO_LINK = 4
export const IOSQE_ASYNC = 16

export const IORING_SETUP_CQSIZE: number = 1 << 3
export const IORING_SETUP_R_DISABLED: number = 1 << 6
export const IORING_SETUP_SUBMIT_ALL: number = 1 << 7
export const IORING_SETUP_COOP_TASKRUN: number = 1 << 8
export const IORING_SETUP_TASKRUN_FLAG: number = 1 << 9
export const IORING_SETUP_SINGLE_ISSUER: number = 1 << 12
export const IORING_SETUP_DEFER_TASKRUN: number = 1 << 13

export const IORING_FEAT_SINGLE_MMAP = 1
export const IORING_FEAT_NODROP = 2
export const IORING_FEAT_EXT_ARG: number = 1 << 8
export const IORING_FEAT_MIN_TIMEOUT: number = 1 << 15
export const IORING_FEAT_NO_IOWAIT: number = 1 << 17

export const IORING_SQ_CQ_OVERFLOW = 2
export const IORING_SQ_TASKRUN = 4
export const IORING_CQ_EVENTFD_DISABLED = 1

export const IORING_ENTER_GETEVENTS = 1
export const IORING_ENTER_NO_IOWAIT: number = 1 << 7

export const IORING_REGISTER_EVENTFD = 4
export const IORING_REGISTER_PROBE = 8
export const IORING_REGISTER_RESTRICTIONS = 11
export const IORING_REGISTER_ENABLE_RINGS = 12
export const IORING_REGISTER_FILES2 = 13
export const IORING_REGISTER_BUFFERS2 = 15
export const IORING_REGISTER_IOWQ_MAX_WORKERS = 19
export const IORING_RSRC_REGISTER_SPARSE = 1

export const IORING_RESTRICTION_REGISTER_OP = 0
export const IORING_RESTRICTION_SQE_OP = 1
export const IORING_RESTRICTION_SQE_FLAGS_ALLOWED = 2
export const IORING_RESTRICTION_SQE_FLAGS_REQUIRED = 3
export const IORING_REGISTER_FILES_UPDATE2 = 14
export const IORING_REGISTER_BUFFERS_UPDATE = 16
export const IORING_UNREGISTER_RING_FDS = 21
export const IORING_REGISTER_SYNC_CANCEL = 24

export const IORING_OFF_SQ_RING = 0
export const IORING_OFF_SQES = 0x10000000

export const IORING_FSYNC_DATASYNC = 1
export const IORING_ASYNC_CANCEL_ALL = 1
export const IO_URING_OP_SUPPORTED = 1
/** _IO(0x12, 0) of <linux/blkdev.h>, Linux 6.12. */
export const BLOCK_URING_CMD_DISCARD = 0x1200

export const FALLOC_FL_KEEP_SIZE = 1
export const FALLOC_FL_PUNCH_HOLE = 2

/** struct io_uring_params as uint32 words. */
export const PARAMS_WORDS = 30
export const PARAMS_SQ_ENTRIES = 0
export const PARAMS_CQ_ENTRIES = 1
export const PARAMS_FLAGS = 2
export const PARAMS_FEATURES = 5
/** struct io_sqring_offsets, from word 10 on: head tail ring_mask ring_entries flags dropped array. */
export const PARAMS_SQ_HEAD = 10
export const PARAMS_SQ_TAIL = 11
export const PARAMS_SQ_FLAGS = 14
export const PARAMS_SQ_ARRAY = 16
/** struct io_cqring_offsets, from word 20 on: head tail mask entries overflow cqes flags. */
export const PARAMS_CQ_HEAD = 20
export const PARAMS_CQ_TAIL = 21
export const PARAMS_CQ_OVERFLOW = 24
export const PARAMS_CQ_CQES = 25
export const PARAMS_CQ_FLAGS = 26

/** struct io_uring_sqe as int32 words. */
export const SQE_WORDS = 16
export const SQE_OPCODE = 0
export const SQE_FD = 1
export const SQE_OFF = 2
export const SQE_ADDR = 4
export const SQE_LEN = 6
export const SQE_RW_FLAGS = 7
export const SQE_USER_DATA = 8
export const SQE_BUF_INDEX = 10
export const SQE_ADDR3 = 12

/** struct io_uring_cqe as int32 words. */
export const CQE_WORDS = 4
export const CQE_USER_DATA = 0
export const CQE_RES = 2
