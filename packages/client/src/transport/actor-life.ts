import { statSync } from 'node:fs'
import { actorClosing, actorExited, protocolBroken, UringError } from '../errors/index.ts'
import {
  type ActorAddress,
  CHANNEL_POISONED,
  CHANNEL_REFUSED,
  HEADER_LIFE,
  LIFE_CLOSING,
  LIFE_EXITED,
  wordsOf,
} from '../protocol/index.ts'

/** The thread is looked for at most this often. */
const LOOK_MILLISECONDS = 200

/**
 * Whether the actor lives. The header tells, with the addon, however its thread ended. Without the
 * addon a thread that is terminated can store nothing, and who blocks the thread that spawned it
 * keeps that from hearing of it: then the thread itself is looked for.
 */
export class ActorLife {
  readonly #header: Int32Array
  readonly #taskPath: string | null
  #looked = 0

  constructor(address: ActorAddress) {
    this.#header = wordsOf(address.header)
    this.#taskPath = address.task > 0 ? `/proc/self/task/${address.task}` : null
  }

  /** LIFE_OPEN, LIFE_CLOSING or LIFE_EXITED. */
  now(): number {
    const life = Atomics.load(this.#header, HEADER_LIFE)
    if (this.#taskPath === null || life === LIFE_EXITED || !this.#gone(this.#taskPath)) return life
    // The word is the actor's, and there is no actor any more: it is stored in its name.
    Atomics.store(this.#header, HEADER_LIFE, LIFE_EXITED)
    return LIFE_EXITED
  }

  #gone(path: string): boolean {
    const now = performance.now()
    if (now - this.#looked < LOOK_MILLISECONDS) return false
    this.#looked = now
    try {
      return statSync(path, { throwIfNoEntry: false }) === undefined
    } catch {
      // The permission model forbids the look: then only the header tells.
      return false
    }
  }
}

/** Why a client ends, by what the actor says of its channel and of itself; null: it goes on. */
export function endOf(channelState: number, life: number): Error | null {
  if (life === LIFE_EXITED) return actorExited()
  if (channelState === CHANNEL_POISONED) return protocolBroken()
  if (channelState !== CHANNEL_REFUSED) return null
  if (life === LIFE_CLOSING) return actorClosing()
  return new UringError('ERR_URING_TOO_MANY_CLIENTS', 'the actor refused this client: no free slot')
}
