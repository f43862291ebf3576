// Random blocks of files, read or written by threads in C: what the machine can do without Node.
// One line of JSON is printed. Reads are verified, in the time of the operation as in every peer.
#define _GNU_SOURCE
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "block.h"
#include "recorder.h"

enum { kFailed = 1, kBadArguments = 2, kWrongData = 3 };

enum { kThreadsMax = 512, kStackBytes = 64 * 1024, kOperationBytesMax = 1 << 30 };
enum { kSecondsMax = 1000000 };

typedef struct {
  const char* path;
  int descriptor;
  const char* mapping;
} File;

typedef struct {
  pthread_t thread;
  uint64_t random;
  char* buffer;
  Recorder recorder;
} Worker;

static struct {
  bool mapped, writes, direct;
  uint64_t threads, block, size;
  double seconds, warm_up;
} options = {.threads = 1, .block = kBlockBytes, .seconds = 1};

static File* files;
static size_t file_count;
static Worker* workers;
static uint64_t span_nanos;
static pthread_barrier_t ready;

// The measured span, told by the main thread when it begins and when it ends: what getrusage says
// of the whole process is of the same span then, however late the main thread wakes.
static _Atomic uint64_t span_from = UINT64_MAX;
static _Atomic uint64_t span_to = UINT64_MAX;

// Ends the process with one line. The first thread to fail has the word: the lock is kept.
_Noreturn __attribute__((format(printf, 2, 3))) static void Fail(int code, const char* format,
                                                                 ...) {
  static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
  pthread_mutex_lock(&lock);
  char line[1024];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(line, sizeof line, format, arguments);
  va_end(arguments);
  dprintf(STDERR_FILENO, "%s\n", line);
  _exit(code);
}

static void FailOn(const char* what, int error) {
  if (error != 0) Fail(kFailed, "%s: %s", what, strerror(error));
}

static uint64_t Now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

static void SleepUntil(uint64_t nanos) {
  const struct timespec time = {(time_t)(nanos / 1000000000), (long)(nanos % 1000000000)};
  while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, NULL) == EINTR) continue;
}

// One of 0 .. limit - 1 (xorshift64).
static uint64_t Random(Worker* worker, uint64_t limit) {
  uint64_t random = worker->random;
  random ^= random << 13;
  random ^= random >> 7;
  random ^= random << 17;
  worker->random = random;
  return (uint64_t)(((unsigned __int128)random * limit) >> 64);
}

// Reads or writes at a random place, and verifies what was read.
static void Operate(Worker* worker, uint64_t stride, uint64_t places) {
  const uint32_t id = (uint32_t)Random(worker, file_count);
  const uint64_t offset = Random(worker, places) * stride;
  const size_t length = options.block;
  const File* file = &files[id];
  const uint32_t first = (uint32_t)(offset / kBlockBytes);
  char* buffer = worker->buffer;
  ssize_t moved = (ssize_t)length;
  if (options.writes) {
    for (size_t at = 0; at < length; at += kBlockBytes) {
      MakeBlock((uint32_t*)(buffer + at), id, first + (uint32_t)(at / kBlockBytes),
                (uint32_t)Random(worker, kTemplates));
    }
    moved = pwrite(file->descriptor, buffer, length, (off_t)offset);
  } else if (options.mapped) {
    memcpy(buffer, file->mapping + offset, length);
  } else {
    moved = pread(file->descriptor, buffer, length, (off_t)offset);
  }
  if (moved < 0) FailOn(file->path, errno);
  if (moved != (ssize_t)length) {
    Fail(kFailed, "%s: %zd of %zu bytes at %" PRIu64, file->path, moved, length, offset);
  }
  if (options.writes) return;
  for (size_t at = 0; at < length; at += kBlockBytes) {
    const size_t bytes = length < kBlockBytes ? length : kBlockBytes;
    const uint32_t block = first + (uint32_t)(at / kBlockBytes);
    const char* fault = FaultOf((const uint32_t*)(buffer + at), bytes, id, block);
    if (fault != NULL) Fail(kWrongData, "file %u block %u: %s", id, block, fault);
  }
}

