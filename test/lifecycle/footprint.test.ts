// What an actor and a client cost while nothing happens: processor time and memory.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { reportOf, runScript } from '../support/child.ts'
import { processorMillisOf } from '../support/process-state.ts'
import { temporaryFile } from '../support/temporary.ts'

const child = new URL('./footprint-child.js', import.meta.url)
const path = temporaryFile(1 << 20)
const MIB = 2 ** 20
/** The actor looks some times more before it rests; some 8 s after the last work V8 collects what is left. */
const SETTLE_MILLIS = 4000
const RESTING_MILLIS = 3000

/** The least of a few runs: what else runs on the machine only ever adds. */
async function leastOf(runs: number, kind: string): Promise<number> {
  const values: number[] = []
  for (let run = 0; run < runs; run++) {
    values.push(await reportOf<number>(child, { args: [kind, path], nodeArgs: ['--expose-gc'] }))
  }
  return Math.min(...values)
}

/**
 * Processor time of a process that has come to rest, as seen from outside: who measured himself would be woken
 * for it, which alone takes some milliseconds on a slow machine.
 */
async function restingMillis(kind: string): Promise<number> {
  let measured: Promise<number> | undefined
  await runScript(child, {
    args: [kind, path],
    onOutput: (_text, running) => {
      measured ??= measure(running.pid!).finally(() => running.kill())
    },
  })
  return measured ?? assert.fail('it said nothing')
}

async function measure(pid: number): Promise<number> {
  await delay(SETTLE_MILLIS)
  const before = processorMillisOf(pid)
  await delay(RESTING_MILLIS)
  return processorMillisOf(pid) - before
}

// The issue allows 10 ms in 10 s. Three seconds get all of it: libuv's and V8's own turns are counted too.
for (const kind of ['idle with an actor', 'idle with clients that have worked']) {
  test(`${kind}: less than 10 ms of processor time in three seconds`, async (t) => {
    const millis = await restingMillis(kind)
    t.diagnostic(`${millis.toFixed(1)} ms`)
    assert.ok(millis < 10, `${millis.toFixed(1)} ms in 3 s`)
  })
}

test('an idle actor takes less than 40 MiB above a bare worker', async (t) => {
  const bare = await leastOf(2, 'memory with a bare worker')
  const actor = await leastOf(2, 'memory with an actor')
  const more = (actor - bare) / MIB
  t.diagnostic(`${more.toFixed(1)} MiB`)
  assert.ok(more < 40, `${more.toFixed(1)} MiB more`)
})

test('a connected client takes less than 2 MiB, also when it has made small reads', async (t) => {
  const report = await reportOf<{ connected: number; worked: number }>(child, {
    args: ['memory of clients', path],
    nodeArgs: ['--expose-gc'],
  })
  const [connected, worked] = [report.connected / MIB, report.worked / MIB]
  t.diagnostic(`${connected.toFixed(2)} MiB connected, ${worked.toFixed(2)} MiB after small reads`)
  assert.ok(connected < 2, `${connected.toFixed(2)} MiB`)
  assert.ok(worked < 2, `${worked.toFixed(2)} MiB`)
})
