// How long operations took, as a histogram, and as a coarser one for each slot of the time; and the
// line of JSON in which it is told.
#ifndef RECORDER_H_
#define RECORDER_H_

#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/resource.h>

// Latencies are counted in buckets of 1/16 microsecond and wider: 32 buckets to a power of two.
enum { kBuckets = 864, kSlots = 40, kRowShift = 3, kRows = kBuckets >> kRowShift };

typedef struct {
  uint64_t max_nanos;
  uint64_t buckets[kBuckets];
  uint32_t over_time[kSlots][kRows];
} Recorder;

static uint32_t BucketOf(uint64_t nanos) {
  const uint64_t exact = nanos * 16 / 1000;
  const uint32_t units = exact < 0x7fffffff ? (uint32_t)exact : 0x7fffffff;
  if (units < 32) return units;
  const int shift = 31 - __builtin_clz(units) - 5;
  return ((uint32_t)(shift + 1) << 5) + ((units >> shift) & 31);
}

// Counts an operation that has ended in a slot of the measured span.
static void Record(Recorder* recorder, uint64_t nanos, uint64_t slot) {
  const uint32_t bucket = BucketOf(nanos);
  recorder->buckets[bucket]++;
  // The span ends when the main thread has woken, which is a little late.
  recorder->over_time[slot < kSlots ? slot : kSlots - 1][bucket >> kRowShift]++;
  if (nanos > recorder->max_nanos) recorder->max_nanos = nanos;
}

static void Merge(Recorder* into, const Recorder* from) {
  for (int i = 0; i < kBuckets; i++) into->buckets[i] += from->buckets[i];
  for (int slot = 0; slot < kSlots; slot++) {
    for (int row = 0; row < kRows; row++) {
      into->over_time[slot][row] += from->over_time[slot][row];
    }
  }
  if (from->max_nanos > into->max_nanos) into->max_nanos = from->max_nanos;
}

static uint64_t CountOf(const Recorder* recorder) {
  uint64_t count = 0;
  for (int i = 0; i < kBuckets; i++) count += recorder->buckets[i];
  return count;
}

static long MicrosBetween(struct timeval from, struct timeval to) {
  return (to.tv_sec - from.tv_sec) * 1000000 + (to.tv_usec - from.tv_usec);
}

// The peak of this process's memory, 0 when there is no /proc. What getrusage says would be that of
// the process that has started this one, if it was larger: the kernel hands it on.
static long PeakKiB(void) {
  FILE* status = fopen("/proc/self/status", "r");
  if (status == NULL) return 0;
  char line[256];
  long peak = 0;
  while (peak == 0 && fgets(line, sizeof line, status) != NULL) sscanf(line, "VmHWM: %ld", &peak);
  fclose(status);
  return peak;
}

// One line of JSON, without the buckets that are empty.
static void Print(const Recorder* total, double seconds, const struct rusage* from,
                  const struct rusage* to) {
  printf("{\"operations\":%" PRIu64 ",\"seconds\":%.6f", CountOf(total), seconds);
  printf(",\"userMicros\":%ld", MicrosBetween(from->ru_utime, to->ru_utime));
  printf(",\"systemMicros\":%ld", MicrosBetween(from->ru_stime, to->ru_stime));
  printf(",\"rssKiB\":%ld", PeakKiB());
  printf(",\"contextSwitches\":%ld",
         to->ru_nvcsw + to->ru_nivcsw - from->ru_nvcsw - from->ru_nivcsw);
  printf(",\"maxMicros\":%.3f,\"buckets\":[", (double)total->max_nanos / 1000);
  const char* comma = "";
  for (int i = 0; i < kBuckets; i++) {
    if (total->buckets[i] == 0) continue;
    printf("%s[%d,%" PRIu64 "]", comma, i, total->buckets[i]);
    comma = ",";
  }
  printf("],\"overTime\":[");
  comma = "";
  for (int i = 0; i < kSlots * kRows; i++) {
    const uint32_t count = total->over_time[i / kRows][i % kRows];
    if (count == 0) continue;
    printf("%s[%d,%d,%" PRIu32 "]", comma, i / kRows, i % kRows, count);
    comma = ",";
  }
  printf("]}\n");
}

#endif  // RECORDER_H_
