import type { MessagePort } from 'node:worker_threads'
import type { Channel } from '../channels/channel.ts'
import type { FileCallEvents, FileCalls } from '../files/file-calls.ts'
import type { FileTable } from '../files/file-table.ts'
import type { Engine } from './engine.ts'
import type { EngineSetting } from './open-engine.ts'

/**
 * What can stand between the dispatcher and what carries operations out: the engine with injected
 * faults, for tests. It is a module of its own, loaded only by an actor that was spawned with one.
 */
export interface Layer {
  readonly engine: Engine
  /** What answers opening, closing and metadata; `plain` makes what would otherwise. */
  calls(parts: LayerParts, plain: () => FileCalls): FileCalls
}

/** What of the actor the answers of calls need. */
export interface LayerParts {
  readonly files: FileTable
  readonly channels: ReadonlyArray<Channel | null>
  readonly events: FileCallEvents
}

/** What `makeLayer` knows of the actor that it is for. */
export interface LayerSetting extends EngineSetting {
  /** Makes the engine that there would be without the layer. */
  plainEngine(): Engine
}

/** What a layer's module exports. */
export interface LayerModule {
  /** `port` leads to whoever spawned the actor with the layer. */
  makeLayer(data: unknown, port: MessagePort, setting: LayerSetting): Layer
}
