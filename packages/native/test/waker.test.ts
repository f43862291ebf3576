// A waker: writing to its eventfd calls back from the event loop of its thread.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { fstatSync, writeSync } from 'node:fs'
import { describe, test } from 'node:test'
import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import type { NativeWaker } from '#dist/index.js'
import { binding } from './support/ring.ts'
import { openFiles } from './support/threads.ts'

const ONE = new BigUint64Array([1n])

function createWaker(callback: () => void): NativeWaker {
  const waker = binding.createWaker(callback)
  assert.ok(typeof waker !== 'number')
  return waker
}

/** Waits for something that the event loop will do soon. */
async function until(condition: () => boolean): Promise<void> {
  for (let millis = 0; !condition() && millis < 2000; millis++) await sleep(1)
  assert.ok(condition())
}

/** libuv lets go of what was closed at the end of a turn. */
async function settle(): Promise<void> {
  await turn()
  await turn()
}

describe('a waker', () => {
  test('calls back after each write, once for several', async () => {
    let calls = 0
    const waker = createWaker(() => calls++)
    writeSync(waker.fd, ONE)
    await until(() => calls === 1)
    writeSync(waker.fd, ONE)
    writeSync(waker.fd, ONE)
    await until(() => calls === 2)
    await settle()
    assert.equal(calls, 2)
    waker.close()
  })

  test('runs microtasks and ticks when the callback returns', async () => {
    const order: string[] = []
    const waker = createWaker(() => {
      Promise.resolve().then(() => order.push('microtask'))
      process.nextTick(() => order.push('tick'))
      setImmediate(() => order.push('immediate'))
      order.push('callback')
    })
    writeSync(waker.fd, ONE)
    await until(() => order.length === 4)
    assert.deepEqual(order, ['callback', 'tick', 'microtask', 'immediate'])
    waker.close()
  })

  test('is silent once it is closed, and can be closed again', async () => {
    await settle()
    const before = openFiles()
    let calls = 0
    const waker = createWaker(() => calls++)
    writeSync(waker.fd, ONE)
    waker.close()
    waker.close()
    waker.ref()
    waker.unref()
    await settle()
    assert.equal(calls, 0)
    assert.equal(openFiles(), before)
    assert.throws(() => fstatSync(waker.fd), { code: 'EBADF' })
  })

  test('may be closed in its own callback', async () => {
    let calls = 0
    const waker = createWaker(() => {
      calls++
      waker.close()
    })
    writeSync(waker.fd, ONE)
    await until(() => calls === 1)
  })

  test('gives up its descriptor while its thread lives on', async () => {
    await settle()
    const before = openFiles()
    for (let count = 0; count < 500; count++) createWaker(() => {}).close()
    await settle()
    assert.equal(openFiles(), before)
  })
})

const addon = new URL('./support/ring.js', import.meta.url).href

/** Evaluates statements in a worker with `binding`, `waker` and `calls` in scope. */
function workerWith(statements: string): Worker {
  return new Worker(
    `import(${JSON.stringify(addon)}).then(({ binding }) => {
       const { writeSync } = require('node:fs')
       const ONE = new BigUint64Array([1n])
       ${statements}
     })`,
    { eval: true },
  )
}

describe('a waker in a worker', () => {
  test('throws uncaught exceptions of that thread', async () => {
    const worker = workerWith(`
      const waker = binding.createWaker(() => { throw new RangeError('from the callback') })
      waker.ref()
      writeSync(waker.fd, ONE)`)
    const [error] = (await once(worker, 'error')) as [Error]
    assert.equal(error.message, 'from the callback')
    assert.equal(error.name, 'RangeError')
  })

  test('lets the thread go on when it handles the exception', async () => {
    const worker = workerWith(`
      const { parentPort } = require('node:worker_threads')
      let calls = 0
      process.on('uncaughtException', (error) => {
        parentPort.postMessage(error.message)
        if (calls === 2) waker.close()
        else writeSync(waker.fd, ONE)
      })
      const waker = binding.createWaker(() => { throw new Error('call ' + ++calls) })
      waker.ref()
      writeSync(waker.fd, ONE)`)
    const messages: string[] = []
    worker.on('message', (message) => messages.push(message))
    const [code] = await once(worker, 'exit')
    assert.equal(code, 0)
    assert.deepEqual(messages, ['call 1', 'call 2'])
  })

  test('keeps the thread alive only while it is referenced', async () => {
    const referenced = workerWith(`
      const waker = binding.createWaker(() => waker.unref())
      waker.ref()
      setTimeout(() => writeSync(waker.fd, ONE), 20).unref()
      setTimeout(() => {}, 10)`)
    assert.deepEqual(await once(referenced, 'exit'), [0])
    const unreferenced = workerWith('binding.createWaker(() => {})')
    assert.deepEqual(await once(unreferenced, 'exit'), [0])
  })

  test('may be fired while its thread is being terminated', async () => {
    for (let count = 0; count < 30; count++) {
      const worker = workerWith(`
        const waker = binding.createWaker(() => writeSync(waker.fd, ONE))
        waker.ref()
        writeSync(waker.fd, ONE)
        require('node:worker_threads').parentPort.postMessage(0)`)
      await once(worker, 'message')
      assert.equal(await worker.terminate(), 1)
    }
  })
})

test('a waker alone does not keep the process alive', () => {
  const program = `import(${JSON.stringify(addon)}).then(({ binding }) => binding.createWaker(() => {}))`
  const child = spawnSync(process.execPath, ['-e', program], { timeout: 20_000 })
  assert.equal(child.status, 0, String(child.stderr))
})
