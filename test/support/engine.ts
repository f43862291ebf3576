// The engine that a test file's actors have: one may be run again on another one, by the variable of
// the environment that forces it.

import type { ActorOptions } from '@uring-actor/actor'

/** What `actor.engine` should be. */
export function expectedEngine(): string {
  const forced = process.env.URING_ACTOR_ENGINE
  return forced === undefined || forced === '' || forced === 'auto' ? 'io_uring' : forced
}

/** Has the actors that this process spawns from now on, and those of its children, use the thread pool. */
export function useThreadPool(): void {
  process.env.URING_ACTOR_ENGINE = 'threadpool'
}

/** How the actors of a test file that is run again in another way are spawned. */
export const actorOptions: ActorOptions = {}

/** Has the ring of those actors do everything, also what could be had from the page cache, or written there. */
export function allByTheRing(): void {
  actorOptions.cachedReads = false
  actorOptions.cachedWrites = false
}

/** Keeps the addon from the actors that this process spawns from now on. */
export function withoutAddon(): void {
  process.execArgv.push('--no-addons')
}
