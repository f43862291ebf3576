// The conformance suite where there is no addon, from the main thread: all cases but those that see
// a hole punched, which nobody can there; what is done instead has tests of its own.
import assert from 'node:assert/strict'
import fs from 'node:fs'
import { after, before, test } from 'node:test'
import { type Actor, spawnActor } from '@uring-actor/actor'
import type { Client } from '@uring-actor/client'
import { withoutAddon } from '../support/engine.ts'
import { patternBytes, temporaryFile } from '../support/temporary.ts'
import { cases } from './cases.ts'
import { runCase } from './context.ts'
import { caseOf, reportCases } from './report.ts'

const SEE_A_HOLE = [
  'space: trim punches a hole',
  'direct: blocks are read written and trimmed',
  'chains: results come in the order of the calls',
]

let actor: Actor
let client: Client

before(async () => {
  withoutAddon()
  actor = await spawnActor()
  client = actor.connect()
})

after(async () => {
  await client.close()
  await actor.close()
})

test('it is the thread pool, for the want of an addon', async () => {
  const { engine, cause, limitations } = await actor.stats()
  assert.equal(engine, 'threadpool')
  assert.equal(cause, 'permission-model')
  assert.match(limitations.join(), /no addon/)
})

test('a trimmed range reads as zeroes, also where a file appends or is direct', async () => {
  const { O_RDWR, O_APPEND, O_DIRECT } = fs.constants
  for (const flags of [O_RDWR, O_RDWR | O_APPEND, O_RDWR | O_DIRECT]) {
    const path = temporaryFile(65536)
    const expected = fs.readFileSync(path).fill(0, 5000, 25_000).fill(0, 60_000)
    const file = await client.open(path, flags)
    assert.deepEqual(await file.trim(5000, 20_000), { method: 'zeroes' })
    assert.deepEqual(file.trimSync(60_000, 2 ** 40), { method: 'zeroes' })
    assert.ok(fs.readFileSync(path).equals(expected))
    await file.close()
  }
})

test('a trim in a chain says how it was done too', async () => {
  const file = await client.open(temporaryFile(8192), 'r+')
  const results = await client.chain((chain) => {
    chain.trim(file, 0, 4096)
    chain.read(file, Buffer.alloc(2), 0, 2, 4095)
  })
  assert.deepEqual(results[0], { method: 'zeroes' })
  assert.deepEqual((results[1] as { buffer: Buffer }).buffer, Buffer.from([0, (4096 * 7) % 251]))
  await file.close()
})

test('allocating never covers what is written meanwhile', async () => {
  const size = 1 << 20
  const expected = patternBytes(size)
  for (let round = 0; round < 20; round++) {
    const path = temporaryFile(0)
    const file = await client.open(path, 'r+')
    await Promise.all([
      file.allocate(0, size),
      ...Array.from({ length: 16 }, (_, index) => {
        const at = (index * size) / 16
        return file.write(expected, at, size / 16, at)
      }),
    ])
    assert.ok(fs.readFileSync(path).subarray(0, size).equals(expected))
    await file.close()
  }
})

test('a file that would not fit on its filesystem is not begun', async () => {
  const path = temporaryFile(4096)
  const file = await client.open(path, 'r+')
  const { bsize, bavail } = fs.statfsSync(path)
  const code = { code: 'ENOSPC', syscall: 'fallocate' }
  await assert.rejects(file.allocate(0, bsize * (bavail + 2)), code)
  assert.equal(fs.statSync(path).size, 4096)
  await file.close()
})

const names = [...cases.keys()].filter((name) => !SEE_A_HOLE.includes(name))
assert.equal(names.length, cases.size - SEE_A_HOLE.length)
reportCases((name) => runCase(caseOf(name), client), names)
