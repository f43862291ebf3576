// The children of late-io.test.ts. Arguments: what to do, and the compiled memory.c. The last line
// that it prints is its report, as JSON.
import { once } from 'node:events'
import { closeSync, openSync } from 'node:fs'
import { createRequire } from 'node:module'
import { setTimeout as delay } from 'node:timers/promises'
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'
import { spawnActor } from '@uring-actor/actor'
import { connect } from '@uring-actor/client'
import { loadBinding, type NativeRing } from '@uring-actor/native'
import { HeldFiles } from '../support/held-files.ts'
import { codeOf } from '../support/outcome.ts'
import { workerOf } from '../support/watched-workers.ts'

interface Memory {
  take(address: number, length: number, byte: number): number
  changed(address: number, length: number, byte: number): number
}

export interface LateReport {
  /** Whether every reference to the memory being gone let somebody else have it, at once. */
  takenWhileInFlight: boolean
  takenAfterwards: boolean
  /** Bytes of the new owner that the read of the old one changed. */
  changed: number
  told?: string
  restricted?: boolean
  /** Longest time that the main thread was kept from its event loop, in milliseconds. */
  frozen?: number
}

const [, , what = '', addon = ''] = process.argv
const LENGTH = 65536
const POSITION = 32 << 20
const GUARD = 0xa5

/** The longest gap between two turns of the event loop, from now to the call of the result. */
function watchTurns(): () => number {
  let [last, longest] = [performance.now(), 0]
  const look = (): void => {
    const now = performance.now()
    longest = Math.max(longest, now - last)
    last = now
  }
  const timer = setInterval(look, 5)
  return () => {
    clearInterval(timer)
    look()
    return longest
  }
}

/** A client's thread reads, the actor is terminated, the client's thread ends; then the memory. */
async function terminate(memory: Memory, files: HeldFiles): Promise<LateReport> {
  const actor = await spawnActor({ arenaBytes: 1 << 20 })
  await files.hold()
  const held = files.held()
  const client = new Worker(new URL(import.meta.url), { workerData: files.file })
  const [address] = (await once(client, 'message')) as [number]
  await held
  const { restricted } = await actor.stats()
  const gone = once(client, 'exit')
  const told = once(client, 'message')
  const frozen = watchTurns()
  const terminated = workerOf(actor.address.threadId).terminate()
  const [code] = (await told) as [string]
  await gone
  await delay(1500)
  globalThis.gc!()
  const early = memory.take(address, LENGTH, GUARD)
  await files.release()
  await terminated
  const longest = frozen()
  await delay(100)
  globalThis.gc!()
  await delay(100)
  const late = early === 0 ? 0 : memory.take(address, LENGTH, GUARD)
  const changed = late === 0 ? memory.changed(address, LENGTH, GUARD) : 0
  return {
    takenWhileInFlight: early === 0,
    takenAfterwards: late === 0,
    changed,
    told: code,
    restricted,
    frozen: longest,
  }
}

async function clientThread(path: string): Promise<void> {
  const client = connect()
  const file = await client.open(path, 'r')
  const lease = client.alloc(LENGTH)
  const read = codeOf(() => file.read(lease, 0, LENGTH, POSITION))
  parentPort!.postMessage(loadBinding().addressOf(lease))
  parentPort!.postMessage(await read)
  parentPort!.close()
}

const IORING_OP_READ = 22
const IOSQE_ASYNC = 1 << 4
const PARAMS_SQ_TAIL = 11
const PARAMS_SQ_ARRAY = 16

/** One read by a worker of the kernel, on a ring without anything around it. */
function readPlainly(ring: NativeRing, params: Uint32Array, fd: number, address: number): void {
  const words = new Int32Array(ring.map(0, 4096) as ArrayBuffer)
  const request = new DataView(ring.map(0x10000000, 4096) as ArrayBuffer)
  request.setUint8(0, IORING_OP_READ)
  request.setUint8(1, IOSQE_ASYNC)
  request.setInt32(4, fd, true)
  request.setBigUint64(8, BigInt(POSITION), true)
  request.setBigUint64(16, BigInt(address), true)
  request.setUint32(24, LENGTH, true)
  words[params[PARAMS_SQ_ARRAY]! >> 2] = 0
  Atomics.store(words, params[PARAMS_SQ_TAIL]! >> 2, 1)
  ring.enter(1, 0, 0, -1)
}

/** The control: a ring is closed as it is, with a read in flight, and its memory is let go. */
async function control(memory: Memory, files: HeldFiles): Promise<LateReport> {
  const binding = loadBinding()
  const params = new Uint32Array(30)
  const ring = binding.openRing(4, params) as NativeRing
  await files.hold()
  const held = files.held()
  const fd = openSync(files.file, 'r')
  let address = 0
  const begin = (): void => {
    const view = new Uint8Array(
      new SharedArrayBuffer(1 << 20, { maxByteLength: 1 << 20 }),
      0,
      LENGTH,
    )
    address = binding.addressOf(view)
    readPlainly(ring, params, fd, address)
  }
  begin()
  await held
  closeSync(ring.fd)
  for (let round = 0; round < 4; round++) {
    globalThis.gc!()
    await delay(20)
  }
  const early = memory.take(address, LENGTH, GUARD)
  await files.release()
  await delay(300)
  const changed = early === 0 ? memory.changed(address, LENGTH, GUARD) : 0
  return { takenWhileInFlight: early === 0, takenAfterwards: true, changed }
}

if (isMainThread) {
  const memory = createRequire(import.meta.url)(addon) as Memory
  const files = await HeldFiles.mount()
  const report = await (what === 'control' ? control(memory, files) : terminate(memory, files))
  process.stdout.write(`${JSON.stringify(report)}\n`)
  process.exit(0)
} else {
  await clientThread(workerData as string)
}
