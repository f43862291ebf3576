// Forbids io_uring to a program, as a container does, or tells what the kernel answers to it,
// without the addon: tests compile this file and believe it rather than the code that they test.
//
//   io-uring forbid ERRNO PROGRAM [ARGUMENT...]   the three calls fail with this errno from here on
//   io-uring ask [BYTES]      prints the errno of io_uring_setup(8), 0 for none, and with BYTES
//   also
//                             that of registering so much memory as a buffer
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/io_uring.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

// io_uring_setup, io_uring_enter and io_uring_register have these numbers on every architecture.
#define FIRST_CALL 425
#define LAST_CALL 427

static int forbid(int error, char** command) {
  // No look at the architecture: nothing here makes calls of another one.
  struct sock_filter filter[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, FIRST_CALL, 0, 2),
      BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, LAST_CALL, 1, 0),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (unsigned)error),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  struct sock_fprog program = {sizeof(filter) / sizeof(filter[0]), filter};
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
      prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0) {
    perror("io-uring: prctl");
    return 2;
  }
  execvp(command[0], command);
  perror(command[0]);
  return 2;
}

static int ask(size_t bytes) {
  struct io_uring_params params;
  memset(&params, 0, sizeof(params));
  int ring = (int)syscall(FIRST_CALL, 8, &params);
  printf("%d", ring < 0 ? errno : 0);
  if (ring >= 0 && bytes > 0) {
    void* memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    struct iovec buffer = {memory, bytes};
    long result = syscall(LAST_CALL, ring, IORING_REGISTER_BUFFERS, &buffer, 1);
    printf(" %d", result < 0 ? errno : 0);
  }
  printf("\n");
  return 0;
}

int main(int count, char** arguments) {
  if (count >= 4 && strcmp(arguments[1], "forbid") == 0)
    return forbid(atoi(arguments[2]), arguments + 3);
  if (count >= 2 && strcmp(arguments[1], "ask") == 0)
    return ask(count > 2 ? strtoul(arguments[2], NULL, 10) : 0);
  fprintf(stderr, "usage: io-uring forbid ERRNO PROGRAM... | ask [BYTES]\n");
  return 2;
}
