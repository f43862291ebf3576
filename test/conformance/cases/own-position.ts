// Reads and writes at a file's own position, or its end: one after the other, in the order of the calls,
// whatever their length and shape, however many there are, and whoever is given up.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import {
  AbortError,
  BusyError,
  type Lease,
  type OperationOptions,
  type UringFile,
} from '@uring-actor/client'
import { Random } from '../../random/random.ts'
import type { Context } from '../context.ts'
import { fillArena } from '../giving-up.ts'
import { assertBytes, fileWith, pattern } from '../ways.ts'

const MEBI = 2 ** 20

/** Many at once, begun as others end, each some microtasks later: also where not all have room. */
export async function whatIsReadComesInTheOrderOfTheCalls({
  client,
  path,
}: Context): Promise<void> {
  const chunk = 1000
  const calls = 2000
  const content = pattern(calls * chunk)
  const file = await client.open(fileWith(path('file'), content))
  let called = 0
  const lane = async (): Promise<void> => {
    while (called < calls) {
      const call = called++
      const { bytesRead, buffer } = await file.read(Buffer.alloc(chunk), 0, chunk, null)
      assert.equal(bytesRead, chunk)
      assertBytes(buffer, content.subarray(call * chunk, (call + 1) * chunk), `call ${call}`)
      for (let hop = 0; hop < call % 13; hop++) await null
    }
  }
  await Promise.all(Array.from({ length: 48 }, lane))
  await file.close()
}

export async function whatIsWrittenStandsInTheOrderOfTheCalls({
  client,
  path,
}: Context): Promise<void> {
  const chunk = 1000
  const calls = 1000
  const content = pattern(calls * chunk)
  const file = await client.open(path('file'), 'w')
  let called = 0
  const lane = async (): Promise<void> => {
    while (called < calls) {
      const call = called++
      await file.write(content.subarray(call * chunk, (call + 1) * chunk))
      for (let hop = 0; hop < call % 13; hop++) await null
    }
  }
  await Promise.all(Array.from({ length: 48 }, lane))
  await file.close()
  assertBytes(fs.readFileSync(path('file')), content)
}

export async function noCallComesAmidALongWrite({ client, path }: Context): Promise<void> {
  for (const flags of ['w', 'a']) {
    const file = await client.open(path(flags), flags)
    const parts = [5, 3 * MEBI + 5, 7, 2 * MEBI, 9, 11].map((length, n) => pattern(length, n))
    const [small, long, bounded, second, vector, last] = parts as [Buffer, ...Buffer[]]
    await Promise.all([
      file.write(small),
      file.write(long!),
      file.write(bounded!, { timeout: 60_000 }),
      file.appendFile(second!),
      file.writev([vector!.subarray(0, 4), vector!.subarray(4)]),
      file.writeDurable(last!),
    ])
    await file.close()
    assertBytes(fs.readFileSync(path(flags)), Buffer.concat(parts), flags)
  }
}

export async function noCallComesAmidALongRead({ client, path }: Context): Promise<void> {
  const lengths = [5, 3 * MEBI + 5, 7, 2 * MEBI, 9, 11]
  const content = pattern(6 * MEBI)
  const file = await client.open(fileWith(path('file'), content))
  const buffers = lengths.map((length) => Buffer.alloc(length))
  const [small, long, bounded, second, vector, last] = buffers as [Buffer, ...Buffer[]]
  await Promise.all([
    file.read(small),
    file.read(long!),
    file.read(bounded!, { timeout: 60_000 }),
    file.read(second!),
    file.readv([vector!.subarray(0, 4), vector!.subarray(4)]),
    file.read(last!),
  ])
  let at = 0
  for (const buffer of buffers) {
    assertBytes(buffer, content.subarray(at, at + buffer.length), `what was read at ${at}`)
    at += buffer.length
  }
  await file.close()
}

