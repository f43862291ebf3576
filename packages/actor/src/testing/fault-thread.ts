/** The part of the testing engine that runs in the actor's thread: puts it together. */
import type { MessagePort } from 'node:worker_threads'
import { expose } from 'comlink'
import nodeEndpoint from 'comlink/dist/esm/node-adapter.mjs'
import { FIRST_FILE_SLOT } from '../engine/engine.ts'
import type { Layer, LayerModule, LayerSetting } from '../engine/layer.ts'
import type { FaultControl } from './control.ts'
import { FaultCalls } from './fault-calls.ts'
import { FaultEngine } from './fault-engine.ts'
import { MemoryCalls } from './memory-calls.ts'
import { MemoryDisk } from './memory-disk.ts'
import { MemoryEngine } from './memory-engine.ts'
import { standStill } from './pause.ts'
import type { ResolvedPlan } from './plan.ts'
import { VirtualTime } from './virtual-time.ts'

export const makeLayer: LayerModule['makeLayer'] = (
  data: unknown,
  port: MessagePort,
  setting: LayerSetting,
): Layer => {
  const plan = data as ResolvedPlan
  const time = new VirtualTime(plan.manual)
  const disk =
    plan.wrap === 'memory' ? new MemoryDisk(plan.diskBytes, plan.sectorBytes, time) : null
  const inner =
    disk === null
      ? setting.plainEngine()
      : new MemoryEngine(disk, setting.capacity, setting.maxFiles + FIRST_FILE_SLOT)
  const engine = new FaultEngine(plan, time, inner, disk)
  expose(controlOf(engine, disk, setting.wake), nodeEndpoint(port))
  // Whoever spawned the actor decides how long it lives.
  port.unref()
  return {
    engine,
    calls: (parts, plain) =>
      new FaultCalls(
        engine,
        parts,
        disk === null ? plain() : new MemoryCalls(disk, engine.table, parts),
      ),
  }
}

function controlOf(engine: FaultEngine, disk: MemoryDisk | null, wake: () => void): FaultControl {
  const { injector, time } = engine
  return {
    inject: (rule) => injector.addRule(rule),
    cutPower: () => {
      engine.cutPower(null)
      wake()
    },
    restorePower: () => {
      if (disk !== null) disk.powered = true
    },
    hold: () => engine.hold(),
    release: () => {
      engine.release()
      wake()
    },
    refuse: () => engine.refuse(),
    accept: () => engine.accept(),
    pause: standStill,
    step: (micros) => {
      const reached = time.go(micros ?? Infinity, micros === null)
      wake()
      return reached
    },
    run: () => {
      const reached = time.go(Infinity, false)
      wake()
      return reached
    },
    automatic: () => {
      time.manual = false
      wake()
    },
    history: (from) => injector.history.slice(from),
    operations: () => injector.operations,
    file: (path) => {
      const file = disk?.find(path) ?? null
      return file && { bytes: file.bytes.slice(), durable: file.durableBytes.slice() }
    },
  }
}
