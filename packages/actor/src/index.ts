/** The actor: one worker thread that owns the process's io_uring. */

export {
  type Capabilities,
  capabilities,
  type Limits,
  type RingCapabilities,
} from './doctor/capabilities.ts'
export type { DeviceCapabilities, PathCapabilities } from './doctor/path-facts.ts'
export type { RingFeatures } from './doctor/ring-facts.ts'
export type { EngineCause } from './engine/choice.ts'
export { Actor, type ActorEvents } from './spawn/actor.ts'
export type { ActorOptions } from './spawn/options.ts'
export { spawnActor } from './spawn/spawn-actor.ts'
export type { RecordedTrace, RecordTraceOptions } from './trace-file/trace-order.ts'