export async function aLeaseWaitsForTheLongCallsBeforeIt({ client, path }: Context): Promise<void> {
  const file = await client.open(path('file'), 'w+')
  using lease = client.alloc(5000)
  lease.set(pattern(5000))
  const long = pattern(3 * MEBI, 2)
  await Promise.all([file.write(long), file.write(lease), file.write(Buffer.from('end'))])
  const content = fs.readFileSync(path('file'))
  assertBytes(content, Buffer.concat([long, lease, Buffer.from('end')]))
  await file.close()
  const again = await client.open(path('file'))
  const calls = [again.read(long), again.read(lease.fill(0)), again.read(Buffer.alloc(3))]
  assert.equal((await calls.at(-1))?.buffer.toString(), 'end')
  assertBytes(lease, pattern(5000))
  await Promise.all(calls)
  await again.close()
}

/** Who holds memory that another waits for would not let it go while he waits for the other. */
export async function aLeaseDoesNotWaitForWhoWaitsForMemory({
  client,
  path,
}: Context): Promise<void> {
  const file = await client.open(path('file'), 'w')
  const leases = fillArena(client)
  const lease = leases.at(-1) as Lease
  const waiting = file.write(Buffer.alloc(4096, 1))
  const { bytesWritten } = await file.write(lease.fill(2), 0, 4096)
  assert.equal(bytesWritten, 4096)
  for (const each of leases) each.release()
  await waiting
  await file.close()
  assertBytes(
    fs.readFileSync(path('file')),
    Buffer.concat([Buffer.alloc(4096, 2), Buffer.alloc(4096, 1)]),
  )
}

export async function whoMustNotWaitIsToldWhatHeWouldWaitFor({
  client,
  path,
}: Context): Promise<void> {
  const file = await client.open(path('file'), 'w')
  const long = file.write(pattern(3 * MEBI))
  await assert.rejects(file.write(Buffer.alloc(5), { noWait: true }), (error) => {
    return error instanceof BusyError && error.reason === 'position'
  })
  await long
  assert.equal((await file.write(Buffer.alloc(5), { noWait: true })).bytesWritten, 5)
  await file.close()
}

export async function aReadOfAPipeHoldsUpNoWriteToIt({ client, path }: Context): Promise<void> {
  execFileSync('mkfifo', [path('pipe')])
  const pipe = await client.open(path('pipe'), 'r+')
  const wanted = Buffer.alloc(3 * MEBI)
  const read = pipe.read(wanted)
  await pipe.write(Buffer.from('abc'))
  assert.equal((await read).bytesRead, 3)
  assert.equal(wanted.toString('latin1', 0, 3), 'abc')
  await pipe.close()
}

/** Writes the parts at once, and reads them all: they come as if there had been one write. */
async function writeToPipe({ client, path }: Context, parts: readonly Buffer[]): Promise<void> {
  execFileSync('mkfifo', [path('pipe')])
  const pipe = await client.open(path('pipe'), 'r+')
  const writes = Promise.all(parts.map((part) => pipe.write(part)))
  const expected = Buffer.concat(parts)
  const got = Buffer.alloc(expected.length)
  let at = 0
  while (at < got.length) at += (await pipe.read(got, at, got.length - at, null)).bytesRead
  await writes
  await pipe.close()
  assertBytes(got, expected)
}

export async function smallWritesToAPipeComeInTheOrderOfTheCalls(context: Context): Promise<void> {
  const parts = Array.from({ length: 500 }, (_, n) => pattern(100, n))
  await writeToPipe(context, parts)
}

export async function longWritesToAPipeDoNotMix(context: Context): Promise<void> {
  const parts = [1, 2, 3].map((n) => pattern(2 * MEBI, n))
  await writeToPipe(context, parts)
}

/** What became of a call: how many bytes it has transferred, and those it has read, where anybody has them. */
interface Came {
  readonly count: number
  readonly bytes: Uint8Array | null
}

const NOTHING: Came = { count: 0, bytes: null }

function cameOf(result: unknown): Came {
  const { bytesRead, bytesWritten, buffer } = result as {
    bytesRead?: number
    bytesWritten?: number
    buffer?: Uint8Array
  }
  return { count: (bytesRead ?? bytesWritten) as number, bytes: buffer ?? null }
}

