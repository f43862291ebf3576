// Makes something happen in the actor's own thread: in-actor-preload.ts is loaded there before the
// actor, and does what it is told.
import * as threads from 'node:worker_threads'
import type { Actor } from '@uring-actor/actor'
import { preloadIn } from '../support/watched-workers.ts'
import type { ActorOrder } from './in-actor-preload.ts'

preloadIn('uring-actor', new URL('./in-actor-preload.js', import.meta.url))

/** Not in the types of Node 20, though Node 20.19 has it. */
type PostMessageToThread = (threadId: number, value: unknown) => Promise<void>

/** Ends the actor's thread from inside, after so many milliseconds. */
export function inActorOf(actor: Actor, end: ActorOrder['end'], millis: number = 0): void {
  const { postMessageToThread: post } = threads as unknown as {
    postMessageToThread: PostMessageToThread
  }
  const order: ActorOrder = { kind: 'end this actor', end, millis }
  // The answer may be lost with the thread.
  post(actor.address.threadId, order).catch(() => {})
}