// Counts the operations that end in the measured span: as many begin before it as end after it.
static void* Work(void* argument) {
  Worker* worker = argument;
  const uint64_t stride = options.block < kBlockBytes ? kBlockBytes : options.block;
  const uint64_t places = options.size / stride;
  pthread_barrier_wait(&ready);
  for (uint64_t begin = Now();;) {
    Operate(worker, stride, places);
    const uint64_t end = Now();
    if (end > atomic_load_explicit(&span_to, memory_order_relaxed)) return NULL;
    const uint64_t from = atomic_load_explicit(&span_from, memory_order_relaxed);
    if (end >= from) Record(&worker->recorder, end - begin, (end - from) * kSlots / span_nanos);
    begin = end;
  }
}

// Calls only what a signal handler may; the first thread has the word here too.
static void OnBusError(int signal, siginfo_t* info, void* context) {
  (void)signal, (void)context;
  static atomic_flag told = ATOMIC_FLAG_INIT;
  while (atomic_flag_test_and_set(&told)) pause();
  static const char kReason[] = "truncated, or not readable, while it was mapped\n";
  for (size_t i = 0; i < file_count; i++) {
    const uintptr_t offset = (uintptr_t)info->si_addr - (uintptr_t)files[i].mapping;
    if (offset >= options.size) continue;
    if (write(STDERR_FILENO, files[i].path, strlen(files[i].path)) < 0) _exit(kFailed);
    if (write(STDERR_FILENO, ": ", 2) < 0) _exit(kFailed);
  }
  if (write(STDERR_FILENO, kReason, sizeof kReason - 1) < 0) _exit(kFailed);
  _exit(kFailed);
}

static void OpenFile(File* file) {
  const int flags = (options.writes ? O_WRONLY : O_RDONLY) | (options.direct ? O_DIRECT : 0);
  file->descriptor = open(file->path, flags | O_CLOEXEC);
  if (file->descriptor < 0) FailOn(file->path, errno);
  // Block devices say their size so as well.
  const off_t size = lseek(file->descriptor, 0, SEEK_END);
  if (size < 0) FailOn(file->path, errno);
  if ((uint64_t)size < options.size) Fail(kFailed, "%s: shorter than --size", file->path);
  if (!options.mapped) return;
  void* mapping = mmap(NULL, options.size, PROT_READ, MAP_SHARED, file->descriptor, 0);
  if (mapping == MAP_FAILED) FailOn(file->path, errno);
  // Without it, a page that is not in the cache comes with many others that nobody reads.
  if (madvise(mapping, options.size, MADV_RANDOM) < 0) FailOn(file->path, errno);
  file->mapping = mapping;
}

static void StartWorker(Worker* worker) {
  // All of the memory is touched here, so that no fault on it is measured.
  memset(worker, 0, sizeof *worker);
  void* buffer = NULL;
  const size_t bytes = options.block < kBlockBytes ? kBlockBytes : options.block;
  FailOn("memory", posix_memalign(&buffer, kBlockBytes, bytes));
  worker->buffer = memset(buffer, 0, bytes);
  while (worker->random == 0) {
    if (getrandom(&worker->random, sizeof worker->random, 0) < 0) FailOn("getrandom", errno);
  }
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  FailOn("stack", pthread_attr_setstacksize(&attributes, kStackBytes));
  FailOn("thread", pthread_create(&worker->thread, &attributes, Work, worker));
  pthread_attr_destroy(&attributes);
}

static uint64_t Integer(const char* name, uint64_t min, uint64_t max) {
  char* end = NULL;
  errno = 0;
  const unsigned long long value = strtoull(optarg, &end, 10);
  if (!isdigit((unsigned char)optarg[0]) || *end != '\0' || errno != 0 || value < min ||
      value > max) {
    Fail(kBadArguments, "--%s must be a whole number from %" PRIu64 " to %" PRIu64, name, min, max);
  }
  return value;
}

static double Seconds(const char* name, double min) {
  char* end = NULL;
  const double value = strtod(optarg, &end);
  if (end == optarg || *end != '\0' || !(value >= min && value <= kSecondsMax)) {
    Fail(kBadArguments, "--%s must be from %g to %d seconds", name, min, kSecondsMax);
  }
  return value;
}

