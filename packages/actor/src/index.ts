/** The actor: one worker thread that owns the process's io_uring. */
export { Actor } from './spawn/actor.ts'
export type { ActorOptions } from './spawn/options.ts'
export { spawnActor } from './spawn/spawn-actor.ts'
