import type { ActorLimits } from '@uring-actor/client'
import type { ResolvedOptions } from './options.ts'

/** What the actor's thread gets at its start. */
export interface StartData {
  readonly options: ResolvedOptions
  readonly header: SharedArrayBuffer
}

/** What it answers, once. */
export type StartAnswer =
  | {
      readonly ok: true
      readonly engine: string
      readonly doorbell: number
      readonly limits: ActorLimits
    }
  | { readonly ok: false; readonly code: string; readonly message: string }

/** The control plane of the thread that spawned the actor. */
export interface ActorControl {
  stats(): import('@uring-actor/client').ActorStats
  close(): Promise<void>
}
