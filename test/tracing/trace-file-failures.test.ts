// A recording that cannot be, or is not finished: the error says why, no file is left, one that was
// there is as it was, and the actor and its clients go on.
import assert from 'node:assert/strict'
import { getEventListeners } from 'node:events'
import {
  chmodSync,
  chownSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import path from 'node:path'
import { after, afterEach, before, beforeEach, test } from 'node:test'
import { type Actor, type RecordTraceOptions, spawnActor } from '@uring-actor/actor'
import { runScript } from '../support/child.ts'
import { mountTmpfs } from '../support/filesystems.ts'
import { codeOf, within } from '../support/outcome.ts'
import { madeOrReason } from '../support/removals.ts'
import { temporaryDirectory } from '../support/temporary.ts'
import { missingRoot } from '../support/tools.ts'
import { isRecording, recordingBegins } from './trace-file-tasks.ts'

const LONG = { seconds: 3600 }

let actor: Actor
let directory: string
let file: string
before(async () => {
  actor = await spawnActor()
})
beforeEach(() => {
  directory = temporaryDirectory()
  file = path.join(directory, 'trace.json')
})
afterEach(async () => {
  assert.equal(isRecording(actor.address), false)
  if (actor.closed) return
  const client = actor.connect()
  await client.nop()
  await client.close()
})
after(() => actor.close())

const MISTAKES: ReadonlyArray<[path: unknown, options: unknown, code: string, says: RegExp]> = [
  [undefined, LONG, 'ERR_INVALID_ARG_TYPE', /"path" argument .* Received undefined/],
  [42, LONG, 'ERR_INVALID_ARG_TYPE', /"path" argument .* Received type number \(42\)/],
  ['', LONG, 'ERR_INVALID_ARG_VALUE', /'path' .* Received ''/],
  ['a\0b', LONG, 'ERR_INVALID_ARG_VALUE', /'path' must be a string without null bytes/],
  [new URL('http://a/b'), LONG, 'ERR_INVALID_URL_SCHEME', /scheme/],
  ['a', undefined, 'ERR_INVALID_ARG_TYPE', /"options" argument .* Received undefined/],
  ['a', 5, 'ERR_INVALID_ARG_TYPE', /"options" argument .* Received type number \(5\)/],
  ['a', {}, 'ERR_INVALID_ARG_TYPE', /"options.seconds" property .* Received undefined/],
  ['a', { seconds: '1' }, 'ERR_INVALID_ARG_TYPE', /"options.seconds" .* Received type string/],
  ['a', { seconds: 0 }, 'ERR_OUT_OF_RANGE', /"options.seconds" .* > 0 && <= 3600\. Received 0/],
  ['a', { seconds: Number.NaN }, 'ERR_OUT_OF_RANGE', /"options.seconds" .* Received NaN/],
  ['a', { seconds: 3601 }, 'ERR_OUT_OF_RANGE', /"options.seconds" .* Received 3601/],
  ['a', { seconds: 1, maxEvents: null }, 'ERR_INVALID_ARG_TYPE', /"options.maxEvents" .* null/],
  ['a', { seconds: 1, maxEvents: 3 }, 'ERR_OUT_OF_RANGE', /"options.maxEvents" .* Received 3/],
  ['a', { seconds: 1, maxEvents: 1.5 }, 'ERR_OUT_OF_RANGE', /"options.maxEvents" .* an integer/],
  ['a', { seconds: 1, maxEvent: 9 }, 'ERR_INVALID_ARG_VALUE', /"options.maxEvent" is no option/],
  ['a', { seconds: 1, signal: {} }, 'ERR_INVALID_ARG_TYPE', /"options.signal" property must be/],
]

for (const [given, options, code, says] of MISTAKES) {
  test(`a mistake is told by name and value: ${code} ${says.source}`, async () => {
    await assert.rejects(
      actor.recordTrace(given as string, options as RecordTraceOptions),
      (error: NodeJS.ErrnoException) => error.code === code && says.test(error.message),
    )
  })
}

test('a missing directory, and what is no regular file, are refused at once', async () => {
  const missing = path.join(directory, 'missing', 'trace.json')
  assert.equal(await codeOf(() => actor.recordTrace(missing, LONG)), 'ENOENT')
  mkdirSync(file)
  assert.equal(await codeOf(() => actor.recordTrace(file, LONG)), 'ERR_INVALID_ARG_VALUE')
  assert.equal(await codeOf(() => actor.recordTrace('/dev/null', LONG)), 'ERR_INVALID_ARG_VALUE')
  assert.deepEqual(readdirSync(directory), ['trace.json'])
})

test('a link stays one, also to what is not there yet', async () => {
  const elsewhere = path.join(directory, 'elsewhere')
  mkdirSync(elsewhere)
  symlinkSync('elsewhere/target.json', path.join(directory, 'first'))
  symlinkSync('first', file)
  for (const what of ['not there yet', 'there']) {
    const { path: told } = await actor.recordTrace(file, { seconds: 0.001 })
    assert.equal(told, file)
    assert.equal(readlinkSync(file), 'first', what)
    assert.deepEqual(readdirSync(elsewhere), ['target.json'])
    assert.ok(JSON.parse(readFileSync(file, 'utf8')).traceEvents.length > 0)
  }
  const loop = path.join(directory, 'loop')
  symlinkSync('loop', loop)
  assert.equal(await codeOf(() => actor.recordTrace(loop, LONG)), 'ELOOP')
})

test('a new file is for its owner only, and one that was there keeps its mode', async () => {
  const mode = (): number => statSync(file).mode & 0o777
  await actor.recordTrace(file, { seconds: 0.001 })
  assert.equal(mode(), 0o600)
  for (const kept of [0o640, 0o666, 0o600]) {
    chmodSync(file, kept)
    await actor.recordTrace(file, { seconds: 0.001 })
    assert.equal(mode(), kept)
  }
})

test("another's file stays another's", { skip: missingRoot() }, async () => {
  writeFileSync(file, '')
  chownSync(file, 1234, 1235)
  await actor.recordTrace(file, { seconds: 0.001 })
  const { uid, gid } = statSync(file)
  assert.deepEqual([uid, gid], [1234, 1235])
})

test('an abort ends it without a file, and leaves one that was there as it was', async () => {
  writeFileSync(file, 'as it was')
  const controller = new AbortController()
  const { signal } = controller
  const recording = actor.recordTrace(file, { ...LONG, signal })
  await recordingBegins(actor.address)
  assert.equal(readdirSync(directory).length, 2)
  controller.abort('enough')
  await assert.rejects(within(30_000, 'the abort', recording), {
    name: 'AbortError',
    code: 'ABORT_ERR',
    cause: 'enough',
  })
  assert.deepEqual(readdirSync(directory), ['trace.json'])
  assert.equal(readFileSync(file, 'utf8'), 'as it was')
  assert.deepEqual(getEventListeners(signal, 'abort'), [])
})

test('a signal that was aborted before begins nothing', async () => {
  const signal = AbortSignal.abort()
  assert.equal(await codeOf(() => actor.recordTrace(file, { ...LONG, signal })), 'ABORT_ERR')
  assert.deepEqual(readdirSync(directory), [])
})

test('there is one at a time, and another one afterwards', async () => {
  const controller = new AbortController()
  const first = actor.recordTrace(file, { ...LONG, signal: controller.signal })
  const other = path.join(directory, 'other.json')
  assert.equal(await codeOf(() => actor.recordTrace(other, LONG)), 'ERR_URING_BUSY')
  await recordingBegins(actor.address)
  controller.abort()
  assert.equal(await codeOf(() => first), 'ABORT_ERR')
  await actor.recordTrace(other, { seconds: 0.001 })
  assert.deepEqual(readdirSync(directory), ['other.json'])
})

const smallDisk = madeOrReason(() => mountTmpfs(256 * 1024))

test('a full disk ends it with the error, and leaves no file', {
  skip: typeof smallDisk === 'string' && smallDisk,
}, async () => {
  assert.ok(typeof smallDisk !== 'string')
  const recording = actor.recordTrace(path.join(smallDisk.directory, 'trace.json'), LONG)
  const code = codeOf(() => within(60_000, 'the full disk', recording))
  await recordingBegins(actor.address)
  const client = actor.connect()
  while (isRecording(actor.address))
    await Promise.all(Array.from({ length: 64 }, () => client.nop()))
  await client.close()
  assert.equal(await code, 'ENOSPC')
  assert.deepEqual(readdirSync(smallDisk.directory), [])
})

test('a closing actor ends it, and leaves no file', async () => {
  const recording = actor.recordTrace(file, LONG)
  const code = codeOf(() => within(30_000, 'the end', recording))
  await recordingBegins(actor.address)
  await actor.close()
  assert.equal(await code, 'ERR_URING_ACTOR_EXITED')
  assert.deepEqual(readdirSync(directory), [])
  assert.equal(await codeOf(() => actor.recordTrace(file, LONG)), 'ERR_URING_ACTOR_EXITED')
  actor = await spawnActor()
})

test('a process lives until its recording is finished, and no longer', async () => {
  const script = new URL('./trace-file-child.js', import.meta.url)
  const { code, stdout, stderr } = await runScript(script, { args: [file] })
  assert.deepEqual([code, stdout.trim(), stderr], [0, file, ''])
  assert.deepEqual(readdirSync(directory), ['trace.json'])
})
