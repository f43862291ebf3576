// The file of the main job: a given one is kept and never lost by mistake, and a full disk is told.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statfsSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import path from 'node:path'
import { after, describe, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { temporaryDirectory } from '../support/temporary.ts'
import { missingSystemTests } from '../support/tools.ts'
import { type JsonResult, runMainJob } from './main-job.ts'

const QUICK = ['--seconds', '0.3', '--workers', '2', '--depth', '8']

describe('a file that was named', () => {
  const directory = temporaryDirectory()

  test('is made, kept, and used again, also in another size', async () => {
    const file = path.join(directory, 'blocks')
    for (const mebibytes of [4, 2, 3]) {
      const args = ['--file', file, '--size', `${mebibytes}MiB`, ...QUICK, '--json']
      const { code, stdout, stderr, left } = await runMainJob(args)
      assert.equal(code, 0, stderr)
      const result = JSON.parse(stdout) as JsonResult
      assert.deepEqual([result.file, result.temporary], [file, false])
      assert.equal(statSync(file).size, mebibytes * 2 ** 20)
      assert.deepEqual(left, [])
    }
  })

  test('is looked for from where the user is, not from where npm runs the job', async () => {
    const env = { INIT_CWD: directory }
    const args = ['--file', 'relative', '--size', '1MiB', ...QUICK]
    const { code, stderr } = await runMainJob(args, { env })
    assert.equal(code, 0, stderr)
    assert.equal(statSync(path.join(directory, 'relative')).size, 2 ** 20)
  })

  test('is only overwritten with --force when it is not ours', async () => {
    const file = path.join(directory, 'thesis.txt')
    writeFileSync(file, 'Chapter 1\n')
    const args = ['--file', file, '--size', '1MiB', ...QUICK]
    assert.equal((await runMainJob(args)).code, 2)
    assert.equal(readFileSync(file, 'utf8'), 'Chapter 1\n')
    assert.equal((await runMainJob([...args, '--force'])).code, 0)
    assert.equal(statSync(file).size, 2 ** 20)
  })

  test('may be there and empty', async () => {
    const file = path.join(directory, 'empty')
    writeFileSync(file, '')
    const { code, stderr } = await runMainJob(['--file', file, '--size', '1MiB', ...QUICK])
    assert.equal(code, 0, stderr)
  })

  test('is not left behind empty when the disk has no room for it', async (t) => {
    const { bavail, bsize } = statfsSync(directory)
    // Only a disk that is too small for it can be too full for the largest size that may be asked for.
    if (bavail * bsize >= 2 ** 40) return t.skip('the disk has room for the largest size')
    const file = path.join(directory, 'too-large')
    const { code, stderr } = await runMainJob(['--file', file, '--size', '1TiB'])
    assert.equal(code, 1)
    assert.match(stderr, /^uring-actor: the disk is too full: /)
    assert.equal(existsSync(file), false)
  })
})

describe('a disk that is full', () => {
  const mountPoint = path.join(temporaryDirectory(), 'small')
  mkdirSync(mountPoint)
  const mounted = mountTmpfs(mountPoint)
  after(() => {
    if (mounted === false) succeeds('umount', [mountPoint])
  })

  test('from the start is told before anything is written', { skip: mounted }, async () => {
    const file = path.join(mountPoint, 'large')
    const { code, stdout, stderr } = await runMainJob(['--file', file, '--size', '64MiB'])
    assert.equal(code, 1)
    assert.equal(stdout, '')
    assert.match(stderr, /^uring-actor: the disk is too full: .* 64 MiB; take a smaller [^\n]+\n$/)
  })

  test('harms no file that was there, and counts its room', { skip: mounted }, async () => {
    const file = path.join(mountPoint, 'there')
    const args = ['--file', file, ...QUICK, '--size']
    for (const size of ['8MiB', '10MiB']) assert.equal((await runMainJob([...args, size])).code, 0)
    assert.equal((await runMainJob([...args, '64MiB'])).code, 1)
    assert.equal(statSync(file).size, 10 * 2 ** 20)
    rmSync(file)
  })

  test('in the middle ends the job with what was done', { skip: mounted }, async () => {
    const file = path.join(mountPoint, 'blocks')
    const args = ['--file', file, '--size', '8MiB', '--mix', '0/50/50', '--seconds', '20']
    const job = runMainJob([...args, '--workers', '2'])
    let ended = false
    void job.finally(() => {
      ended = true
    })
    // Takes all the space that trims give back, until a write finds none.
    while (!ended) {
      await delay(20)
      if ((statSync(file, { throwIfNoEntry: false })?.blocks ?? 0) * 512 < 2 ** 21) continue
      try {
        appendFileSync(path.join(mountPoint, 'other'), Buffer.alloc(2 ** 16))
      } catch (error) {
        assert.equal((error as NodeJS.ErrnoException).code, 'ENOSPC')
      }
    }
    const { code, stdout, stderr } = await job
    assert.equal(code, 1)
    assert.match(stderr, /^uring-actor: the disk is full: [^\n]+ENOSPC[^\n]+\n$/)
    assert.doesNotMatch(stdout, /WRONG DATA/)
  })
})

/** A filesystem of 12 MiB; false when it is there, or the reason why not. */
function mountTmpfs(mountPoint: string): string | false {
  const missing = missingSystemTests()
  if (missing !== false) return missing
  const made = succeeds('mount', ['-t', 'tmpfs', '-o', 'size=12M', 'tmpfs', mountPoint])
  return made ? false : 'mounting a tmpfs is not permitted here'
}

function succeeds(command: string, args: readonly string[]): boolean {
  return spawnSync(command, args, { timeout: 10_000 }).status === 0
}
