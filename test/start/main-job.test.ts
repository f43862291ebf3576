// The main job does what it says: a load in which every read is verified, a table, an exit code.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { closeSync, constants, openSync } from 'node:fs'
import path from 'node:path'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { temporaryDirectory, temporaryFile } from '../support/temporary.ts'
import { missingProgram } from '../support/tools.ts'
import { type JsonResult, MAIN, runMainJob, SMALL } from './main-job.ts'

/** script(1) runs a command on a terminal of its own. */
const PSEUDO_TERMINAL = 'script'

const KINDS = ['read', 'write', 'trim'] as const

/** The reason to skip direct I/O; false where temporary files can have it. */
function missingDirect(): string | false {
  try {
    closeSync(openSync(temporaryFile(4096), constants.O_RDONLY | constants.O_DIRECT))
    return false
  } catch (error) {
    return `the temporary directory's filesystem has no direct I/O: ${(error as Error).message}`
  }
}

async function jsonOf(args: readonly string[]): Promise<JsonResult> {
  const { code, stdout, stderr, left } = await runMainJob([...args, '--json'])
  assert.equal(code, 0, stderr)
  assert.equal(stderr, '')
  assert.deepEqual(left, [], 'the temporary directory is gone')
  return JSON.parse(stdout) as JsonResult
}

describe('the main job', () => {
  test('verifies every read of a mixed load', async () => {
    const result = await jsonOf([...SMALL, '--seconds', '2', '--seed', '7'])
    const { operations, verified } = result
    assert.equal(result.ok, true)
    assert.equal(result.interrupted, null)
    assert.equal(result.failure, null)
    assert.deepEqual(result.mismatches, { count: 0, first: [] })
    assert.equal(result.size, 8 * 2 ** 20)
    assert.equal(result.blocks, 2047)
    assert.deepEqual([result.workers, result.depth, result.seed], [2, 32, 7])
    assert.deepEqual(result.mix, { read: 70, write: 25, trim: 5 })
    assert.deepEqual([result.direct, result.temporary], [false, true])
    assert.equal(verified.reads, operations.read.count)
    assert.ok(verified.zeroReads > 0 && verified.zeroReads < verified.reads)
    assert.equal(verified.lastCheck, true)
  })

  test('keeps every byte on the thread pool too', async () => {
    const load = [...SMALL, '--seconds', '1']
    const result = await jsonOf([...load, '--engine', 'threadpool'])
    assert.equal(result.engine, 'threadpool')
    assert.equal(result.ok, true)
    assert.equal(result.verified.lastCheck, true)
    const env = { URING_ACTOR_ENGINE: 'threadpool' }
    const { code, stdout } = await runMainJob([...load, '--engine', 'io_uring'], { env })
    assert.equal(code, 0)
    assert.match(stdout, /engine +threadpool: the thread pool was asked for\n/)
    assert.doesNotMatch(stdout, /io_uring_enter/)
  })

  test('counts consistently', async () => {
    const { operations, ...result } = await jsonOf([...SMALL, '--seconds', '1'])
    assert.equal(
      result.count,
      KINDS.reduce((sum, kind) => sum + operations[kind].count, 0),
    )
    // The last operations in flight end after the time is up.
    assert.ok(result.seconds >= 0.95 && result.seconds < 3, `${result.seconds} s`)
    for (const kind of KINDS) {
      const of = operations[kind]
      const share = of.count / result.count
      assert.ok(Math.abs(share - result.mix[kind]! / 100) < 0.05, `${kind}: ${share}`)
      assert.ok(Math.abs(of.operationsPerSecond * result.seconds - of.count) < 1)
      assert.ok(Math.abs(of.megabytesPerSecond * 1e6 - of.operationsPerSecond * 4096) < 1)
      assert.ok(of.p50 > 0 && of.p50 <= of.p99 && of.p99 <= of.p999)
      assert.ok(of.meanBusy! > 0 && of.meanIdle! > 0)
    }
    assert.ok(result.meanBatch > 1, `${result.meanBatch} operations per enter`)
  })

  test('does direct I/O', { skip: missingDirect() }, async () => {
    const result = await jsonOf([...SMALL, '--seconds', '1', '--direct'])
    assert.deepEqual([result.ok, result.direct], [true, true])
    assert.ok(result.count > 0)
  })

  test('leaves out what the mix leaves out', async () => {
    const result = await jsonOf(['--size', '1MiB', '--seconds', '0.3', '--mix', '0/100/0'])
    assert.equal(result.operations.write.count, result.count)
    assert.ok(result.count > 0)
    assert.equal(result.verified.lastCheck, true)
  })

  test('works when every block has an operation in flight', async () => {
    const args = ['--workers', '2', '--depth', '8', '--size', `${17 * 4096}`, '--seconds', '0.3']
    const result = await jsonOf(args)
    assert.equal(result.blocks, 16)
    assert.ok(result.ok)
  })

  test('prints a table, and is quiet without a terminal', async () => {
    const { code, stdout, stderr } = await runMainJob([...SMALL, '--seconds', '0.5'])
    assert.equal(code, 0, stderr)
    assert.equal(stderr, '')
    for (const kind of KINDS) assert.match(stdout, new RegExp(`^│ ${kind} +│ +[\\d,]+ │`, 'm'))
    assert.match(stdout, /count │ +ops\/s │ MB\/s │ +p50 │ +p99 │ +p99\.9 │ +busy │ +idle/)
    assert.match(stdout, /^engine +\w+: .+$/m)
    assert.match(stdout, /^batch +[\d.]+ operations per submission$/m)
    assert.match(stdout, /and all 2,047 blocks at the end: every byte is as it was written$/m)
    for (const line of stdout.split('\n')) assert.ok(line.length <= 100, line)
  })

  test('draws a progress line on a terminal', { skip: missingProgram(PSEUDO_TERMINAL) }, () => {
    const job = `${process.execPath} ${fileURLToPath(MAIN)} --size 8MiB --workers 1 --seconds 1`
    const typescript = path.join(temporaryDirectory(), 'typescript')
    const { status, stdout } = spawnSync(
      PSEUDO_TERMINAL,
      ['-qec', `stty cols 80 rows 24; exec ${job}`, typescript],
      { encoding: 'utf8', timeout: 30_000, env: { ...process.env, TERM: 'xterm' } },
    )
    assert.equal(status, 0, stdout)
    assert.match(stdout, /random [█░]{24} 0\.\d of 1 s/)
  })

  test('runs to its end when nobody reads what it prints', async () => {
    const { code, stderr, left } = await runMainJob([...SMALL, '--seconds', '0.3'], {
      onOutput: (_text, child) => child.stdout?.destroy(),
    })
    assert.equal(code, 0, stderr)
    assert.equal(stderr, '')
    assert.deepEqual(left, [])
  })

  test('lists its options', async () => {
    const { code, stdout, stderr } = await runMainJob(['--help'])
    assert.equal(code, 0)
    assert.equal(stderr, '')
    const options = 'file size seconds workers depth direct mix seed json'.split(' ')
    for (const option of options) assert.match(stdout, new RegExp(`^ +--${option}\\b`, 'm'))
  })
})
