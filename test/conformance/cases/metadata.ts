// stat, chmod, chown and utimes.
import assert from 'node:assert/strict'
import fs from 'node:fs'
import type { UringBigIntStats, UringStats } from '@uring-actor/client'
import type { Context } from '../context.ts'
import { assertSameOutcome, fileWith, pattern, WAYS } from '../ways.ts'

const FIELDS = [
  'dev',
  'mode',
  'nlink',
  'uid',
  'gid',
  'rdev',
  'blksize',
  'ino',
  'size',
  'blocks',
  'atimeMs',
  'mtimeMs',
  'ctimeMs',
  'birthtimeMs',
  'atime',
  'mtime',
  'ctime',
  'birthtime',
] as const
const NANOSECONDS = ['atimeNs', 'mtimeNs', 'ctimeNs', 'birthtimeNs'] as const
const TYPES = [
  'isFile',
  'isDirectory',
  'isBlockDevice',
  'isCharacterDevice',
  'isFIFO',
  'isSymbolicLink',
  'isSocket',
] as const

function isPowerOfTwo(value: number): boolean {
  return Number.isInteger(value) && value > 0 && (value & (value - 1)) === 0
}

/** The times of these change while we look: others use them, or looking does it. */
function changing(path: string): boolean {
  return path.startsWith('/proc') || path.startsWith('/dev')
}

export async function everyFieldOfStatIsNodes({ client, path, directory }: Context): Promise<void> {
  const at = fileWith(path('file'), pattern(123_456))
  fs.linkSync(at, path('second name'))
  fs.utimesSync(at, 1_234_567_890.123, 987_654_321.987)
  for (const target of [at, directory, '/dev/null', '/proc/version']) {
    for (const way of WAYS) {
      const file = await way.open(client, target)
      const seen = (await way.call(file, 'stat')) as UringStats
      const expected = fs.statSync(target)
      for (const field of FIELDS) {
        if (changing(target) && /time/.test(field)) continue
        assert.deepEqual(seen[field], expected[field], `${way.name} ${target} ${field}`)
      }
      for (const type of TYPES) assert.equal(seen[type](), expected[type](), `${target} ${type}`)
      const exact = (await way.call(file, 'stat', { bigint: true })) as UringBigIntStats
      const bigints = fs.statSync(target, { bigint: true })
      for (const field of [...FIELDS, ...NANOSECONDS]) {
        if (changing(target) && /time/.test(field)) continue
        assert.deepEqual(exact[field], bigints[field], `${way.name} ${target} ${field}, bigint`)
      }
      for (const type of TYPES) assert.equal(exact[type](), bigints[type](), `${target} ${type}`)
      await file.close()
    }
  }
}

export async function birthTimeAndAlignmentsAreTold({ client, path }: Context): Promise<void> {
  const before = Date.now()
  const at = fileWith(path('file'), 'content')
  fs.utimesSync(at, 1000, 1000)
  const file = await client.open(at)
  const stats = await file.stat()
  assert.ok(Math.abs(stats.birthtimeMs - before) < 5000, 'birth time is that of its making')
  assert.ok(isPowerOfTwo(stats.directMemoryAlignment))
  assert.ok(isPowerOfTwo(stats.directOffsetAlignment))
  assert.equal(
    file.directAlignment,
    Math.max(stats.directMemoryAlignment, stats.directOffsetAlignment),
  )
  const exact = await file.stat({ bigint: true })
  assert.equal(exact.directMemoryAlignment, stats.directMemoryAlignment)
  assert.equal(exact.directOffsetAlignment, stats.directOffsetAlignment)
  await file.close()
}

export async function modesChangeAsInNode({ client, path }: Context): Promise<void> {
  const at = fileWith(path('file'), 'content')
  const file = await client.open(at)
  for (const mode of [0o600, 0o644, 0o4711, 0, '755', '0600']) {
    await file.chmod(mode)
    const seen = fs.statSync(at).mode
    fs.chmodSync(at, 0o777)
    fs.chmodSync(at, mode)
    assert.equal(seen, fs.statSync(at).mode, `chmod(${mode})`)
  }
  await file.close()
}

export async function ownersChange({ client, path, skip }: Context): Promise<void> {
  const at = fileWith(path('file'), 'content')
  const file = await client.open(at)
  const { uid, gid } = fs.statSync(at)
  await file.chown(uid, gid)
  if (process.getuid?.() !== 0) {
    await assert.rejects(file.chown(uid + 1, gid), { code: 'EPERM', syscall: 'fchown' })
    await file.close()
    skip('only root may give a file away; the refusal was seen')
  }
  await file.chown(1234, 4_000_000_000)
  assert.equal(fs.statSync(at).uid, 1234)
  assert.equal(fs.statSync(at).gid, 4_000_000_000)
  // -1 leaves the owner as it is.
  await file.chown(-1, 7)
  assert.equal(fs.statSync(at).uid, 1234)
  assert.equal(fs.statSync(at).gid, 7)
  await file.close()
}

export async function timesAreSetAsInNode({ client, path }: Context): Promise<void> {
  const ours = await client.open(fileWith(path('ours'), ''))
  const nodes = await fs.promises.open(fileWith(path('nodes'), ''))
  const times: Array<[number | string | Date, number | string | Date]> = [
    [1, 2],
    [1_700_000_000.123, 1_700_000_000.456],
    ['1234567890', '12.5'],
    [new Date(1_600_000_000_123), new Date(0)],
    [new Date(-86_400_000), new Date(-1500)],
    [0, 4_294_967_296],
  ]
  for (const [atime, mtime] of times) {
    await ours.utimes(atime, mtime)
    await nodes.utimes(atime, mtime)
    const seen = fs.statSync(path('ours'), { bigint: true })
    const expected = fs.statSync(path('nodes'), { bigint: true })
    assert.equal(seen.atimeNs, expected.atimeNs, `atime of utimes(${atime}, ${mtime})`)
    assert.equal(seen.mtimeNs, expected.mtimeNs, `mtime of utimes(${atime}, ${mtime})`)
  }
  // A negative number is now, to node:fs.
  await ours.utimes(-1, -1)
  assert.ok(Math.abs(fs.statSync(path('ours')).mtimeMs - Date.now()) < 5000)
  await ours.close()
  await nodes.close()
}

export async function metadataOfOtherKindsFailsAsInNode({ client }: Context): Promise<void> {
  const file = await client.open('/proc/version')
  const handle = await fs.promises.open('/proc/version')
  await assertSameOutcome(
    () => file.truncate(0),
    () => handle.truncate(0),
    'truncate of a file of proc',
  )
  await file.close()
  await handle.close()
}
