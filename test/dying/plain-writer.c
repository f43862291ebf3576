// What durable-writer.ts does, without any of our code: threads append records, sync, and print what
// they were told is on the disk, and when. Arguments: a directory, a version for all records.
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

// As in durable-layout.ts and record.ts.
#define WRITERS 16
#define FILES 4
#define RECORD_BYTES 4096
#define MAGIC 0x44594e47

static const char *directory;
static uint32_t version;
static uint32_t table[256];

static void make_table(void) {
  for (uint32_t byte = 0; byte < 256; byte++) {
    table[byte] = byte;
    for (int bit = 0; bit < 8; bit++)
      table[byte] = table[byte] & 1 ? table[byte] >> 1 ^ 0xedb88320 : table[byte] >> 1;
  }
}

static void seal(uint8_t *bytes, uint32_t number) {
  memset(bytes, (int)((number * 31 + version) & 0xff), RECORD_BYTES);
  memcpy(bytes, (uint32_t[]){MAGIC, number, version}, 12);
  uint32_t sum = 0xffffffff;
  for (int at = 0; at < RECORD_BYTES - 4; at++) sum = sum >> 8 ^ table[(sum ^ bytes[at]) & 0xff];
  sum = ~sum;
  memcpy(bytes + RECORD_BYTES - 4, &sum, 4);
}

static void *work(void *argument) {
  const int writer = (int)(intptr_t)argument;
  char path[4096];
  uint8_t bytes[RECORD_BYTES];
  snprintf(path, sizeof path, "%s/%d", directory, writer % FILES);
  const int fd = open(path, O_RDWR);
  for (int round = 0;; round++) {
    const uint32_t number = (uint32_t)(writer + WRITERS * round);
    seal(bytes, number);
    // When it fails the disk is gone. The other threads go on: what they are told yet is the point.
    if (pwrite(fd, bytes, RECORD_BYTES, (off_t)number * RECORD_BYTES) != RECORD_BYTES) return NULL;
    if (fdatasync(fd) != 0) return NULL;
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    dprintf(1, "%d %d %lld\n", writer, round, time.tv_sec * 1000000000LL + time.tv_nsec);
  }
}

int main(int count, char **arguments) {
  if (count != 3) return 2;
  directory = arguments[1];
  version = (uint32_t)atoi(arguments[2]);
  make_table();
  pthread_t threads[WRITERS];
  for (int writer = 0; writer < WRITERS; writer++)
    pthread_create(&threads[writer], NULL, work, (void *)(intptr_t)writer);
  for (int writer = 0; writer < WRITERS; writer++) pthread_join(threads[writer], NULL);
  return 0;
}
