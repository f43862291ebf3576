// Files that the process may not open: node:fs's own error, from the actor's thread too. Root may do
// everything, so the calls are made in a process that has given root up.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

test('a file without permission is refused as node:fs refuses it', () => {
  const directory = fs.mkdtempSync(path.join(tmpdir(), 'uring-actor-no-permission-'))
  try {
    fs.chmodSync(directory, 0o755)
    for (const [name, mode] of [
      ['none', 0],
      ['read', 0o444],
    ] as const) {
      fs.writeFileSync(path.join(directory, name), 'content')
      fs.chmodSync(path.join(directory, name), mode)
    }
    fs.mkdirSync(path.join(directory, 'locked'), { mode: 0o700 })
    fs.writeFileSync(path.join(directory, 'locked', 'file'), 'content')
    if (process.getuid?.() !== 0) fs.chmodSync(path.join(directory, 'locked'), 0)
    const program = fileURLToPath(new URL('./without-root.js', import.meta.url))
    const { status, stdout, stderr } = spawnSync(process.execPath, [program, directory], {
      encoding: 'utf8',
      timeout: 60_000,
    })
    assert.equal(status, 0, stderr)
    assert.equal(stdout, 'all refused\n')
  } finally {
    fs.chmodSync(path.join(directory, 'locked'), 0o700)
    fs.rmSync(directory, { recursive: true })
  }
})
