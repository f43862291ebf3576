// Facts about the layout that its speed and its safety rest on.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test } from 'node:test'
import { Worker } from 'node:worker_threads'
import * as protocol from '@uring-actor/client/protocol'
import { type ClockReading, readClocks } from './clock-readings.ts'

/** Who writes which words of the header and the channel, while they are in use or once before. */
const header: Array<[writer: string, byte: number]> = [
  ['once', protocol.HEADER_MAGIC_BYTE],
  ['once', protocol.HEADER_VERSION_BYTE],
  ['once', protocol.HEADER_THREAD_BYTE],
  ['all: state', protocol.HEADER_STATE_BYTE],
  ['all: clients', protocol.HEADER_CLIENTS_BYTE],
  ['actor', protocol.HEADER_LIFE_BYTE],
  ['actor', protocol.HEADER_CROWDED_BYTE],
  ['all: dirty', protocol.HEADER_DIRTY_BYTE],
]
const channel: Array<[writer: string, byte: number]> = [
  ['once', protocol.CHANNEL_MAGIC_BYTE],
  ['once', protocol.CHANNEL_VERSION_BYTE],
  ['once', protocol.CHANNEL_CAPACITY_BYTE],
  ['client: request tail', protocol.CHANNEL_REQUEST_TAIL_BYTE],
  ['actor: request head', protocol.CHANNEL_REQUEST_HEAD_BYTE],
  ['actor: completion tail', protocol.CHANNEL_COMPLETION_TAIL_BYTE],
  ['client: completion head', protocol.CHANNEL_COMPLETION_HEAD_BYTE],
  ['both: client state', protocol.CHANNEL_CLIENT_STATE_BYTE],
  ['actor: channel', protocol.CHANNEL_STATE_BYTE],
  ['actor: channel', protocol.CHANNEL_SLOT_BYTE],
  ['client: records', protocol.CHANNEL_CANCEL_COUNT_BYTE],
  ['client: records', protocol.CHANNEL_RECORDS_BYTE],
]

for (const [name, words] of [
  ['header', header],
  ['channel', channel],
] as const) {
  test(`words of the ${name} with different writers are at least 128 bytes apart`, () => {
    for (const [writer, byte] of words) {
      for (const [other, otherByte] of words) {
        if (writer === other || writer === 'once' || other === 'once') continue
        assert.ok(Math.abs(byte - otherByte) >= 128, `${writer} and ${other}`)
      }
    }
  })
}

test('every word that is waited on or exchanged is aligned', () => {
  for (const [, byte] of [...header, ...channel]) assert.equal(byte % 4, 0)
})

test('word indices are the bytes divided by four', () => {
  const exported = protocol as unknown as Record<string, unknown>
  let checked = 0
  for (const [name, byte] of Object.entries(exported)) {
    const word = name.endsWith('_BYTE') ? exported[name.slice(0, -'_BYTE'.length)] : undefined
    // The magic's name without its suffix is its value.
    if (typeof word !== 'number' || name.endsWith('MAGIC_BYTE')) continue
    assert.equal(word * 4, byte, name)
    checked++
  }
  assert.ok(checked >= 11, `${checked} words`)
})

test('records are 64 bytes, one cache line, and begin on one', () => {
  assert.equal(protocol.RECORD_BYTES, 64)
  assert.equal(protocol.REQUEST_WORDS * 4, 64)
  assert.equal(protocol.COMPLETION_WORDS * 4, 64)
  assert.equal(protocol.CHANNEL_RECORDS_BYTE % 64, 0)
  assert.equal((protocol.REQUESTS_WORD * 4) % 64, 0)
  for (const capacity of [2, 8, 1024]) {
    assert.equal((protocol.completionsWord(capacity) * 4) % 64, 0)
    assert.equal(protocol.completionsWord(capacity) % 2, 0, 'times are float64')
  }
})

