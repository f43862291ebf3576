// Operations on the files of blocks, most of which any client may touch at any time.
import { BLOCK_BYTES, memoryOf } from './content.ts'
import { givenUpOperation } from './given-up.ts'
import {
  DATASYNC,
  FORM_CHAIN,
  FORM_DRAIN,
  FORM_DURABLE,
  FORM_LEASE,
  FORM_MANY,
  FORM_SYNC,
  FORM_VECTOR,
  READ,
  STAT,
  SYNC,
  SYNC_RANGE,
  TRIM,
  WRITE,
} from './kinds.ts'
import { BLOCKS_MAX, cut, type Lane, Margins, type Target } from './lane.ts'
import { DIRECT_BLOCKS_PER_LANE, DIRECT_FILE, SHARED_BLOCKS, SHARED_FILES } from './plan.ts'

/** All clients meet here. */
const HOT_BLOCKS = 32

/** One operation, or one chain; `place` is its number in the burst. */
export function blockOperation(lane: Lane, place: number): Promise<unknown> {
  const { random } = lane
  const target = drawTarget(lane, place)
  const form = drawForm(lane)
  if (!lane.blocking && random.chance(40)) return givenUpOperation(lane, target, place)
  const drawn = random.below(1000)
  if (drawn < 490) return readBlocks(lane, target, form, place)
  if (drawn < 900) return writeBlocks(lane, target, form, place)
  if (drawn < 940) return trimBlocks(lane, target, form)
  if (drawn < 970 && !lane.blocking) return chain(lane, target, place)
  if (drawn < 990) return statBlocks(lane, target, form)
  return syncBlocks(lane, target, form)
}

function drawTarget({ random, writer, session }: Lane, place: number): Target {
  const direct = session.blockFiles[DIRECT_FILE] ?? null
  if (direct !== null && random.chance(200)) {
    // Each place of a burst has blocks of its own: no two operations at once on one of them.
    const each = DIRECT_BLOCKS_PER_LANE / 4
    const block = (writer - 1) * DIRECT_BLOCKS_PER_LANE + place * each
    return { handle: direct, file: DIRECT_FILE, block, count: 1 + random.below(each) }
  }
  const file = random.pick(SHARED_FILES)
  const block = random.below(random.chance(500) ? HOT_BLOCKS : SHARED_BLOCKS)
  const count = Math.min(
    random.chance(700) ? 1 : 1 + random.below(BLOCKS_MAX),
    SHARED_BLOCKS - block,
  )
  return { handle: session.blockFiles[file]!, file, block, count }
}

function drawForm({ random, blocking }: Lane): number {
  let form = random.chance(400) ? FORM_LEASE : 0
  const order = random.below(100)
  if (blocking || order === 0) form |= FORM_SYNC
  else if (order === 1) form |= FORM_DRAIN
  if (random.chance(100)) form |= FORM_VECTOR
  return form
}

/** What vectors may be cut at: whole blocks where the kernel wants aligned memory. */
function unitOf(file: number): number {
  return file === DIRECT_FILE ? BLOCK_BYTES : 256
}

function readBlocks(lane: Lane, target: Target, form: number, place: number): Promise<unknown> {
  const { random, session } = lane
  const { handle, file, block, count } = target
  if (form === 0 && random.chance(100)) return readMany(lane, target)
  const [own] = lane.places[place]!
  const memory = own.memory(form)
  const length = count * BLOCK_BYTES
  const position = block * BLOCK_BYTES
  const bytes = memory.bytes.subarray(0, length)
  const parts = form & FORM_VECTOR ? cut(random, bytes, unitOf(file)) : []
  const margins = new Margins(own, form, bytes)
  return lane.perform<number | { bytesRead: number }>(
    { kind: READ, form, file, position, length },
    (): number | Promise<{ bytesRead: number }> => {
      if (form & FORM_VECTOR) {
        return form & FORM_SYNC ? handle.readvSync(parts, position) : handle.readv(parts, position)
      }
      if (form & FORM_SYNC) return handle.readSync(bytes, 0, length, position)
      if (form & FORM_DRAIN) return handle.read(bytes, { position, drain: true })
      return handle.read(memory.bytes, 0, length, position)
    },
    (operation, value) => {
      const count = typeof value === 'number' ? value : value.bytesRead
      if (margins.intact) session.history.settledBlocks(operation, count, memory, file, block)
      else lane.trampled(operation)
    },
  )
}

/** Several single blocks with one promise. */
async function readMany(lane: Lane, { handle, file, block, count }: Target): Promise<void> {
  const { history } = lane.session
  const form = FORM_MANY
  const positions = Array.from({ length: count }, (_, index) => (block + index) * BLOCK_BYTES)
  const operations = positions.map((position) =>
    lane.invoked({ kind: READ, form, file, position, length: BLOCK_BYTES }),
  )
  try {
    const blocks = await handle.readMany(positions, BLOCK_BYTES)
    for (const [index, operation] of operations.entries()) {
      const bytes = blocks[index]!
      history.settledBlocks(operation, bytes.length, memoryOf(bytes), file, block + index)
    }
  } catch (error) {
    for (const operation of operations) lane.failed(operation, error)
  }
}

