// The format of a block, the same as in src/data/blocks.ts: 1024 little-endian words that say which
// block it is, so that every read can be verified, and that a template fills, which is quick to
// copy and to compare.
#ifndef BLOCK_H_
#define BLOCK_H_

#include <stddef.h>
#include <stdint.h>
#include <string.h>

// Magic, file id, block number, template number, check, body, block number again.
enum { kBlockBytes = 4096, kTemplates = 16, kBody = 5, kLast = 1023, kMagic = 0x31424155 };

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "words are compared as they are stored");

static uint32_t templates[kTemplates][kBlockBytes / sizeof(uint32_t)];
static uint32_t checksums[kTemplates];

static uint32_t Hash(uint32_t hash, uint32_t word) {
  return (hash ^ word) * 16777619;
}

static void MakeTemplates(void) {
  for (uint32_t number = 0; number < kTemplates; number++) {
    uint32_t* words = templates[number];
    uint32_t random = 0x9E3779B9 * (number + 1);
    words[0] = kMagic;
    words[3] = number;
    checksums[number] = 0x811C9DC5;
    for (int i = kBody; i < kLast; i++) {
      random ^= random << 13;
      random ^= random >> 17;
      random ^= random << 5;
      words[i] = random;
      checksums[number] = Hash(checksums[number], random);
    }
  }
}

static uint32_t CheckOf(uint32_t file, uint32_t block, uint32_t number) {
  return Hash(Hash(Hash(checksums[number], file), block), number);
}

static void MakeBlock(uint32_t* words, uint32_t file, uint32_t block, uint32_t number) {
  memcpy(words, templates[number], kBlockBytes);
  words[1] = file;
  words[2] = block;
  words[4] = CheckOf(file, block, number);
  words[kLast] = block;
}

// What is wrong with a block, or with its first bytes; NULL when nothing is.
static const char* FaultOf(const uint32_t* words, size_t bytes, uint32_t file, uint32_t block) {
  if (words[0] != kMagic) return "wrong magic number";
  if (words[1] != file) return "wrong file id";
  if (words[2] != block) return "wrong block number";
  if (words[3] >= kTemplates) return "no such template";
  if (words[4] != CheckOf(file, block, words[3])) return "wrong check";
  const size_t end = bytes < kBlockBytes ? bytes : kLast * sizeof *words;
  const uint32_t* expected = templates[words[3]];
  if (memcmp(words + kBody, expected + kBody, end - kBody * sizeof *words) != 0) {
    return "wrong body";
  }
  return bytes == kBlockBytes && words[kLast] != block ? "wrong last word" : NULL;
}

#endif  // BLOCK_H_
