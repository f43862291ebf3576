// Options of node that concern the actor's thread reach it, however they are written: a profile of the
// process has one of the actor's thread too.
import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { test } from 'node:test'
import { reportOf } from '../support/child.ts'
import { temporaryDirectory, temporaryFile } from '../support/temporary.ts'

const child = new URL('./footprint-child.js', import.meta.url)
const path = temporaryFile(1 << 13)

for (const [how, options] of [
  ['after a =', (directory: string) => [`--cpu-prof-dir=${directory}`, '--cpu-prof-interval=500']],
  ['behind it', (directory: string) => ['--cpu-prof-dir', directory, '--cpu-prof-interval', '500']],
] as const) {
  test(`--cpu-prof with its values ${how}`, async () => {
    const directory = temporaryDirectory()
    const nodeArgs = ['--cpu-prof', ...options(directory)]
    await reportOf<number>(child, { args: ['start to first read', path], nodeArgs })
    // One of each thread: the main one's, and the actor's.
    assert.equal(readdirSync(directory).filter((name) => name.endsWith('.cpuprofile')).length, 2)
  })
}
