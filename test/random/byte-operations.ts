// Operations on a lane's own file of bytes: any position and length, also beyond the end. No two at
// once touch the same bytes, so every result is exactly known.
import { checksumOf, fillBytes, type Memory } from './content.ts'
import {
  ALLOCATE,
  DATASYNC,
  FORM_CHAIN,
  FORM_DRAIN,
  FORM_LEASE,
  FORM_SYNC,
  READ,
  STAT,
  TRIM,
  TRUNCATE,
  WRITE,
} from './kinds.ts'
import { BURST, type Lane, Margins, PLACE_BYTES } from './lane.ts'

/** The file is kept from growing beyond this. */
const SIZE_MAX = 131_072

type Burst = (lane: Lane) => Promise<unknown>

/** One burst: several operations on separate slices, or one of the others. */
export function byteBurst(lane: Lane): Promise<unknown> {
  const drawn = lane.random.below(100)
  const one = OTHERS.find(([below]) => drawn < below)?.[1] ?? slices
  return one(lane)
}

const OTHERS: ReadonlyArray<readonly [number, Burst]> = [
  [6, resize],
  [12, writeAnywhere],
  [24, readAnywhere],
  [27, allocate],
  [33, stat],
  [39, drained],
  [45, chained],
  [46, sync],
]

function drawForm({ random, blocking }: Lane): number {
  const form = random.chance(400) ? FORM_LEASE : 0
  return blocking || random.chance(10) ? form | FORM_SYNC : form
}

/** Separate slices of one range, each read, written or trimmed, all at once. */
function slices(lane: Lane): Promise<unknown> {
  const { random } = lane
  const operations: Promise<unknown>[] = []
  let position = random.below(lane.size)
  const count = 1 + random.below(lane.alone ? 1 : BURST)
  for (let place = 0; place < count && position < lane.size; place++) {
    const length = Math.min(
      1 + random.below(random.pick([64, 5000, PLACE_BYTES])),
      lane.size - position,
    )
    const form = drawForm(lane)
    const kind = random.below(10)
    if (kind < 4) operations.push(read(lane, form, place, position, length))
    else if (kind < 9) operations.push(write(lane, form, place, position, length))
    else operations.push(trim(lane, form, position, length))
    position += length
  }
  return Promise.all(operations)
}

/** Also across the end of the file, and beyond it. */
function readAnywhere(lane: Lane): Promise<unknown> {
  const { random } = lane
  const position = random.below(lane.size + 8192)
  return read(lane, drawForm(lane), 0, position, 1 + random.below(PLACE_BYTES))
}

function writeAnywhere(lane: Lane): Promise<unknown> {
  const { random } = lane
  const length = 1 + random.below(PLACE_BYTES)
  const position = random.below(Math.min(lane.size + 8192, SIZE_MAX - length))
  return write(lane, drawForm(lane), 0, position, length)
}

function read(
  lane: Lane,
  form: number,
  place: number,
  position: number,
  length: number,
): Promise<unknown> {
  const [memory] = lane.places[place]!
  const bytes = memory.memory(form).bytes.subarray(0, length)
  const margins = new Margins(memory, form, bytes)
  const { handle, own, session } = lane
  return lane.perform<number | { bytesRead: number }>(
    { kind: READ, form, file: own.id, position, length },
    (): number | Promise<{ bytesRead: number }> =>
      form & FORM_SYNC
        ? handle!.readSync(bytes, 0, length, position)
        : handle!.read(bytes, 0, length, position),
    (operation, value) => {
      const count = typeof value === 'number' ? value : value.bytesRead
      if (!margins.intact) lane.trampled(operation)
      else session.history.settled(operation, 0, count, checksumOf(bytes.subarray(0, count)))
    },
  )
}

function filled(lane: Lane, memory: Memory): number {
  const version = lane.takeVersions(1)
  fillBytes(memory, lane.own.id, lane.writer, version)
  return version
}

function write(
  lane: Lane,
  form: number,
  place: number,
  position: number,
  length: number,
): Promise<unknown> {
  const memory = lane.places[place]![0].memory(form)
  const version = filled(lane, memory)
  const bytes = memory.bytes.subarray(0, length)
  lane.size = Math.max(lane.size, position + length)
  const { handle, own, session } = lane
  return lane.perform<number | { bytesWritten: number }>(
    { kind: WRITE, form, file: own.id, position, length, version },
    (): number | Promise<{ bytesWritten: number }> =>
      form & FORM_SYNC
        ? handle!.writeSync(bytes, 0, length, position)
        : handle!.write(bytes, 0, length, position),
    (operation, value) => {
      const count = typeof value === 'number' ? value : value.bytesWritten
      session.history.settled(operation, 0, count)
    },
  )
}

