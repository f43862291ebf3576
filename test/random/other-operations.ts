// Opening, closing, calls that must fail, and those that only go to the ring and back.
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { UringFile } from '@uring-actor/client'
import {
  CLOSE,
  FLUSH,
  FORM_SYNC,
  NOP,
  OPEN,
  OPEN_EXISTING,
  OPEN_MISSING,
  READ_CLOSED,
  READ_FROM_WRITER,
  TRIM_NOTHING,
  WRITE_TO_READER,
} from './kinds.ts'
import type { Lane } from './lane.ts'
import { SHARED_FILES } from './plan.ts'

type Other = (lane: Lane, form: number) => Promise<unknown>

const OTHERS: readonly Other[] = [
  openAgain,
  openAgain,
  openSharedAgain,
  openMissing,
  openExisting,
  readClosed,
  wrongDirection,
  trimNothing,
  renewLease,
  nop,
  nop,
  flush,
]

export function otherOperation(lane: Lane): Promise<unknown> {
  const form = lane.blocking || lane.random.chance(50) ? FORM_SYNC : 0
  return lane.random.pick(OTHERS)(lane, form)
}

/** Opens a file and writes that down; null when it failed. */
export async function open(
  lane: Lane,
  form: number,
  file: { id: number; path: string },
  flags: string | number,
  kind: number = OPEN,
): Promise<UringFile | null> {
  const { client, history } = lane.session
  let opened: UringFile | null = null
  await lane.perform(
    { kind, form, file: file.id, position: 0, length: 0 },
    () => (form & FORM_SYNC ? client.openSync(file.path, flags) : client.open(file.path, flags)),
    (operation, handle) => {
      opened = handle
      history.settled(operation, 0, 0)
    },
  )
  return opened
}

export function close(lane: Lane, form: number, id: number, handle: UringFile): Promise<unknown> {
  return lane.perform({ kind: CLOSE, form, file: id, position: 0, length: 0 }, () =>
    form & FORM_SYNC ? handle.closeSync() : handle.close(),
  )
}

async function openAgain(lane: Lane, form: number): Promise<void> {
  await close(lane, form, lane.own.id, lane.handle!)
  lane.handle = await open(lane, form, lane.own, 'r+')
}

/** Other lanes go on with the new handle at once; what they have in flight ends on the old one. */
async function openSharedAgain(lane: Lane, form: number): Promise<void> {
  if (lane.blocking) return openAgain(lane, form)
  const { blockFiles, plan } = lane.session
  const id = lane.random.pick(SHARED_FILES)
  const fresh = await open(lane, 0, plan.files[id]!, 'r+')
  if (fresh === null) return
  const stale = blockFiles[id]!
  blockFiles[id] = fresh
  await close(lane, 0, id, stale)
}

function openMissing(lane: Lane, form: number): Promise<unknown> {
  const missing = { id: lane.own.id, path: `${lane.own.path}-missing` }
  return open(lane, form, missing, 'r', OPEN_MISSING)
}

function openExisting(lane: Lane, form: number): Promise<unknown> {
  return open(lane, form, lane.own, 'wx', OPEN_EXISTING)
}

async function readClosed(lane: Lane, form: number): Promise<void> {
  const handle = await open(lane, form, lane.own, 'r')
  if (handle === null) return
  await close(lane, form, lane.own.id, handle)
  const { bytes } = lane.places[0]![0].memory(0)
  await lane.perform(
    { kind: READ_CLOSED, form, file: lane.own.id, position: 0, length: 16 },
    (): unknown =>
      form & FORM_SYNC ? handle.readSync(bytes, 0, 16, 0) : handle.read(bytes, 0, 16, 0),
  )
}

async function wrongDirection(lane: Lane, form: number): Promise<void> {
  const writing = lane.random.chance(500)
  const handle = await open(lane, form, lane.own, writing ? 'r' : 'a')
  if (handle === null) return
  const { bytes } = lane.places[0]![0].memory(0)
  const kind = writing ? WRITE_TO_READER : READ_FROM_WRITER
  const blocking = (form & FORM_SYNC) !== 0
  await lane.perform({ kind, form, file: lane.own.id, position: 0, length: 16 }, (): unknown => {
    if (writing) return blocking ? handle.writeSync(bytes, 0, 16, 0) : handle.write(bytes, 0, 16, 0)
    return blocking ? handle.readSync(bytes, 0, 16, 0) : handle.read(bytes, 0, 16, 0)
  })
  await close(lane, form, lane.own.id, handle)
}

function trimNothing(lane: Lane, form: number): Promise<unknown> {
  const handle = lane.handle!
  return lane.perform(
    { kind: TRIM_NOTHING, form, file: lane.own.id, position: 0, length: 0 },
    () => (form & FORM_SYNC ? handle.trimSync(0, 0) : handle.trim(0, 0)),
  )
}

async function renewLease(lane: Lane, form: number): Promise<void> {
  for (const place of lane.random.pick(lane.places)) place.renew()
  await nop(lane, form)
}

function nop(lane: Lane, form: number): Promise<unknown> {
  const { client } = lane.session
  return lane.perform({ kind: NOP, form, file: 0, position: 0, length: 0 }, () =>
    form & FORM_SYNC ? client.nopSync() : client.nop(),
  )
}

function flush(lane: Lane, form: number): Promise<unknown> {
  if (lane.blocking) return nop(lane, form)
  return lane.perform({ kind: FLUSH, form: 0, file: 0, position: 0, length: 0 }, async () => {
    await lane.session.client.flush()
    // The promises of what it waited for are settled by now, but who awaits them may come next.
    await nextTurn()
  })
}
