// A client that always has reads in flight leaves the event loop its turns: it looks for completions
// and settles them for a bounded number of batches, then timers and sockets are served.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { spawnActor } from '@uring-actor/actor'
import { temporaryFile } from '../support/temporary.ts'

const READS = 20_000
/** Batches of completions, of at most what is in flight, between two turns: as watcher.ts says. */
const BATCHES = 4
/**
 * Reads of the page cache that the client makes itself between two turns, as cached-reads.ts says, and
 * completions that come in small batches, as watcher.ts does.
 */
const FEW = 32
/** Room for reads that complete while a turn is under way. */
const SLACK = 2

const path = temporaryFile(2 ** 20)

const cases = [1, 8, 64, 256].flatMap((depth) => [
  { depth, cachedReads: true },
  { depth, cachedReads: false },
])
for (const { depth, cachedReads } of cases) {
  const reader = cachedReads ? '' : ', by the actor'
  test(`with ${depth} reads in flight all the time${reader}`, async (t) => {
    await using actor = await spawnActor({ cachedReads })
    const file = await actor.connect().open(path, 'r')
    let started = 0
    let turns = 0
    let most = 0
    let lastTurn = 0
    let running = true
    const turn = (): void => {
      turns++
      most = Math.max(most, started - lastTurn)
      lastTurn = started
      if (running) setImmediate(turn)
    }
    const lane = async (): Promise<void> => {
      const buffer = Buffer.alloc(512)
      while (started < READS) {
        started++
        await file.read(buffer, 0, 512, (started % 2048) * 512)
      }
    }
    setImmediate(turn)
    await Promise.all(Array.from({ length: depth }, lane))
    running = false
    t.diagnostic(`${turns} turns, at most ${most} reads between two`)
    assert.ok(turns > 0)
    const bound = Math.max(depth * (BATCHES + 1), FEW + depth) * SLACK
    assert.ok(most <= bound, `${most} reads in one turn`)
  })
}
