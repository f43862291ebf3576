/**
 * Four threads of a piscina pool count the words of one file, each in its own part of it; all of
 * their reads go through the one actor of the process. Run it from a clone:
 *
 *   node scripts/run.mjs examples/dist/02-many-workers.js
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { isMainThread } from 'node:worker_threads'
import { spawnActor } from '@uring-actor/actor'
import { connect } from '@uring-actor/client'
import { Piscina } from 'piscina'

const WORKERS = 4
const CHUNK_BYTES = 64 * 1024

interface Part {
  name: string
  from: number
  to: number
}

/** The task, in a thread of the pool: counts the spaces from one byte of the file to another. */
export default async function countSpaces({ name, from, to }: Part): Promise<number> {
  // The pool's threads were started after the actor, so they know where it is.
  await using client = connect()
  await using file = await client.open(name, 'r')
  const positions: number[] = []
  for (let at = from; at < to; at += CHUNK_BYTES) positions.push(at)
  // One promise for all the chunks; they are in flight together.
  const chunks = await file.readMany(positions, CHUNK_BYTES)
  let spaces = 0
  for (const chunk of chunks) for (const byte of chunk) if (byte === 0x20) spaces++
  return spaces
}

// The pool's threads load this very file for the task above; the rest is for the main thread.
if (isMainThread) await main()

async function main(): Promise<void> {
  const folder = mkdtempSync(path.join(tmpdir(), 'uring-actor-example-'))
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }))
  const name = path.join(folder, 'words.txt')
  const words = 2 ** 21
  writeFileSync(name, 'io_uring '.repeat(words))
  const size = words * 'io_uring '.length

  // The actor first, then the threads that use it.
  const actor = await spawnActor()
  const pool = new Piscina({
    filename: fileURLToPath(import.meta.url),
    minThreads: WORKERS,
    maxThreads: WORKERS,
  })
  const share = Math.ceil(size / WORKERS / CHUNK_BYTES) * CHUNK_BYTES
  const parts = Array.from({ length: WORKERS }, (_, index): Part => {
    return { name, from: index * share, to: Math.min(size, (index + 1) * share) }
  })
  const counts = (await Promise.all(parts.map((part) => pool.run(part)))) as number[]
  for (const [index, count] of counts.entries()) console.log(`worker ${index}: ${count} words`)
  console.log(`together: ${counts.reduce((sum, count) => sum + count)} of ${words} words`)

  // Each operation's busy and idle time, and where it waited; the threads' clients have left by now.
  const stats = await actor.stats()
  console.log(`${stats.submitted} operations were submitted with ${stats.submissions} system calls`)
  console.log(String(stats))
  await pool.destroy()
  await actor.close()
}
