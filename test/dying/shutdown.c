// Cuts a filesystem off from its disk: what is not on the disk now will never be. For power-cut.ts.
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/ioctl.h>

// EXT4_IOC_SHUTDOWN, XFS_IOC_GOINGDOWN: one number for both. Not even the log is written.
#define IOC_SHUTDOWN _IOR('X', 125, uint32_t)
#define NO_LOG_FLUSH 2

int main(int count, char **arguments) {
  const uint32_t how = NO_LOG_FLUSH;
  const int fd = count == 2 ? open(arguments[1], O_RDONLY | O_DIRECTORY) : -1;
  if (fd >= 0 && ioctl(fd, IOC_SHUTDOWN, &how) == 0) return 0;
  perror("shutdown");
  return 1;
}
