import type { MessagePort } from 'node:worker_threads'
import type { ActorLimits } from '@uring-actor/client'
import type { EngineChoice } from '../engine/choice.ts'
import type { ResolvedOptions } from './options.ts'

/** What the actor's thread gets at its start. */
export interface StartData {
  readonly options: ResolvedOptions
  readonly header: SharedArrayBuffer
  /** Node's permission model is in force, and must be in the actor's thread too. */
  readonly permissionModel: boolean
  readonly layer: LayerData | null
}

/** A module that puts itself between the dispatcher and the engine (engine/layer.ts). */
export interface LayerData {
  readonly module: string
  /** Can be cloned. */
  readonly data: unknown
  readonly port: MessagePort
}

/** What it answers, once. */
export type StartAnswer =
  | {
      readonly ok: true
      /** The name of the engine that runs. */
      readonly engine: string
      readonly choice: EngineChoice
      /** What whoever runs the process should know of. */
      readonly warnings: readonly string[]
      readonly doorbell: number
      /** For clients to look whether the thread lives; 0: they need not. */
      readonly task: number
      /** The file of the addon, for clients; empty where they have no use for it. */
      readonly addon: string
      readonly limits: ActorLimits
      readonly inspection: InspectionAnswer
    }
  | { readonly ok: false; readonly code: string; readonly message: string }

/** What came of the socket for `uring-actor top`. */
export interface InspectionAnswer {
  /** Null where there is none. */
  readonly path: string | null
  /** Why it cannot be had; null when it can, or was not asked for. */
  readonly failure: string | null
}

/** The control plane of the thread that spawned the actor. */
export interface ActorControl {
  stats(): import('@uring-actor/client').ActorStats
  close(): Promise<void>
  /** Passes on what is recorded for a trace file, from now on; counts the chunks in `queued`. */
  startRecording(queued: SharedArrayBuffer): void
  /** Ends that when all was passed on; resolves to how many rows were not. */
  stopRecording(): Promise<number>
}
