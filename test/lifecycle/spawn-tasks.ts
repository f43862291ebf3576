// What spawn.test.ts does in other threads.
import { spawnActor } from '@uring-actor/actor'
import { connect } from '@uring-actor/client'
import { codeOf } from '../support/outcome.ts'
import { runTask } from '../support/thread.ts'

const here: URL = new URL(import.meta.url)

export interface SpawnAttempt {
  code: string | null
  message: string
}

export async function spawnHere(): Promise<SpawnAttempt> {
  try {
    await spawnActor()
    return { code: null, message: '' }
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    return { code: code ?? null, message }
  }
}

export function spawnInNestedThread(): Promise<SpawnAttempt> {
  return runTask<SpawnAttempt>(here, 'spawnHere')
}

/** A thread older than the actor: it waits for its word before it tries. */
export async function spawnWhenTold(word: Int32Array<SharedArrayBuffer>): Promise<SpawnAttempt> {
  Atomics.store(word, 1, 1)
  Atomics.notify(word, 1)
  Atomics.wait(word, 0, 0, 10_000)
  return spawnHere()
}

/** Spawns the actor here, uses it, and ends without closing it. */
export async function spawnAndEnd(): Promise<string | null> {
  const actor = await spawnActor()
  const code = await codeOf(() => connect().nop())
  return code ?? actor.engine
}
