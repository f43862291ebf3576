// Flags are open(2)'s as node:fs makes them, and errors of the kernel are node:fs's own.
import assert from 'node:assert/strict'
import fs from 'node:fs'
import { describe, test } from 'node:test'
import { getSystemErrorMap, getSystemErrorName } from 'node:util'
import { systemError } from '#dist/errors/index.js'
import { openFlags } from '#dist/file/flags.js'

/** What node:fs makes of flags, seen by the kernel: the status flags of a descriptor. */
function flagsOfNode(flags: string, path: string): number {
  const fd = fs.openSync(path, flags)
  const info = fs.readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8')
  fs.closeSync(fd)
  return Number.parseInt(/flags:\s*(\d+)/.exec(info)![1]!, 8)
}

describe('flags', () => {
  const { O_ACCMODE, O_APPEND, O_SYNC } = { O_ACCMODE: 3, ...fs.constants }
  // O_CREAT, O_EXCL and O_TRUNC act once, and the kernel does not keep them.
  const kept = O_ACCMODE | O_APPEND | O_SYNC
  for (const flags of 'r rs sr r+ rs+ sr+ w w+ a as sa a+ as+ sa+'.split(' ')) {
    test(`'${flags}' are what node:fs makes of them`, () => {
      const path = `/tmp/uring-actor-flags-${process.pid}`
      fs.writeFileSync(path, '')
      try {
        assert.equal(openFlags(flags) & kept, flagsOfNode(flags, path) & kept)
      } finally {
        fs.rmSync(path)
      }
    })
  }

  test('that make a new file say so', () => {
    const { O_CREAT, O_EXCL, O_TRUNC } = fs.constants
    for (const flags of ['wx', 'xw', 'wx+', 'xw+', 'ax', 'xa', 'ax+', 'xa+']) {
      assert.equal(openFlags(flags) & (O_CREAT | O_EXCL), O_CREAT | O_EXCL, flags)
      assert.equal((openFlags(flags) & O_TRUNC) !== 0, flags.includes('w'), flags)
    }
  })

  test('are numbers too, or nothing', () => {
    assert.equal(openFlags(undefined), fs.constants.O_RDONLY)
    assert.equal(openFlags(null), fs.constants.O_RDONLY)
    for (const flags of [0, 0x7fffffff, -1]) assert.equal(openFlags(flags), flags)
  })
})

describe('errors of the kernel', () => {
  test('are named as Node names them, all of them', () => {
    for (const [errno, [name, text]] of getSystemErrorMap()) {
      const error = systemError(errno, 'read')
      assert.equal(error.code, name)
      assert.equal(error.code, getSystemErrorName(errno))
      assert.equal(error.errno, errno)
      assert.equal(error.message, `${name}: ${text}, read`)
      assert.equal('path' in error, false)
    }
  })

  test('are the same object as node:fs throws', () => {
    let thrown: NodeJS.ErrnoException | undefined
    try {
      fs.openSync('/nowhere/at all', 'r')
    } catch (error) {
      thrown = error as NodeJS.ErrnoException
    }
    const ours = systemError(-2, 'open', '/nowhere/at all')
    assert.deepEqual({ ...ours }, { ...thrown })
    assert.equal(ours.message, thrown?.message)
    assert.equal(ours.name, thrown?.name)
  })

  test('that Node does not know have a number for a name', () => {
    assert.equal(systemError(-529, 'read').code, 'E529')
    assert.equal(systemError(-529, 'read').errno, -529)
  })
})
