// Two calls about a range of addresses, for late-io-child.ts: taking it anew while nobody has it,
// and counting the bytes there that were changed. Compiled by the test, with no header of Node's.
#define _GNU_SOURCE
#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

typedef struct env* Env;
typedef struct value* Value;
typedef struct info* Info;
typedef Value (*Callback)(Env, Info);

extern int napi_get_cb_info(Env, Info, size_t*, Value*, Value*, void**);
extern int napi_get_value_double(Env, Value, double*);
extern int napi_create_double(Env, double, Value*);
extern int napi_create_function(Env, const char*, size_t, Callback, void*, Value*);
extern int napi_set_named_property(Env, Value, const char*, Value);

enum { ADDRESS, LENGTH, BYTE, COUNT };

static void read_arguments(Env env, Info info, double numbers[COUNT]) {
  Value values[COUNT];
  size_t count = COUNT;
  napi_get_cb_info(env, info, &count, values, NULL, NULL);
  for (int index = 0; index < COUNT; index++) {
    napi_get_value_double(env, values[index], &numbers[index]);
  }
}

static Value number(Env env, double value) {
  Value result = NULL;
  napi_create_double(env, value, &result);
  return result;
}

// take(address, length, byte): maps the range and fills it; 0, or -errno when somebody has it.
static Value take(Env env, Info info) {
  double numbers[COUNT];
  read_arguments(env, info, numbers);
  void* wanted = (void*)(uintptr_t)numbers[ADDRESS];
  const size_t length = (size_t)numbers[LENGTH];
  void* got = mmap(wanted, length, PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
  if (got == MAP_FAILED) return number(env, -errno);
  memset(got, (int)numbers[BYTE], length);
  return number(env, 0);
}

// changed(address, length, byte): how many bytes of a range that was taken are something else.
static Value changed(Env env, Info info) {
  double numbers[COUNT];
  read_arguments(env, info, numbers);
  const volatile uint8_t* bytes = (void*)(uintptr_t)numbers[ADDRESS];
  size_t count = 0;
  for (size_t index = 0; index < (size_t)numbers[LENGTH]; index++) {
    count += bytes[index] != (uint8_t)numbers[BYTE];
  }
  return number(env, (double)count);
}

Value napi_register_module_v1(Env env, Value exports) {
  Value function = NULL;
  napi_create_function(env, "take", SIZE_MAX, take, NULL, &function);
  napi_set_named_property(env, exports, "take", function);
  napi_create_function(env, "changed", SIZE_MAX, changed, NULL, &function);
  napi_set_named_property(env, exports, "changed", function);
  return exports;
}
