// Node's permission model: what it forbids is forbidden through the actor too, in whose thread files
// are opened.
import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { capabilities } from '@uring-actor/actor'
import { reportOf } from '../support/child.ts'
import { temporaryDirectory } from '../support/temporary.ts'
import { PERMISSION_MODEL } from '../support/tools.ts'
import { assertFellBack, assertRuns, runChild } from './expectations.ts'
import type { PermissionReport } from './permission-child.ts'

const here = await capabilities()
const skip = here.ioUring.usable ? false : here.ioUring.reason
const child = new URL('./permission-child.js', import.meta.url)
const root = fileURLToPath(new URL('../../..', import.meta.url))

test('what may not be opened is not opened by the actor either', async () => {
  const directory = temporaryDirectory()
  for (const name of ['readable', 'writable', 'closed']) {
    mkdirSync(path.join(directory, name))
    writeFileSync(path.join(directory, name, 'file'), name)
  }
  const [readable, writable, closed] = ['readable', 'writable', 'closed'].map((name) =>
    path.join(directory, name, 'file'),
  )
  const orders = [`${readable}|r`, `${readable}|r+`, `${writable}|r+`, `${writable}|w`]
  const rights = [
    PERMISSION_MODEL,
    '--allow-worker',
    ...['readable', 'writable'].map((name) => `--allow-fs-read=${directory}/${name}/`),
    `--allow-fs-read=${root}`,
    `--allow-fs-write=${directory}/writable/`,
  ]
  for (const addons of [['--allow-addons'], []]) {
    const { engine, opens } = await reportOf<PermissionReport>(child, {
      nodeArgs: [...rights, ...addons],
      args: [...orders, `${closed}|r`, `${closed}|w`, `${readable}|a`],
    })
    if (addons.length === 0) assert.equal(engine, 'threadpool')
    const allowed = opens.map(({ ways }) => ways[0] === null)
    assert.deepEqual(allowed, [true, false, true, true, false, false, false])
    for (const { path, flags, ways } of opens) {
      const [own, asynchronous, blocking] = ways
      assert.deepEqual(asynchronous, own, `${engine}: ${path} ${flags}`)
      assert.deepEqual(blocking, own, `${engine}: ${path} ${flags}`)
      if (own !== null) assert.equal(own?.code, 'ERR_ACCESS_DENIED')
    }
  }
})

const open = [PERMISSION_MODEL, '--allow-worker', '--allow-fs-read=*', '--allow-fs-write=*']

test('without --allow-addons the actor runs on the thread pool', async () => {
  const report = await runChild({ nodeArgs: open })
  assert.equal(report.capabilities.ioUring.permissionModel, true, 'the model must be in force')
  assertFellBack(report, {
    cause: 'permission-model',
    reason: /permission model forbids addons \(ERR_DLOPEN_DISABLED\)/,
    remedy: /--allow-addons/,
    trimmed: 'zeroes',
  })
})

test('with --allow-addons it runs on io_uring', { skip }, async () => {
  const report = await runChild({ nodeArgs: [...open, '--allow-addons'] })
  assert.equal(report.capabilities.ioUring.permissionModel, true, 'the model must be in force')
  assertRuns(report)
})