async function became(call: Promise<unknown>, bytes: Buffer): Promise<Came> {
  try {
    return { ...cameOf(await call), bytes }
  } catch (error) {
    if (error instanceof BusyError) return NOTHING
    if (!(error instanceof AbortError)) throw error
    const outcome = await error.outcome
    if (outcome.state === 'not-started') return NOTHING
    if (outcome.state === 'cancelled') return { count: outcome.bytes ?? 0, bytes: null }
    if (outcome.error !== undefined) throw outcome.error
    const came = cameOf(outcome.result)
    // What was read in several pieces nobody has.
    return came.bytes === bytes ? { ...came, bytes: null } : came
  }
}

type Transfer = 'read' | 'write'

function transfer(
  file: UringFile,
  kind: Transfer,
  bytes: Uint8Array,
  options: OperationOptions = {},
): Promise<unknown> {
  if (kind === 'read') return file.read(bytes, 0, bytes.length, null, options)
  return file.write(bytes, 0, bytes.length, null, options)
}

/** Begins a call of some shape at the own position, which takes these bytes, and may be given up. */
function begin(file: UringFile, random: Random, kind: Transfer, bytes: Buffer): Promise<unknown> {
  const shape = random.below(6)
  if (shape === 0) {
    const both = [bytes.subarray(0, bytes.length >> 1), bytes.subarray(bytes.length >> 1)]
    return kind === 'read' ? file.readv(both) : file.writev(both)
  }
  if (shape === 1) return transfer(file, kind, bytes, { noWait: true })
  if (shape > 3) return transfer(file, kind, bytes)
  const controller = new AbortController()
  const call = transfer(file, kind, bytes, { signal: controller.signal })
  call.catch(() => {})
  abortLater(controller, random.below(60))
  return call
}

async function abortLater(controller: AbortController, hops: number): Promise<void> {
  for (let hop = 0; hop < hops; hop++) await null
  if (hops > 40) await new Promise(setImmediate)
  controller.abort()
}

/** Calls of all shapes and lengths from several lanes; in the order of the calls, what became of each. */
async function randomCalls(
  file: UringFile,
  kind: Transfer,
  seed: number,
): Promise<Array<Came & { given: Buffer }>> {
  const random = new Random(seed, kind === 'read' ? 1 : 2)
  const calls: Array<Promise<Came & { given: Buffer }>> = []
  const lane = async (): Promise<void> => {
    while (calls.length < 400) {
      const length = random.chance(30)
        ? MEBI + random.below(2 * MEBI)
        : 2 + random.below(random.chance(500) ? 40 : 9000)
      const given = kind === 'read' ? Buffer.alloc(length) : pattern(length, calls.length)
      const call = became(begin(file, random, kind, given), given)
      calls.push(call.then((came) => ({ ...came, given })))
      await call
      for (let hop = random.below(13); hop > 0; hop--) await null
    }
  }
  await Promise.all(Array.from({ length: 24 }, lane))
  return Promise.all(calls)
}

const SEED = Number(process.env.URING_ACTOR_POSITION_SEED ?? 0) || (Math.random() * 2 ** 31) | 0

export async function randomWritesStandInTheOrderOfTheCalls({
  client,
  path,
}: Context): Promise<void> {
  for (const flags of ['w', 'a']) {
    const file = await client.open(path(flags), flags)
    const calls = await randomCalls(file, 'write', SEED)
    await file.close()
    const expected = Buffer.concat(calls.map(({ given, count }) => given.subarray(0, count)))
    const what = `URING_ACTOR_POSITION_SEED=${SEED}, flags ${flags}`
    assertBytes(fs.readFileSync(path(flags)), expected, what)
  }
}

export async function randomReadsComeInTheOrderOfTheCalls({
  client,
  path,
}: Context): Promise<void> {
  const content = pattern(64 * MEBI)
  const file = await client.open(fileWith(path('file'), content))
  let at = 0
  let checked = 0
  for (const { bytes, count } of await randomCalls(file, 'read', SEED)) {
    const what = `URING_ACTOR_POSITION_SEED=${SEED}, at ${at}`
    if (bytes !== null) {
      assertBytes(bytes.subarray(0, count), content.subarray(at, at + count), what)
      checked++
    }
    at += count
  }
  assert.ok(checked > 100, `${checked} reads were checked`)
  await file.close()
}
