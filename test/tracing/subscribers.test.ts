// What a subscriber to spans does itself, in the midst of the operations that it is told of, changes nothing
// about them: he may read, write, wait for it, and close the client.
import assert from 'node:assert/strict'
import { tracingChannel } from 'node:diagnostics_channel'
import fs from 'node:fs'
import path from 'node:path'
import { after, before, describe, test } from 'node:test'
import { type Actor, spawnActor } from '@uring-actor/actor'
import {
  type Client,
  type OperationSpan,
  TRACING_CHANNEL,
  type UringFile,
} from '@uring-actor/client'
import { codeOf, within } from '../support/outcome.ts'
import { temporaryDirectory, temporaryFile } from '../support/temporary.ts'

type Event = 'start' | 'end' | 'asyncStart' | 'asyncEnd'
const EVENTS: readonly Event[] = ['start', 'end', 'asyncStart', 'asyncEnd']
const BLOCK = 4096

const directory = temporaryDirectory()
const source = temporaryFile(16 * BLOCK)
const logPath = path.join(directory, 'log')

/** Has `act` called at each event of operations that are not on the log, while `run` runs. */
async function actingOn(event: Event, act: () => void, run: () => Promise<void>): Promise<number> {
  let acts = 0
  const listeners = {
    [event]: ({ file }: OperationSpan) => {
      if (file === logPath) return
      acts++
      act()
    },
  }
  const channel = tracingChannel<unknown, OperationSpan>(TRACING_CHANNEL)
  channel.subscribe(listeners as never)
  try {
    await run()
  } finally {
    channel.unsubscribe(listeners as never)
  }
  return acts
}

/** The event loop does not come to what has completed until all of it has. */
async function keepBusy(): Promise<void> {
  await null
  await null
  for (const ends = Date.now() + 30; Date.now() < ends; );
}

for (const cachedReads of [true, false]) {
  describe(`a subscriber, cachedReads: ${cachedReads}`, () => {
    let actor: Actor
    let client: Client
    let log: UringFile
    before(async () => {
      actor = await spawnActor({ trace: 'span', cachedReads, channelDepth: 32 })
      client = actor.connect()
      log = await client.open(logPath, 'w+')
    })
    after(() => actor.close())

    const acts = {
      'writes something': () => void log.write(Buffer.from('x'), 0, 1, 0).catch(() => {}),
      'writes something and waits for it': () => log.writeSync(Buffer.from('x'), 0, 1, 0),
      'reads something and waits for it': () => log.readSync(Buffer.alloc(1), 0, 1, 0),
    }
    for (const event of EVENTS) {
      for (const [what, act] of Object.entries(acts)) {
        test(`that ${what} at ${event} leaves operations as they are`, async () => {
          const file = await client.open(source)
          const told = await actingOn(event, act, async () => {
            const reads = Array.from({ length: 12 }, (_, n) =>
              file.read(Buffer.alloc(BLOCK), 0, BLOCK, n * BLOCK),
            )
            const others = [file.stat(), client.nop(), file.readMany([0, BLOCK], 100)]
            await keepBusy()
            const results = await within(10_000, 'the reads', Promise.all(reads))
            await within(10_000, 'the others', Promise.all(others))
            for (const [n, { bytesRead, buffer }] of results.entries()) {
              assert.equal(bytesRead, BLOCK)
              const expected = fs.readFileSync(source).subarray(n * BLOCK, (n + 1) * BLOCK)
              assert.ok(buffer.equals(expected), `read ${n}`)
            }
            assert.equal(file.readSync(Buffer.alloc(10), 0, 10, 0), 10)
          })
          assert.ok(told >= 12, `${told}`)
          assert.equal(client.closed, false)
          await file.close()
        })

        test(`that ${what} at ${event} does not come between the members of a chain`, async () => {
          const data = path.join(directory, 'data')
          const [readOnly, target] = [await client.open(source), await client.open(data, 'w+')]
          await actingOn(event, act, async () => {
            const chain = client.chain((members) =>
              members
                .nop()
                .write(readOnly, Buffer.from('first'), 0, 5, 0)
                .write(target, Buffer.from('must not be written'), 0, 19, 0)
                .nop(),
            )
            await assert.rejects(chain, { code: 'EBADF', failedIndex: 1 })
            await within(10_000, 'all others', client.flush())
          })
          assert.equal(fs.readFileSync(data, 'utf8'), '')
          await Promise.all([readOnly.close(), target.close()])
        })
      }
    }
  })
}

test('a subscriber that closes the client at start has what was begun end with an error', async () => {
  await using actor = await spawnActor({ trace: 'span', cachedReads: false })
  const calls: Array<(file: UringFile, client: Client) => Promise<unknown>> = [
    (file) => file.read(Buffer.alloc(10), 0, 10, 0),
    (file) => file.readMany([0, 10, 20], 10),
    (file) => file.stat(),
    (file, client) => client.chain((chain) => chain.nop().sync(file).nop()),
    (_, client) => client.nop({ signal: new AbortController().signal }),
  ]
  for (const call of calls) {
    const client = actor.connect()
    const file = await client.open(source)
    const close = (): void => {
      if (!client.closed) client.closeSync()
    }
    await actingOn('start', close, async () => {
      const code = await within(
        10_000,
        'the call',
        codeOf(() => call(file, client)),
      )
      assert.equal(code, 'ERR_URING_CLIENT_CLOSED')
    })
  }
  const { clients, inFlight } = await actor.stats()
  assert.deepEqual([clients.length, inFlight], [0, 0])
})

test('and at any moment of a batch of reads, whichever of them has a span', async () => {
  await using actor = await spawnActor({ trace: { level: 'span', sample: 0.5 } })
  for (let at = 1; at <= 4; at++) {
    const client = actor.connect()
    const file = await client.open(source)
    let starts = 0
    const close = (): void => {
      if (++starts === at) client.closeSync()
    }
    await actingOn('start', close, async () => {
      const reading = codeOf(() => file.readMany([0, 1, 2, 3, 4, 5, 6, 7], 16))
      assert.equal(await within(10_000, 'the reads', reading), 'ERR_URING_CLIENT_CLOSED')
    })
  }
})

test('a store that is bound to start is there in end', async () => {
  const { AsyncLocalStorage } = await import('node:async_hooks')
  await using actor = await spawnActor({ trace: 'span' })
  const client = actor.connect()
  const store = new AsyncLocalStorage<OperationSpan>()
  const { start } = tracingChannel<OperationSpan, OperationSpan>(TRACING_CHANNEL)
  start.bindStore(store as never, (span) => span as never)
  const seen: unknown[] = []
  for (const event of ['end', 'asyncStart', 'asyncEnd'] as const) {
    await actingOn(
      event,
      () => seen.push(store.getStore()?.operation),
      async () => {
        await client.nop()
      },
    )
  }
  start.unbindStore(store as never)
  assert.deepEqual(seen, ['nop', 'nop', 'nop'])
})
