// Without the addon, as where there is no compiler: the packages are copied without it, so that there
// really is none. All works, with zeroes written where a hole would be punched.
import assert from 'node:assert/strict'
import { cpSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { runScript } from '../support/child.ts'
import { temporaryDirectory } from '../support/temporary.ts'
import { assertFellBack, runChild } from './expectations.ts'

const root = fileURLToPath(new URL('../../..', import.meta.url))

/** A copy of what was compiled, without the addon; returns its folder. */
function copyWithoutAddon(): string {
  const copy = temporaryDirectory()
  symlinkSync(path.join(root, 'node_modules'), path.join(copy, 'node_modules'))
  for (const name of ['client', 'native', 'actor']) {
    for (const part of ['package.json', 'dist', 'bin', 'node_modules'])
      copyPart(copy, `packages/${name}/${part}`)
  }
  for (const part of ['package.json', 'node_modules', 'dist/crippled', 'dist/support']) {
    copyPart(copy, `test/${part}`)
  }
  return copy
}

/** Links stay as they are: relative ones lead to the copy. */
function copyPart(copy: string, part: string): void {
  try {
    cpSync(path.join(root, part), path.join(copy, part), {
      recursive: true,
      verbatimSymlinks: true,
    })
  } catch (error) {
    // Not every package has a program, or dependencies.
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  }
}

function addonsBelow(directory: string): string[] {
  return readdirSync(directory, { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.node'),
  )
}

test('no addon is there: what was tried is told', async () => {
  const copy = copyWithoutAddon()
  assert.deepEqual(addonsBelow(path.join(copy, 'packages')), [])
  const script = pathToFileURL(path.join(copy, 'test/dist/crippled/child.js'))
  const report = await runChild({}, script)
  assertFellBack(report, {
    cause: 'missing-addon',
    reason: /addon of uring-actor cannot be loaded/,
    remedy: /npx node-gyp rebuild/,
    trimmed: 'zeroes',
  })
  const { addonTried } = report.capabilities.ioUring
  assert.equal(addonTried.length, 2)
  for (const tried of addonTried) assert.match(tried, /^\/.*uring_actor\.node: no such file$/)
  assert.ok(addonTried[0]!.startsWith(copy))

  const program = pathToFileURL(path.join(copy, 'packages/actor/bin/uring-actor.js'))
  const { code, stdout } = await runScript(program, { args: ['doctor'] })
  assert.equal(code, 1)
  assert.ok(stdout.includes(addonTried[0]!), stdout)
})

test('an addon that cannot be loaded is the same, and its error is told', async () => {
  const copy = copyWithoutAddon()
  const release = path.join(copy, 'packages/native/build/Release')
  mkdirSync(release, { recursive: true })
  writeFileSync(path.join(release, 'uring_actor.node'), 'not an addon')
  const report = await runChild({}, pathToFileURL(path.join(copy, 'test/dist/crippled/child.js')))
  assertFellBack(report, {
    cause: 'missing-addon',
    reason: /addon of uring-actor cannot be loaded/,
    remedy: /npx node-gyp rebuild/,
    trimmed: 'zeroes',
  })
  assert.match(
    report.capabilities.ioUring.addonTried[0]!,
    /uring_actor\.node: .*(too short|invalid)/,
  )
})
