// A descriptor is closed and its number is another file's at once, while threads read by it: none of
// them ever reads the other file. A control closes without withdrawing, and is seen to fail.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { after, test } from 'node:test'
import { Worker } from 'node:worker_threads'
import { GENERATION, type RaceOrders, READS, STOP, WRONG } from './support/cached-race.ts'
import { binding } from './support/ring.ts'

const FILES = 16
const READERS = 3
const SLOT = 77
const OWNER = 4711
const CYCLES = 20_000
/** Where the readers have to wait for a processor it goes on until they have read so often. */
const LEAST_READS = 1000
const MILLIS_MAX = 60_000

const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'uring-actor-cached-race-'))
const names = Array.from({ length: FILES }, (_, index) => path.join(directory, `${index}`))
names.forEach((name, index) => {
  fs.writeFileSync(name, Buffer.alloc(512, index))
})
after(() => fs.rmSync(directory, { recursive: true }))

interface Seen {
  reads: number
  wrong: number
  reused: number
  cycles: number
}

/** Opens, offers and closes one file after the other, until `enough`. */
async function race(
  withdraws: boolean,
  enough: (cycle: number, words: Int32Array) => boolean,
): Promise<Seen> {
  const words = new Int32Array(new SharedArrayBuffer(16))
  const orders: RaceOrders = { words, slot: SLOT, owner: OWNER, files: FILES }
  const file = new URL('./support/cached-race.js', import.meta.url)
  const readers = Array.from({ length: READERS }, () => new Worker(file, { workerData: orders }))
  await Promise.all(readers.map((reader) => once(reader, 'online')))
  let reused = 0
  let last = -1
  let cycle = 1
  for (; !enough(cycle, words); cycle++) {
    const fd = fs.openSync(names[cycle % FILES]!, 'r')
    if (fd === last) reused++
    last = fd
    while (!binding.offerFile(SLOT, cycle, OWNER, fd));
    Atomics.store(words, GENERATION, cycle)
    // Readers are to be in the middle of it, and are on these processors too.
    if (cycle % 8 === 0) await new Promise(setImmediate)
    if (withdraws) while (!binding.withdrawFile(SLOT));
    fs.closeSync(fd)
    if (withdraws) continue
    // The control: it is withdrawn too late, when the number is another file's.
    const other = fs.openSync(names[(cycle + 1) % FILES]!, 'r')
    while (!binding.withdrawFile(SLOT));
    fs.closeSync(other)
  }
  Atomics.store(words, STOP, 1)
  await Promise.all(readers.map((reader) => once(reader, 'exit')))
  return { reads: words[READS]!, wrong: words[WRONG]!, reused, cycles: cycle }
}

test('no thread reads the file that has taken over a number', async (t) => {
  assert.ok(binding.claim())
  const deadline = Date.now() + MILLIS_MAX
  const { reads, wrong, reused, cycles } = await race(
    true,
    (cycle, words) =>
      (cycle > CYCLES && Atomics.load(words, READS) >= LEAST_READS) || Date.now() > deadline,
  )
  t.diagnostic(
    `${reads} reads, ${cycles} files, ${reused} of them under the number of the last one`,
  )
  assert.ok(reads >= LEAST_READS, `the readers did not run: ${reads}`)
  assert.ok(reused > cycles / 2, 'numbers were not taken over')
  assert.equal(wrong, 0)
})

test('the control, which withdraws too late, is caught', async (t) => {
  assert.ok(binding.claim())
  const deadline = Date.now() + MILLIS_MAX
  const { reads, wrong } = await race(
    false,
    (_, words) => Atomics.load(words, WRONG) > 0 || Date.now() > deadline,
  )
  t.diagnostic(`${wrong} of ${reads} reads were of another file`)
  assert.ok(wrong > 0)
})
