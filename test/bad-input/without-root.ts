// The program of no-permission.test.ts. It starts the actor, gives root up, and compares.
import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import { spawnActor } from '@uring-actor/actor'

const directory = process.argv[2]!
const NOBODY = 65534

const actor = await spawnActor()
const client = actor.connect()
await client.nop()
if (process.getuid!() === 0) {
  process.setgroups!([])
  process.setgid!(NOBODY)
  process.setuid!(NOBODY)
}

function refusal(call: () => unknown): unknown {
  try {
    call()
  } catch (error) {
    const { message, code, errno, syscall, path: at } = error as NodeJS.ErrnoException
    return { message, code, errno, syscall, at }
  }
  throw new assert.AssertionError({ message: 'it was not refused' })
}

for (const [name, flags] of [
  ['none', 'r'],
  ['none', 'r+'],
  ['read', 'r+'],
  ['read', 'w'],
  ['new', 'w'],
  ['locked/file', 'r'],
] as const) {
  const at = path.join(directory, name)
  const expected = refusal(() => fs.openSync(at, flags))
  assert.equal((expected as NodeJS.ErrnoException).code, 'EACCES')
  assert.deepEqual(
    refusal(() => client.openSync(at, flags)),
    expected,
  )
  const rejected = await client.open(at, flags).then(
    () => null,
    (error) => error,
  )
  assert.deepEqual(
    refusal(() => {
      throw rejected
    }),
    expected,
  )
}

// What the process may open it can read, and it still may not do all with it.
const file = await client.open(path.join(directory, 'read'))
assert.equal(await file.readFile('utf8'), 'content')
await assert.rejects(file.chmod(0o777), { code: 'EPERM', syscall: 'fchmod' })
await assert.rejects(file.chown(0, 0), { code: 'EPERM', syscall: 'fchown' })
await assert.rejects(file.utimes(1, 1), { code: 'EPERM', syscall: 'futime' })
await file.close()
await client.close()
await actor.close()
console.log('all refused')
