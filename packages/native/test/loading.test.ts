// Finding the addon, and saying so when there is none.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'

const directory = mkdtempSync(path.join(os.tmpdir(), 'uring-actor-loading-'))
after(() => rmSync(directory, { recursive: true, force: true }))

const packageRoot = fileURLToPath(new URL('../../', import.meta.url))
const REPORT = `
  import('./dist/index.js')
    .then(({ loadBinding }) => console.log(typeof loadBinding().openRing))
    .catch((error) => console.log(error.code, error.message))`

/** Loads the binding in a copy of the package whose folders are as `prepare` leaves them. */
function load(name: string, prepare: (root: string) => void, ...flags: string[]): string {
  const root = path.join(directory, name)
  mkdirSync(root)
  writeFileSync(path.join(root, 'package.json'), '{"type":"module"}')
  cpSync(path.join(packageRoot, 'dist'), path.join(root, 'dist'), { recursive: true })
  prepare(root)
  const child = spawnSync(process.execPath, [...flags, '-e', REPORT], { cwd: root })
  return `${child.stdout}${child.stderr}`
}

const addon = path.join(packageRoot, 'build/Release/uring_actor.node')
const prebuilt = `prebuilds/${process.platform}-${process.arch}/uring_actor.node`

test('an addon that was built here is found', () => {
  const out = load('built', (root) =>
    cpSync(addon, path.join(root, 'build/Release/uring_actor.node')),
  )
  assert.equal(out, 'function\n')
})

test('a prebuilt addon is found, also behind a build that does not load', () => {
  const out = load('prebuilt', (root) => {
    cpSync(addon, path.join(root, prebuilt))
    mkdirSync(path.join(root, 'build/Release'), { recursive: true })
    writeFileSync(path.join(root, 'build/Release/uring_actor.node'), 'not an addon')
  })
  assert.equal(out, 'function\n')
})

test('a missing addon is an error that says what was tried and what to do', () => {
  const out = load('missing', () => {})
  assert.match(out, /^ERR_URING_ADDON_MISSING /)
  assert.match(out, /build\/Release\/uring_actor\.node: no such file/)
  assert.match(out, /prebuilds\/linux-\w+\/uring_actor\.node: no such file/)
  assert.match(out, /npx node-gyp rebuild/)
})

test('an addon that Node forbids is not a missing one', () => {
  const flag = process.allowedNodeEnvironmentFlags.has('--permission')
    ? '--permission'
    : '--experimental-permission'
  const out = load(
    'forbidden',
    (root) => cpSync(addon, path.join(root, 'build/Release/uring_actor.node')),
    '--no-warnings',
    flag,
    '--allow-fs-read=*',
  )
  assert.match(out, /^ERR_DLOPEN_DISABLED /)
})
