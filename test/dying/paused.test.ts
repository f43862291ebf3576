// A process ends while a device hangs: a signal ends it at once. process.exit() waits, as it does with
// node:fs, for what a worker of the kernel is in the middle of, because the kernel lets no thread
// end before; and for nothing that only the device has.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { type ChildResult, runScript } from '../support/child.ts'
import { makeLoopOver } from '../support/devices.ts'
import { HeldFiles, missingHeldFiles } from '../support/held-files.ts'
import { missingProgram } from '../support/tools.ts'

const child = new URL('./paused-child.js', import.meta.url)
const skip = missingHeldFiles() || missingProgram('losetup')

/** A process that hangs is waited for so long before the device answers. */
const HANGS_MILLIS = 2500
/** Half a second is what the actor's end may wait for a device; the rest is the machine's. */
const SOON_MILLIS = 2000

/** Runs a child into a device that hangs, and lets the device go when the child has not ended. */
async function run(
  reader: string,
  end: string,
  files: HeldFiles,
  path: string,
): Promise<ChildResult> {
  await files.hold()
  const held = files.held()
  let ended = false
  const letGo = async (): Promise<void> => {
    await held
    const deadline = performance.now() + HANGS_MILLIS
    while (!ended && performance.now() < deadline) await delay(20)
    await files.release()
  }
  const later = letGo()
  const result = await runScript(child, {
    args: [reader, path, end],
    onOutput: (_, process) => {
      if (end !== 'exit') process.kill(end as NodeJS.Signals)
    },
  })
  ended = true
  await later
  return result
}

suite('a device that hangs', { skip }, () => {
  for (const end of ['SIGINT', 'SIGTERM', 'SIGKILL']) {
    test(`${end} ends the process at once`, async () => {
      const files = await HeldFiles.mount()
      const { signal, millisAfterOutput } = await run('actor', end, files, files.file)
      assert.equal(signal, end)
      assert.ok(millisAfterOutput < SOON_MILLIS, `after ${millisAfterOutput} ms`)
      files.unmount()
    })
  }

  for (const reader of ['node:fs', 'actor']) {
    test(`process.exit() ends the process when the device answers: ${reader}`, async () => {
      const files = await HeldFiles.mount()
      const { code, millisAfterOutput } = await run(reader, 'exit', files, files.file)
      assert.equal(code, 7)
      assert.ok(millisAfterOutput > HANGS_MILLIS / 2, 'the device was not waited for')
      assert.ok(millisAfterOutput < HANGS_MILLIS + SOON_MILLIS, `after ${millisAfterOutput} ms`)
      files.unmount()
    })
  }

  test('process.exit() does not wait for direct reads that a block device has', async () => {
    const files = await HeldFiles.mount()
    // The loop device hangs with the file under it.
    const { code, millisAfterOutput } = await run(
      'direct',
      'exit',
      files,
      makeLoopOver(files.file).path,
    )
    assert.equal(code, 7)
    assert.ok(millisAfterOutput < SOON_MILLIS, `after ${millisAfterOutput} ms`)
    await files.release()
  })
})
