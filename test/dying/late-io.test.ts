// An actor that is terminated while a worker of the kernel is in the middle of a read, where nothing
// cancels it: the read ends in the memory that it was begun for, though nobody has a reference to that
// memory any more; the others hear of the actor's end at once and are not held up. The control shows
// that a ring closed as it is lets the same read overwrite somebody else's memory.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import path from 'node:path'
import { before, suite, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { type ChildOptions, reportOf } from '../support/child.ts'
import { missingHeldFiles } from '../support/held-files.ts'
import { temporaryDirectory } from '../support/temporary.ts'
import { missingProgram } from '../support/tools.ts'
import type { LateReport } from './late-io-child.ts'

const child = new URL('./late-io-child.js', import.meta.url)
/** tsc leaves them where they were written. */
const sources = fileURLToPath(new URL('../../dying/', import.meta.url))

const skip = missingHeldFiles() || missingProgram('gcc') || missingProgram('setpriv')

suite('late I/O', { skip }, () => {
  let addon = ''
  let preload = ''
  before(() => {
    const directory = temporaryDirectory()
    const compiled = (source: string, name: string): string => {
      const to = path.join(directory, name)
      execFileSync('gcc', ['-shared', '-fPIC', '-O1', '-o', to, path.join(sources, source)])
      return to
    }
    addon = compiled('memory.c', 'memory.node')
    preload = compiled('not-fuse.c', 'not-fuse.so')
  })

  function report(what: string, options: ChildOptions = {}): Promise<LateReport> {
    const env = { LD_PRELOAD: preload }
    return reportOf(child, { ...options, env, nodeArgs: ['--expose-gc'], args: [what, addon] })
  }

  test('the control: a read in flight overwrites whoever has the memory next', async () => {
    const { takenWhileInFlight, changed } = await report('control')
    assert.ok(takenWhileInFlight, 'the memory was not let go of, so the control shows nothing')
    assert.ok(changed > 0, 'the read did not land: this test could not find a fault')
  })

  function assertHarmless(result: LateReport): void {
    assert.equal(result.told, 'ERR_URING_ACTOR_EXITED')
    assert.equal(result.takenWhileInFlight, false, 'memory of a read in flight was given away')
    assert.equal(result.takenAfterwards, true, 'the memory is held for ever')
    assert.equal(result.changed, 0)
    assert.ok(result.frozen! < 1000, `the main thread stood still for ${result.frozen} ms`)
  }

  test('memory that is registered with the ring', async () => {
    const result = await report('terminate')
    assert.equal(result.restricted, true)
    assertHarmless(result)
  })

  test('memory that could not be registered, for lack of RLIMIT_MEMLOCK', async () => {
    const under = ['setpriv', '--bounding-set=-ipc_lock', '--inh-caps=-ipc_lock']
    const result = await report('terminate', {
      under: [...under, 'prlimit', `--memlock=${512 * 1024}`],
    })
    assert.equal(result.restricted, false)
    assertHarmless(result)
  })
})
