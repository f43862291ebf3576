// Where the socket of `uring-actor top` is to be: the option, the environment that goes before it, and
// what is refused, with argument, range and value.
import assert from 'node:assert/strict'
import os from 'node:os'
import path from 'node:path'
import { afterEach, describe, test } from 'node:test'
import { defaultPlace, inspectPlace } from '#dist/inspect/place.js'

const own = defaultPlace(process.geteuid!(), process.pid)

afterEach(() => {
  delete process.env.URING_ACTOR_INSPECT
})

describe('the option', () => {
  test('nothing is opened unasked', () => {
    assert.equal(inspectPlace(undefined), null)
    assert.equal(inspectPlace(false), null)
  })

  test('true is a directory of the user, and in it a socket of the process', () => {
    const directory = path.join(os.tmpdir(), `uring-actor-${process.geteuid!()}`)
    const expected = { path: path.join(directory, `${process.pid}.sock`), directory }
    assert.deepEqual(inspectPlace(true), expected)
  })

  test('a path is made absolute, and its directory is nobody else’s business', () => {
    assert.deepEqual(inspectPlace('x.sock'), { path: path.resolve('x.sock'), directory: null })
    const longest = `/${'a'.repeat(106)}`
    assert.deepEqual(inspectPlace(longest), { path: longest, directory: null })
  })

  test('a path that is too long is told in bytes', () => {
    for (const long of [`/${'a'.repeat(107)}`, `/${'ä'.repeat(54)}`]) {
      assert.throws(() => inspectPlace(long), {
        name: 'RangeError',
        code: 'ERR_OUT_OF_RANGE',
        message: /"options\.inspect".*at most 107 bytes.* 10[89] bytes: '\//,
      })
    }
  })

  test('anything else is refused', () => {
    for (const value of [null, 1, {}, ['x']]) {
      assert.throws(() => inspectPlace(value), {
        name: 'TypeError',
        code: 'ERR_INVALID_ARG_TYPE',
        message: /"options\.inspect" property must be of type boolean or string/,
      })
    }
    for (const value of ['', 'a\0b']) {
      assert.throws(() => inspectPlace(value), {
        code: 'ERR_INVALID_ARG_VALUE',
        message: /options\.inspect/,
      })
    }
  })
})

describe('URING_ACTOR_INSPECT', () => {
  for (const [variable, option, expected] of [
    ['1', undefined, own],
    ['1', '/tmp/x.sock', own],
    ['0', true, null],
    ['', true, own],
    ['./x.sock', false, { path: path.resolve('x.sock'), directory: null }],
  ] as const) {
    test(`'${variable}' before ${option}`, () => {
      process.env.URING_ACTOR_INSPECT = variable
      assert.deepEqual(inspectPlace(option), expected)
    })
  }

  test('what is neither a switch nor a path is refused, and so is a bad option beside it', () => {
    process.env.URING_ACTOR_INSPECT = 'yes'
    assert.throws(() => inspectPlace(true), {
      code: 'ERR_INVALID_ARG_VALUE',
      message: /'URING_ACTOR_INSPECT' must be 1, 0, or a path.* Received 'yes'/,
    })
    process.env.URING_ACTOR_INSPECT = '0'
    assert.throws(() => inspectPlace(5), { code: 'ERR_INVALID_ARG_TYPE' })
  })
})

test('a long TMPDIR is told where it matters', () => {
  const { TMPDIR } = process.env
  process.env.TMPDIR = `/${'t'.repeat(100)}`
  try {
    assert.throws(() => inspectPlace(true), {
      code: 'ERR_OUT_OF_RANGE',
      message: /"options\.inspect, in \/ttt.*at most 107 bytes/,
    })
    assert.equal(inspectPlace(false), null)
  } finally {
    if (TMPDIR === undefined) delete process.env.TMPDIR
    else process.env.TMPDIR = TMPDIR
  }
})
