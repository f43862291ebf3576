// Opening a named pipe waits until its other end is opened. Meanwhile reads and writes of others go on,
// and the actor can be closed.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import fs, { constants } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import { spawnActor } from '@uring-actor/actor'
import { codeOf, within } from '../support/outcome.ts'
import { descriptorsOf, eventually } from '../support/process-state.ts'
import { temporaryDirectory, temporaryFile } from '../support/temporary.ts'
import { ENGINES, onEachEngine } from './situations.ts'

/** ext4, xfs, btrfs, tmpfs, as Node tells them. */
const LOCAL_TYPES: ReadonlySet<number> = new Set([0xef53, 0x58465342, 0x9123683e, 0x01021994])

function pipe(): string {
  const at = path.join(temporaryDirectory(), 'pipe')
  execFileSync('mkfifo', [at])
  return at
}

onEachEngine('named pipes', (client) => {
  test('both ends meet, whoever comes first', async () => {
    for (const [first, second] of [
      ['r', 'w'],
      ['w', 'r'],
    ] as const) {
      const at = pipe()
      const opening = client().open(at, first)
      await client().nop()
      const other = await within(10_000, 'the second', client().open(at, second))
      const one = await within(10_000, 'the first', opening)
      const [reader, writer] = first === 'r' ? [one, other] : [other, one]
      const read = reader.read(Buffer.alloc(10), 0, 10, null)
      await writer.write(Buffer.from('hello'), 0, 5, null)
      assert.equal((await read).bytesRead, 5)
      await writer.close()
      assert.equal((await reader.read(Buffer.alloc(10), 0, 10, null)).bytesRead, 0)
      await reader.close()
    }
  })
})

test('reads, writes and stats go on while as many opens wait as the pool has threads', async (context) => {
  const actor = await spawnActor({ engine: 'io_uring' })
  const client = actor.connect()
  const file = await client.open(temporaryFile(4096), 'r+')
  const onlyRead = await client.open(temporaryFile(4096), 'r')
  const isLocal = LOCAL_TYPES.has(fs.statfsSync(os.tmpdir()).type)
  if (!isLocal)
    context.diagnostic('stat and close are not tried: the filesystem may wait for those')
  const pipes = Array.from({ length: 4 }, pipe)
  const opening = pipes.map((at) => client.open(at, 'r'))
  const buffer = Buffer.alloc(4096)
  for (let round = 0; round < 10; round++) {
    await within(5000, 'a read', file.read(buffer, 0, 4096, 0))
    await within(5000, 'a write', file.writeDurable(buffer, 0, 4096, 0))
  }
  assert.equal(file.readSync(buffer, 0, 4096, 0), 4096)
  if (isLocal) {
    assert.equal((await within(5000, 'a stat', file.stat())).size, 4096)
    await within(5000, 'the close of a file that was only read', onlyRead.close())
  }
  const ends = pipes.map((at) => fs.openSync(at, constants.O_RDWR | constants.O_NONBLOCK))
  for (const opened of await within(10_000, 'the opens', Promise.all(opening))) {
    await opened.close()
  }
  for (const end of ends) fs.closeSync(end)
  await file.close()
  await actor.close()
})

for (const engine of ENGINES) {
  test(`an actor that closes lets the open of a pipe go, ${engine}`, async () => {
    const actor = await spawnActor({ engine })
    const client = actor.connect()
    const pipes = Array.from({ length: 3 }, pipe)
    const codes = Promise.all(pipes.map((at) => codeOf(() => client.open(at, 'r'))))
    await client.nop()
    await within(20_000, 'the close', actor.close())
    for (const code of await within(1000, 'the opens', codes)) {
      assert.ok(code === null || code === 'ERR_URING_ACTOR_EXITED', String(code))
    }
    // The pool is free again, and nothing was left open.
    await within(5000, 'stat', fs.promises.stat(pipes[0]!))
    assert.ok(await eventually(() => pipes.every((at) => descriptorsOf(at) === 0)))
  })
}
