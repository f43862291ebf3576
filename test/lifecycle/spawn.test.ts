// One actor per process: whoever spawns again gets the same one, or hears why not.
import assert from 'node:assert/strict'
import { cpSync, mkdirSync, realpathSync, symlinkSync } from 'node:fs'
import path from 'node:path'
import { after, test } from 'node:test'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { type Actor, spawnActor } from '@uring-actor/actor'
import { connect } from '@uring-actor/client'
import { expectedEngine } from '../support/engine.ts'
import { eventually } from '../support/process-state.ts'
import { temporaryDirectory } from '../support/temporary.ts'
import { runTask, startTask } from '../support/thread.ts'
import type { SpawnAttempt } from './spawn-tasks.ts'

const tasks = new URL('./spawn-tasks.js', import.meta.url)

let actor: Actor | null = null
after(() => actor?.close())

test('calls at the same time and later ones resolve to the same actor', async () => {
  const [first, second] = await Promise.all([spawnActor(), spawnActor({ queueDepth: 8 })])
  actor = first
  assert.equal(second, first)
  assert.equal(await spawnActor(), first)
  assert.equal(first.engine, expectedEngine())
  assert.equal(first.closed, false)
})

test('another copy of the module in the same thread resolves to the same actor', async () => {
  const entry = realpathSync(fileURLToPath(import.meta.resolve('@uring-actor/actor')))
  const original = path.resolve(path.dirname(entry), '..')
  const copy = path.join(temporaryDirectory(), 'actor')
  mkdirSync(copy)
  for (const part of ['dist', 'package.json']) {
    cpSync(path.join(original, part), path.join(copy, part), { recursive: true })
  }
  symlinkSync(path.join(original, 'node_modules'), path.join(copy, 'node_modules'))
  const other = (await import(pathToFileURL(path.join(copy, 'dist/index.js')).href)) as {
    spawnActor: typeof spawnActor
  }
  assert.notEqual(other.spawnActor, spawnActor)
  const same = await other.spawnActor()
  assert.equal(same, actor)
  assert.equal(same.closed, false)
})

test('an actor that another copy spawned is found by this one', async () => {
  await actor?.close()
  const module = new URL('./index.js?copy=2', import.meta.resolve('@uring-actor/actor'))
  const other = (await import(module.href)) as { spawnActor: typeof spawnActor }
  actor = await other.spawnActor()
  assert.equal(await spawnActor(), actor)
})

test('a younger thread is told to use connect()', async () => {
  actor = await spawnActor()
  const { code, message } = await runTask<SpawnAttempt>(tasks, 'spawnHere')
  assert.equal(code, 'ERR_URING_ACTOR_EXISTS')
  assert.match(message, /connect\(/)
})

test('a nested thread is told to use connect()', async () => {
  actor = await spawnActor()
  const { code, message } = await runTask<SpawnAttempt>(tasks, 'spawnInNestedThread')
  assert.equal(code, 'ERR_URING_ACTOR_EXISTS')
  assert.match(message, /connect\(/)
})

test('a thread older than the actor is told to use connect(address)', async () => {
  await actor?.close()
  const word = new Int32Array(new SharedArrayBuffer(8))
  const thread = startTask<SpawnAttempt>(tasks, 'spawnWhenTold', word)
  assert.ok(await eventually(() => Atomics.load(word, 1) === 1))
  actor = await spawnActor()
  Atomics.store(word, 0, 1)
  Atomics.notify(word, 0)
  const { code, message } = await thread.result
  await thread.ended
  assert.equal(code, 'ERR_URING_ACTOR_EXISTS')
  assert.match(message, /connect\(/)
  await connect().close()
})

test('an actor spawned by a thread ends with it, and another thread can spawn then', async () => {
  await actor?.close()
  assert.equal(await runTask<string>(tasks, 'spawnAndEnd'), expectedEngine())
  actor = await spawnActor()
  const client = actor.connect()
  await client.nop()
  await client.close()
})

test('spawning while the actor closes waits for its end and starts a new one', async () => {
  actor = await spawnActor()
  const before = actor
  const closing = before.close()
  const [next, same] = await Promise.all([spawnActor(), spawnActor()])
  await closing
  assert.notEqual(next, before)
  assert.equal(same, next)
  actor = next
  assert.equal(before.closed, true)
  assert.equal(next.closed, false)
  const client = connect()
  await client.nop()
  await client.close()
})

test('disposing of the actor closes it', async () => {
  const disposed = await spawnActor()
  await disposed[Symbol.asyncDispose]()
  assert.equal(disposed.closed, true)
  await disposed.close()
  await assert.rejects(disposed.stats(), { code: 'ERR_URING_ACTOR_EXITED' })
})
