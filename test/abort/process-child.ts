// The child of process.test.ts: gives something up, or might have, closes nothing, and comes to its end.
import { getEventListeners } from 'node:events'
import { spawnActor } from '@uring-actor/actor'
import type { AbortError } from '@uring-actor/client'

const [task, path] = process.argv.slice(2)
const actor = await spawnActor()
const client = actor.connect()
const file = await client.open(path!)

if (task === 'in-time') {
  const { signal } = new AbortController()
  const options = { signal, timeout: 600_000, position: 0 }
  const reads = Array.from({ length: 100 }, () => file.read(Buffer.alloc(16), options))
  await Promise.all(reads)
  console.log(JSON.stringify({ listeners: getEventListeners(signal, 'abort').length }))
} else if (task === 'too-late') {
  // Long enough for a busy machine to have begun the read: what has not begun is not cancelled.
  const error = (await file.read(Buffer.alloc(16), { timeout: 2000 }).catch((e) => e)) as AbortError
  const { state } = await error.outcome
  console.log(JSON.stringify({ code: error.code, state }))
} else {
  // Nobody asks for the outcome, or looks at it.
  const controller = new AbortController()
  const read = file.read(Buffer.alloc(16), { signal: controller.signal })
  setTimeout(() => controller.abort(), 50)
  console.log(JSON.stringify({ code: await read.catch((error) => error.code) }))
}