function writeBlocks(lane: Lane, target: Target, form: number, place: number): Promise<unknown> {
  const { random, session } = lane
  const { handle, file, block, count } = target
  const memory = lane.places[place]![0].memory(form)
  const version = lane.sealAll(memory, target)
  const length = count * BLOCK_BYTES
  const position = block * BLOCK_BYTES
  const bytes = memory.bytes.subarray(0, length)
  const parts = form & FORM_VECTOR ? cut(random, bytes, unitOf(file)) : []
  // Few, because each waits for the device.
  const how = !(form & FORM_VECTOR) && random.chance(4) ? form | FORM_DURABLE : form
  return lane.perform<number | { bytesWritten: number }>(
    { kind: WRITE, form: how, file, position, length, version },
    (): number | Promise<{ bytesWritten: number }> => {
      if (form & FORM_VECTOR) {
        return form & FORM_SYNC
          ? handle.writevSync(parts, position)
          : handle.writev(parts, position)
      }
      if (how & FORM_DURABLE) {
        return form & FORM_SYNC
          ? handle.writeDurableSync(bytes, 0, length, position)
          : handle.writeDurable(bytes, 0, length, position)
      }
      if (form & FORM_SYNC) return handle.writeSync(bytes, 0, length, position)
      if (form & FORM_DRAIN) return handle.write(bytes, { position, drain: true })
      return handle.write(memory.bytes, 0, length, position)
    },
    (operation, value) => {
      const count = typeof value === 'number' ? value : value.bytesWritten
      session.history.settled(operation, 0, count)
    },
  )
}

function trimBlocks(lane: Lane, target: Target, form: number): Promise<unknown> {
  const { handle, file, block, count } = target
  const length = count * BLOCK_BYTES
  const position = block * BLOCK_BYTES
  const version = lane.takeVersions(count)
  const drain = (form & FORM_DRAIN) !== 0
  return lane.perform({ kind: TRIM, form, file, position, length, version }, () =>
    form & FORM_SYNC ? handle.trimSync(position, length) : handle.trim(position, length, { drain }),
  )
}

/** Writes, perhaps syncs, reads again, and perhaps trims: each when the one before has succeeded. */
async function chain(lane: Lane, target: Target, place: number): Promise<void> {
  const { random, session } = lane
  const { handle, file, block, count } = target
  const length = count * BLOCK_BYTES
  const position = block * BLOCK_BYTES
  const [first, second] = lane.places[place]!
  const written = first.memory(random.chance(500) ? FORM_LEASE : 0)
  const read = second.memory(random.chance(500) ? FORM_LEASE : 0)
  const version = lane.sealAll(written, target)
  const synced = random.chance(20)
  const trimmed = random.chance(200)
  const at = { form: FORM_CHAIN, file, position, length }
  const write = lane.invoked({ kind: WRITE, ...at, version })
  const sync = synced ? lane.invoked({ kind: DATASYNC, ...at }) : -1
  const reread = lane.invoked({ kind: READ, ...at })
  const trimVersion = trimmed ? lane.takeVersions(count) : 0
  const trim = trimmed ? lane.invoked({ kind: TRIM, ...at, version: trimVersion }) : -1
  const { history } = session
  try {
    const results = await session.client.chain((c) => {
      c.write(handle, written.bytes, 0, length, position)
      if (synced) c.datasync(handle)
      c.read(handle, read.bytes, 0, length, position)
      if (trimmed) c.trim(handle, position, length)
    })
    history.settled(write, 0, (results[0] as { bytesWritten: number }).bytesWritten)
    if (synced) history.settled(sync, 0, 0)
    const { bytesRead } = results[synced ? 2 : 1] as { bytesRead: number }
    history.settledBlocks(reread, bytesRead, read, file, block)
    if (trimmed) history.settled(trim, 0, 0)
  } catch (error) {
    for (const operation of [write, sync, reread, trim]) {
      if (operation >= 0) lane.failed(operation, error)
    }
  }
}

function statBlocks(lane: Lane, { handle, file }: Target, form: number): Promise<unknown> {
  return lane.perform(
    { kind: STAT, form, file, position: 0, length: 0 },
    () => (form & FORM_SYNC ? handle.statSync() : handle.stat()),
    (operation, { size }) => lane.session.history.settled(operation, 0, size),
  )
}

function syncBlocks(lane: Lane, target: Target, form: number): Promise<unknown> {
  const { handle, file, block, count } = target
  const length = count * BLOCK_BYTES
  const position = block * BLOCK_BYTES
  // Few, because each waits for the device.
  const kind = lane.random.chance(200) ? lane.random.pick([SYNC, DATASYNC]) : SYNC_RANGE
  return lane.perform({ kind, form, file, position, length }, () => {
    const blocking = (form & FORM_SYNC) !== 0
    if (kind === SYNC) return blocking ? handle.syncSync() : handle.sync()
    if (kind === DATASYNC) return blocking ? handle.datasyncSync() : handle.datasync()
    return blocking ? handle.syncRangeSync(position, length) : handle.syncRange(position, length)
  })
}
