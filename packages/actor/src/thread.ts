/** The actor's thread: puts the parts together, says so, and runs. */
import { type MessagePort, parentPort, workerData } from 'node:worker_threads'
import {
  type ActorLimits,
  HEADER_LIFE,
  LIFE_CLOSING,
  LIFE_EXITED,
  nowMicros,
  wordsOf,
} from '@uring-actor/client/protocol'
import { expose } from 'comlink'
import nodeEndpoint from 'comlink/dist/esm/node-adapter.mjs'
import type { Channel } from './channels/channel.ts'
import { Clients } from './channels/clients.ts'
import type { Departed } from './channels/departed.ts'
import { Intake } from './channels/intake.ts'
import { GUARANTEED_ROWS, Taking } from './channels/taking.ts'
import { controlEndpoint } from './control/control-endpoint.ts'
import { oncePerTurn } from './control/once-per-turn.ts'
import { passSlowReports } from './control/slow-reports.ts'
import { actorStats, clientStats, type StatisticsParts } from './control/statistics.ts'
import type { EngineChoice } from './engine/choice.ts'
import { type Engine, FIRST_FILE_SLOT } from './engine/engine.ts'
import type { Layer, LayerModule, LayerSetting } from './engine/layer.ts'
import { openEngine } from './engine/open-engine.ts'
import { letOpensGo } from './files/descriptor.ts'
import type { FileCallEvents, FileCalls } from './files/file-calls.ts'
import { FileTable } from './files/file-table.ts'
import { MetadataCalls } from './files/metadata-calls.ts'
import { OfferedFiles } from './files/offered-files.ts'
import type { Host } from './host/host.ts'
import { openHost } from './host/open-host.ts'
import { inspect } from './inspect/inspect.ts'
import { ActorLoop } from './loop/actor-loop.ts'
import { Dispatcher } from './operations/dispatcher.ts'
import type { LayerData, StartAnswer, StartData } from './spawn/messages.ts'
import { TraceRelay } from './trace-file/relay.ts'

/** How long close() waits for what is in flight before it cancels it, in milliseconds. */
const DRAIN_MILLISECONDS = 5000
/** And then for opens that were let go, so that their descriptors are not lost. */
const LET_GO_MILLISECONDS = 500
/** How long clients wait for word of the actor's end while it cancels what is in flight. */
const END_MILLISECONDS = 500
/** About what is submitted at once of what completes at once. */
const EARLY_REQUESTS = 8

const port = parentPort as MessagePort

async function start({
  options,
  header,
  permissionModel,
  layer: wanted,
}: StartData): Promise<void> {
  const words = wordsOf(header)
  if (permissionModel && process.permission === undefined) {
    throw new Error("node's permission model does not reach the actor's thread")
  }
  const host = openHost()
  if (!(await host.claim())) {
    throw Object.assign(new Error('another thread of this process runs an actor already'), {
      code: 'ERR_URING_ACTOR_EXISTS',
    })
  }
  host.storeOnExit(words, HEADER_LIFE, LIFE_EXITED)
  let wake = (): void => {}
  const setting = {
    capacity: options.queueDepth + options.maxClients * GUARANTEED_ROWS,
    maxClients: options.maxClients,
    maxFiles: Math.min(options.maxFiles, Math.max(8, host.fileLimit() - 1)),
    wake: () => wake(),
  }
  let choice = UNDER_A_LAYER
  const plainEngine = (): Engine => {
    const opened = openEngine(host, options, setting)
    choice = opened.choice
    return opened.engine
  }
  const layer = wanted === null ? null : await loadLayer(wanted, { ...setting, plainEngine })
  const engine = layer === null ? plainEngine() : layer.engine
  const limits: ActorLimits = {
    queueDepth: Math.min(options.queueDepth, engine.capacity),
    maxClients: options.maxClients,
    channelDepth: options.channelDepth,
    arenaBytes: options.arenaBytes,
    chainLength: Math.min(engine.chainLength, options.queueDepth + GUARANTEED_ROWS),
    spinMicros: options.spinMicros,
    // With injected faults the same calls are to do the same again, however the threads run.
    earlyRequests: layer === null ? EARLY_REQUESTS : 0,
  }
  // What a layer is to see must go through it.
  const offers = options.cachedReads && layer === null && host.addon !== ''
  const { loop, parts, departed } = assemble({ engine, choice, layer, host, offers }, words, limits)
  wake = () => loop.wake()
  const answer: StartAnswer = {
    ok: true,
    engine: engine.name,
    choice,
    warnings: engine.limitations.filter(({ warn }) => warn).map(({ text }) => text),
    doorbell: engine.doorbell,
    task: host.taskToWatch,
    addon: offers ? host.addon : '',
    limits,
    inspection: await inspect(options.inspect, parts, departed),
  }
  port.postMessage(answer)
  loop.wake()
}

