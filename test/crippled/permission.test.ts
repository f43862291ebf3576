// Node's permission model: what it forbids is forbidden through the actor too, in whose thread files
// are opened.
import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { reportOf } from '../support/child.ts'
import { temporaryDirectory } from '../support/temporary.ts'
import type { PermissionReport } from './permission-child.ts'

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
  const { opens } = await reportOf<PermissionReport>(child, {
    nodeArgs: [
      '--experimental-permission',
      '--allow-worker',
      '--allow-addons',
      ...['readable', 'writable'].map((name) => `--allow-fs-read=${directory}/${name}/`),
      `--allow-fs-read=${root}`,
      `--allow-fs-write=${directory}/writable/`,
    ],
    args: [...orders, `${closed}|r`, `${closed}|w`, `${readable}|a`],
  })
  const allowed = opens.map(({ ways }) => ways.map((refusal) => refusal === null))
  const yes = [true, true, true]
  const no = [false, false, false]
  assert.deepEqual(allowed, [yes, no, yes, yes, no, no, no])
})
