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

/** Has those actors read everything, also what their clients could read from the page cache. */
export function withoutCachedReads(): void {
  actorOptions.cachedReads = false
}

/** Keeps the addon from the actors that this process spawns from now on. */
export function withoutAddon(): void {
  process.execArgv.push('--no-addons')
}
