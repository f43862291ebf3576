// The child of full-and-broken.test.ts: may not make a file larger than 1 MiB, and compares. Arguments:
// the engine, a directory. The last line that it prints is the number of calls, as JSON.
import assert from 'node:assert/strict'
import path from 'node:path'
import { spawnActor } from '@uring-actor/actor'
import { patternBytes } from '../support/temporary.ts'
import { emptyIn } from './situations.ts'
import { Notes, pairs } from './subjects.ts'

const LIMIT = 2 ** 20

async function grow(notes: Notes, directory: string): Promise<void> {
  const at = path.join(directory, 'file')
  const opened = await notes.open(at, 'w+')
  await opened.writeOn(patternBytes(8192), LIMIT - 4096)
  await opened.write('x', LIMIT - 1)
  await opened.write('x', LIMIT)
  await opened.write('x', LIMIT + 1)
  await opened.writev(['x', 'y'], LIMIT)
  await opened.truncate(LIMIT)
  await opened.truncate(LIMIT + 1)
  await opened.read(10, LIMIT - 5)
  await opened.close()
  const appending = await notes.open(at, 'a')
  await appending.appendFile('x')
  await appending.writeFile('x')
  await appending.sync()
  await appending.stat()
  await appending.close()
  const whole = await notes.open(at, 'w')
  await whole.writeOn(patternBytes(3 * LIMIT), null)
  await whole.write('x')
  await whole.close()
  await notes.content(at)
}

const [, , engine, place] = process.argv as string[]
const actor = await spawnActor({ engine: engine as 'io_uring' | 'threadpool' })
const client = actor.connect()
let calls = 0
for (const [ours, node] of pairs(client)) {
  const expected = new Notes(node)
  await grow(expected, emptyIn(place!))
  const found = new Notes(ours)
  await grow(found, emptyIn(place!))
  assert.deepEqual(found.all, expected.all, `${ours.name} against ${node.name}`)
  assert.ok(JSON.stringify(found.all).includes('EFBIG'))
  calls += found.all.length
}
await actor.close()
process.stdout.write(`${JSON.stringify(calls)}\n`)
