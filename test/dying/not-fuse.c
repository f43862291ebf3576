// Preloaded, it keeps from the actor that a file lies on FUSE, which it would not give to the ring.
#define _GNU_SOURCE
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

enum { kFuse = 0x65735546, kExt4 = 0xef53 };

int fstatfs(int fd, struct statfs *out) {
  const long result = syscall(SYS_fstatfs, fd, out);
  if (result == 0 && out->f_type == kFuse) out->f_type = kExt4;
  return (int)result;
}

// What code is linked with that was compiled for large files.
int fstatfs64(int fd, struct statfs64 *out) { return fstatfs(fd, (struct statfs *)out); }
