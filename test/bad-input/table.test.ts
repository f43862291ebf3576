// Bad input: each mistake of the table gives a clear, typed error at the call, asynchronous and
// blocking alike and as node:fs gives it where it knows the mistake. Nothing is lost, and the client
// works afterwards.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { assertUsable, enterPlace, type Place } from './place.ts'
import { type Expected, MISTAKES, type Mistake } from './table.ts'
import { MISTAKES_ABOUT_FILES } from './table-of-files.ts'
import { MISTAKES_ABOUT_MEMORY } from './table-of-memory.ts'

let place: Place
before(async () => {
  place = await enterPlace()
})
after(() => place.leave())

const NODE_FACTS = ['name', 'code', 'errno', 'syscall', 'path', 'message'] as const

function assertExpected(error: unknown, expected: Expected): void {
  assert.ok(error instanceof Error, `what was thrown is no Error: ${error}`)
  const { code, syscall } = error as NodeJS.ErrnoException
  assert.equal(code, expected.code, error.message)
  if (expected.name !== undefined) assert.equal(error.name, expected.name)
  if (expected.syscall !== undefined) assert.equal(syscall, expected.syscall)
  if (expected.message !== undefined) assert.match(error.message, expected.message)
}

function thrownBy(call: () => unknown): unknown {
  try {
    call()
  } catch (error) {
    return error
  }
  throw new assert.AssertionError({ message: 'nothing was thrown' })
}

async function tryMistake({ call, sync, node, expected }: Mistake): Promise<void> {
  const promise = call(place)
  assert.ok(promise instanceof Promise, 'the asynchronous call returns a promise')
  const rejected: unknown = await promise.then(
    () => assert.fail('the promise was fulfilled'),
    (error) => error,
  )
  assertExpected(rejected, expected)
  if (sync !== undefined)
    assertExpected(
      thrownBy(() => sync(place)),
      expected,
    )
  if (node !== undefined) {
    assert.deepEqual(facts(rejected), facts(thrownBy(() => node(place))), 'as node:fs says it')
  }
}

function facts(error: unknown): unknown {
  return NODE_FACTS.map((fact) => `${fact}: ${(error as Record<string, unknown>)[fact]}`)
}

describe('bad input', () => {
  for (const mistake of [...MISTAKES, ...MISTAKES_ABOUT_FILES, ...MISTAKES_ABOUT_MEMORY]) {
    test(mistake.what, async () => {
      await tryMistake(mistake)
      await assertUsable(place)
    })
  }
})