test('the fields of a record do not overlap', () => {
  for (const prefix of ['REQUEST_', 'COMPLETION_']) {
    const used = new Map<number, string>()
    const skipped =
      /_WORDS$|_SHIFT$|_(DRAIN|LINK|DURABLE|PARTIAL|REFUSED|CHAIN_BROKEN|CANCELLED|NOT_STARTED)$/
    for (const [name, value] of Object.entries(protocol)) {
      if (!name.startsWith(prefix) || skipped.test(name) || typeof value !== 'number') continue
      const bytes = name.endsWith('_F64') ? 8 : 4
      for (let byte = value * bytes; byte < (value + 1) * bytes; byte += 4) {
        assert.equal(used.get(byte), undefined, `${name} and ${used.get(byte)} at byte ${byte}`)
        assert.ok(byte < 64, name)
        used.set(byte, name)
      }
    }
    assert.ok(used.size >= 11)
  }
})

test('the dirty bitmap has a bit for every client that there may be', () => {
  const bitmap = protocol.HEADER_TRACE_BYTE - protocol.HEADER_DIRTY_BYTE
  assert.equal(bitmap * 8, protocol.MAX_CLIENTS_LIMIT)
})

test('the length of a ring is right when its counters have gone round', () => {
  const { ringLength } = protocol
  assert.equal(ringLength(0, 0), 0)
  assert.equal(ringLength(5, 12), 7)
  // Counters are int32 words: they pass from 2^31 - 1 to -2^31.
  assert.equal(ringLength(0x7fffffff, -0x80000000), 1)
  assert.equal(ringLength(-2, 3), 5)
  // A tail behind its head is no small negative number, but far above any capacity.
  assert.ok(ringLength(3, 2) > protocol.CHANNEL_DEPTH_MAX)
})

test('the numbers of operations are their places in the table of names', () => {
  const { OPERATION_LIMIT, OPERATION_NAMES } = protocol
  assert.equal(OPERATION_NAMES.length, OPERATION_LIMIT)
  const numbers = Object.entries(protocol)
    .filter(([name, value]) => /^OPERATION_(?!LIMIT$)/.test(name) && typeof value === 'number')
    .map(([, value]) => value as number)
    .sort((a, b) => a - b)
  assert.deepEqual(
    numbers,
    Array.from({ length: OPERATION_LIMIT - 1 }, (_, index) => index + 1),
  )
  assert.ok(OPERATION_LIMIT <= 256, 'an operation has eight bits')
})

test('segments of an arena double, cover it, and do not overlap', () => {
  const { segmentCount, segmentLength, segmentOf, segmentStart } = protocol
  for (const arenaBytes of [2 ** 20, 2 ** 21, 2 ** 26, 2 ** 31]) {
    let next = 0
    for (let segment = 0; segment < segmentCount(arenaBytes); segment++) {
      assert.equal(segmentStart(segment), next)
      assert.equal(segmentOf(next), segment)
      next += segmentLength(segment)
      assert.equal(segmentOf(next - 1), segment)
    }
    assert.equal(next, arenaBytes)
  }
})

test('results of open and stat fit into the blocks they are written to', () => {
  assert.equal(protocol.OPEN_RESULT_BYTES, 4 * 8)
  assert.equal(protocol.STAT_BYTES, protocol.STAT_FIELDS.length * 8)
  assert.ok(protocol.STAT_BYTES <= protocol.PAGE_BYTES)
  assert.equal(1 << protocol.PAGE_SHIFT, protocol.PAGE_BYTES)
})

test('one clock for all threads: it runs with CLOCK_MONOTONIC', async () => {
  const worker = new Worker(new URL('./clock-worker.js', import.meta.url))
  const [there] = (await once(worker, 'message')) as [ClockReading[]]
  for (const [before, now, after] of [...readClocks(), ...there]) {
    assert.ok(now >= before - 5 && now <= after + 5, `${before} ${now} ${after}`)
  }
})