/** Why there is the engine of a layer that asks for no other one. */
const UNDER_A_LAYER: EngineChoice = {
  engine: 'threadpool',
  forced: true,
  cause: 'forced',
  reason: 'the actor was spawned with an engine of its own',
  remedy: '',
}

async function loadLayer(wanted: LayerData, setting: LayerSetting): Promise<Layer> {
  const module: LayerModule = await import(wanted.module)
  return module.makeLayer(wanted.data, wanted.port, setting)
}

interface Assembled {
  readonly loop: ActorLoop
  readonly parts: StatisticsParts
  readonly departed: Departed
}

interface Parts {
  readonly engine: Engine
  readonly choice: EngineChoice
  readonly layer: Layer | null
  readonly host: Host
  /** Clients may read from the page cache themselves. */
  readonly offers: boolean
}

/** Makes the parts and ties them together. */
function assemble(
  { engine, choice, layer, host, offers }: Parts,
  header: Int32Array,
  limits: ActorLimits,
): Assembled {
  const { table } = engine
  const files = new FileTable(FIRST_FILE_SLOT, engine.fileSlots)
  const exposeClient = (clientPort: MessagePort, channel: Channel): void => {
    const ofClient = oncePerTurn(() => clientStats(channel))
    const control = { stats: () => statistics(), clientStats: ofClient }
    expose(control, controlEndpoint(clientPort, Object.keys(control)))
    passSlowReports(clientPort, port)
    relay.listen(channel)
  }
  const clients = new Clients(limits, header, exposeClient)
  const { channels } = clients
  const events: FileCallEvents = {
    settled: (row, res, extra) => dispatcher.settled(row, res, extra),
    transferred: (row, res) => dispatcher.transferred(row, res),
    wake: () => loop.wake(),
  }
  const offered = new OfferedFiles(offers ? host.binding : null)
  const plainCalls = (): FileCalls =>
    new MetadataCalls(engine, table, files, channels, host, events, offered)
  const metadata =
    layer === null ? plainCalls() : layer.calls({ files, channels, events }, plainCalls)
  const dispatcher: Dispatcher = new Dispatcher(engine, table, files, metadata, channels, {
    detach: (channel, row) => {
      relay.leave(channel)
      clients.detach(channel, row)
    },
    drained: (channel) => clients.drained(channel),
  })
  const taking = new Taking(new Intake(table, files), dispatcher, limits.chainLength, channels)
  const loop: ActorLoop = new ActorLoop(
    { engine, dispatcher, taking, metadata, clients, header },
    limits.spinMicros,
    (channel) => clients.poison(channel),
  )
  clients.setParts({
    engine,
    dispatcher,
    files,
    metadata,
    dropPages: (memory) => host.dropPages(memory),
    attached: (channel) => loop.addReady(channel),
    wake: () => loop.wake(),
  })
  const relay: TraceRelay = new TraceRelay(port, loop.rows, channels)
  process.on('workerMessage', clients.onMessage)
  const parts: StatisticsParts = {
    engine,
    choice,
    dispatcher,
    files,
    loop,
    channels,
    header,
    startedAt: nowMicros(),
  }
  const statistics = oncePerTurn(() => actorStats(parts, clients.departed))

  // However the thread ends, but for terminate(): that leaves it to the addon.
  process.once('exit', () => {
    loop.stop()
    engine.close(END_MILLISECONDS)
    host.releaseClaim()
    Atomics.store(header, HEADER_LIFE, LIFE_EXITED)
  })

  /** What was accepted finishes, new work is refused; then the thread ends. */
  const close = async (): Promise<void> => {
    Atomics.store(header, HEADER_LIFE, LIFE_CLOSING)
    taking.refusing = true
    clients.closing = true
    const deadline = Date.now() + DRAIN_MILLISECONDS
    while (table.inUse > 0 && Date.now() < deadline) {
      loop.wake()
      await new Promise((resolve) => setTimeout(resolve, 1))
    }
    letOpensGo()
    const moment = Date.now() + LET_GO_MILLISECONDS
    while (metadata.pending > 0 && Date.now() < moment) {
      await new Promise((resolve) => setTimeout(resolve, 1))
    }
    // The caller hears of it before the thread ends.
    setImmediate(() => process.exit(0))
  }
  const recording = {
    startRecording: (queued: SharedArrayBuffer) => relay.start(queued),
    stopRecording: () => relay.stop(),
  }
  expose({ stats: statistics, close, ...recording }, nodeEndpoint(port))
  return { loop, parts, departed: clients.departed }
}

start(workerData as StartData).catch((error: NodeJS.ErrnoException) => {
  const { code = 'ERR_URING_ACTOR_START', message } = error
  const answer: StartAnswer = { ok: false, code, message }
  port.postMessage(answer)
  process.exitCode = 1
  port.close()
})