// Whether it is the second of two words.
static bool OneOf(const char* name, const char* first, const char* second) {
  const bool is_second = strcmp(optarg, second) == 0;
  if (is_second || strcmp(optarg, first) == 0) return is_second;
  Fail(kBadArguments, "--%s must be %s or %s", name, first, second);
}

// Takes the options; what remains are the files.
static void TakeOptions(int argc, char** argv) {
  static const struct option kOptions[] = {{"mode", required_argument, NULL, 'm'},
                                           {"operation", required_argument, NULL, 'o'},
                                           {"threads", required_argument, NULL, 't'},
                                           {"seconds", required_argument, NULL, 's'},
                                           {"warm-up", required_argument, NULL, 'w'},
                                           {"direct", required_argument, NULL, 'd'},
                                           {"block", required_argument, NULL, 'b'},
                                           {"size", required_argument, NULL, 'z'},
                                           {NULL, 0, NULL, 0}};
  int index = 0;
  for (int found; (found = getopt_long(argc, argv, "", kOptions, &index)) != -1;) {
    if (found == '?') exit(kBadArguments);
    const char* name = kOptions[index].name;
    if (found == 'm') options.mapped = OneOf(name, "pread", "mmap");
    if (found == 'o') options.writes = OneOf(name, "read", "write");
    if (found == 'd') options.direct = OneOf(name, "0", "1");
    if (found == 't') options.threads = Integer(name, 1, kThreadsMax);
    if (found == 'b') options.block = Integer(name, 512, kOperationBytesMax);
    if (found == 'z') options.size = Integer(name, kBlockBytes, (uint64_t)kBlockBytes << 32);
    if (found == 's') options.seconds = Seconds(name, 0.001);
    if (found == 'w') options.warm_up = Seconds(name, 0);
  }
  const uint64_t block = options.block;
  if (block % kBlockBytes != 0 && block != 512 && block != 1024 && block != 2048) {
    Fail(kBadArguments, "--block must be 512, 1024, 2048 or a multiple of %d", kBlockBytes);
  }
  if (options.size < block) Fail(kBadArguments, "--size must be at least that of --block");
  if (options.mapped && (options.writes || options.direct)) {
    Fail(kBadArguments, "--mode=mmap is for reads without --direct");
  }
  if (options.writes && block < kBlockBytes) {
    Fail(kBadArguments, "--operation=write takes whole blocks: see --block");
  }
  if (optind >= argc) Fail(kBadArguments, "no files are named");
}

int main(int argc, char** argv) {
  TakeOptions(argc, argv);
  MakeTemplates();
  file_count = (size_t)(argc - optind);
  files = calloc(file_count, sizeof *files);
  workers = calloc(options.threads, sizeof *workers);
  if (files == NULL || workers == NULL) FailOn("memory", ENOMEM);
  for (size_t i = 0; i < file_count; i++) {
    files[i].path = argv[optind + (int)i];
    OpenFile(&files[i]);
  }
  if (options.mapped) {
    const struct sigaction action = {.sa_sigaction = OnBusError, .sa_flags = SA_SIGINFO};
    sigaction(SIGBUS, &action, NULL);
  }
  FailOn("barrier", pthread_barrier_init(&ready, NULL, (unsigned)options.threads + 1));
  for (uint64_t i = 0; i < options.threads; i++) StartWorker(&workers[i]);
  span_nanos = (uint64_t)(options.seconds * 1e9);
  pthread_barrier_wait(&ready);

  struct rusage from, to;
  SleepUntil(Now() + (uint64_t)(options.warm_up * 1e9));
  getrusage(RUSAGE_SELF, &from);
  const uint64_t began = Now();
  atomic_store(&span_from, began);
  SleepUntil(began + span_nanos);
  const uint64_t ended = Now();
  atomic_store(&span_to, ended);
  getrusage(RUSAGE_SELF, &to);
  for (uint64_t i = 0; i < options.threads; i++) {
    FailOn("thread", pthread_join(workers[i].thread, NULL));
    if (i > 0) Merge(&workers[0].recorder, &workers[i].recorder);
  }
  Print(&workers[0].recorder, (double)(ended - began) / 1e9, &from, &to);
  if (fflush(stdout) != 0) FailOn("stdout", errno);
  return 0;
}