function trim(lane: Lane, form: number, position: number, length: number): Promise<unknown> {
  const { handle, own } = lane
  return lane.perform({ kind: TRIM, form, file: own.id, position, length }, () =>
    form & FORM_SYNC ? handle!.trimSync(position, length) : handle!.trim(position, length),
  )
}

function resize(lane: Lane): Promise<unknown> {
  const { handle, own, random } = lane
  lane.size = random.chance(100) ? 1 + random.below(100) : 1 + random.below(SIZE_MAX)
  const { size } = lane
  const form = drawForm(lane)
  return lane.perform({ kind: TRUNCATE, form, file: own.id, position: size, length: 0 }, () =>
    form & FORM_SYNC ? handle!.truncateSync(size) : handle!.truncate(size),
  )
}

function allocate(lane: Lane): Promise<unknown> {
  const { handle, own, random } = lane
  const length = 1 + random.below(PLACE_BYTES)
  const position = random.below(SIZE_MAX - length)
  lane.size = Math.max(lane.size, position + length)
  const form = drawForm(lane)
  return lane.perform({ kind: ALLOCATE, form, file: own.id, position, length }, () =>
    form & FORM_SYNC ? handle!.allocateSync(position, length) : handle!.allocate(position, length),
  )
}

function stat(lane: Lane): Promise<unknown> {
  const { handle, own, session } = lane
  const form = drawForm(lane)
  return lane.perform(
    { kind: STAT, form, file: own.id, position: 0, length: 0 },
    () => (form & FORM_SYNC ? handle!.statSync() : handle!.stat()),
    (operation, { size }) => session.history.settled(operation, 0, size),
  )
}

function sync(lane: Lane): Promise<unknown> {
  const { blocking, handle, own } = lane
  const form = blocking ? FORM_SYNC : 0
  return lane.perform({ kind: DATASYNC, form, file: own.id, position: 0, length: 0 }, () =>
    blocking ? handle!.datasyncSync() : handle!.datasync(),
  )
}

/** A write, and a read of the same bytes that is posted at once but must wait for it. */
function drained(lane: Lane): Promise<unknown> {
  if (lane.blocking) return stat(lane)
  const { handle, own, random, session } = lane
  const length = 1 + random.below(5000)
  const position = random.below(lane.size)
  const written = write(lane, drawForm(lane) & FORM_LEASE, 0, position, length)
  const form = FORM_DRAIN | (drawForm(lane) & FORM_LEASE)
  const bytes = lane.places[1]![0].memory(form).bytes.subarray(0, length)
  const reread = lane.perform(
    { kind: READ, form, file: own.id, position, length },
    () => handle!.read(bytes, { position, drain: true }),
    (operation, { bytesRead }) => {
      const checksum = checksumOf(bytes.subarray(0, bytesRead))
      session.history.settled(operation, 0, bytesRead, checksum)
    },
  )
  return Promise.all([written, reread])
}

/** A write and then a read of the same bytes, linked. */
async function chained(lane: Lane): Promise<unknown> {
  if (lane.blocking) return stat(lane)
  const { own, random, session } = lane
  const { history } = session
  const handle = lane.handle!
  const length = 1 + random.below(5000)
  const position = random.below(lane.size)
  lane.size = Math.max(lane.size, position + length)
  const [first, second] = lane.places[0]!
  const memory = first.memory(drawForm(lane))
  const version = filled(lane, memory)
  const bytes = second.memory(drawForm(lane)).bytes.subarray(0, length)
  const at = { form: FORM_CHAIN, file: own.id, position, length }
  const written = lane.invoked({ kind: WRITE, ...at, version })
  const reread = lane.invoked({ kind: READ, ...at })
  try {
    const results = await session.client.chain((c) =>
      c.write(handle, memory.bytes, 0, length, position).read(handle, bytes, 0, length, position),
    )
    const [{ bytesWritten }, { bytesRead }] = results as [
      { bytesWritten: number },
      { bytesRead: number },
    ]
    history.settled(written, 0, bytesWritten)
    history.settled(reread, 0, bytesRead, checksumOf(bytes.subarray(0, bytesRead)))
  } catch (error) {
    for (const operation of [written, reread]) lane.failed(operation, error)
  }
  return undefined
}
