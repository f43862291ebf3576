// Back-pressure: the same cases through a channel of eight requests and an arena of one mebibyte, and
// thousands of operations at once. Whoever finds no room waits for it, and all are served.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { type Actor, spawnActor } from '@uring-actor/actor'
import type { Client } from '@uring-actor/client'
import { cases } from './cases.ts'
import { runCase } from './context.ts'
import { caseOf, reportCases } from './report.ts'
import { assertBytes, fileWith, pattern } from './ways.ts'

/** These need more at once than there is here: memory, members of a chain, operations. */
const TOO_LARGE: ReadonlySet<string> = new Set([
  'large: a long lease is one transfer',
  'chains: results come in the order of the calls',
  'chains: members run one after the other',
  'own position: a read of a pipe holds up no write to it',
  'own position: a lease waits for the long calls before it',
  'own position: long writes to a pipe do not mix',
  'own position: who must not wait is told what he would wait for',
  // No more than eight can share a sync.
  'durable: concurrent durable writes share their syncs',
  'durable: so do those at the own position',
  'durable: so do those that append',
  'durable: concurrent syncs are shared',
])

const BLOCK = 4096
const BLOCKS = 256

let actor: Actor
let client: Client
const directory = mkdtempSync(path.join(tmpdir(), 'uring-actor-small-channel-'))

before(async () => {
  // Reads of the page cache need no room in either, and writes to it none in the queue.
  const sizes = { channelDepth: 8, arenaBytes: 2 ** 20, queueDepth: 16 }
  actor = await spawnActor({ ...sizes, cachedReads: false, cachedWrites: false })
  client = actor.connect()
})

after(async () => {
  await client.close()
  await actor.close()
  rmSync(directory, { recursive: true })
})

reportCases(
  (name) => runCase(caseOf(name), client),
  [...cases.keys()].filter((name) => !TOO_LARGE.has(name)),
)

for (const length of [1, BLOCK, 16 * BLOCK, 2 ** 20 + 1]) {
  const reads = length > 100_000 ? 50 : 5000
  test(`${reads} reads of ${length} bytes at once are all served`, async () => {
    const content = pattern(BLOCKS * BLOCK + length)
    const file = await client.open(fileWith(path.join(directory, 'file'), content))
    let done = 0
    await Promise.all(
      Array.from({ length: reads }, async (_, n) => {
        const at = ((n * 37) % BLOCKS) * BLOCK
        const { bytesRead, buffer } = await file.read(Buffer.allocUnsafeSlow(length), 0, length, at)
        assert.equal(bytesRead, length)
        assertBytes(buffer, content.subarray(at, at + length), `read ${n}`)
        done++
      }),
    )
    assert.equal(done, reads)
    await file.close()
  })
}

test('clients with small channels do not starve each other', async () => {
  const clients = Array.from({ length: 8 }, () => actor.connect())
  const content = pattern(BLOCKS * BLOCK)
  const at = fileWith(path.join(directory, 'shared'), content)
  const counts = await Promise.all(
    clients.map(async (each, index) => {
      const file = await each.open(at)
      const views = await Promise.all([
        file.readMany(
          Array.from({ length: 2000 }, (_, n) => ((n * (index + 3)) % BLOCKS) * BLOCK),
          BLOCK,
        ),
        ...Array.from({ length: 500 }, (_, n) => file.read(Buffer.alloc(BLOCK), 0, BLOCK, n * 8)),
        each.flush(),
      ])
      const batch = views[0] as Uint8Array[]
      batch.forEach((view, n) => {
        const from = ((n * (index + 3)) % BLOCKS) * BLOCK
        assertBytes(view, content.subarray(from, from + BLOCK))
      })
      await file.close()
      return batch.length
    }),
  )
  assert.deepEqual(
    counts,
    clients.map(() => 2000),
  )
  await Promise.all(clients.map((each) => each.close()))
})
