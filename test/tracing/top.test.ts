// `uring-actor top` for scripts: what it prints is what a process with several workers has done, and
// what cannot be watched is told in one line, with an exit code.
import assert from 'node:assert/strict'
import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync, writeFileSync } from 'node:fs'
import net from 'node:net'
import path from 'node:path'
import readline from 'node:readline'
import type { Readable } from 'node:stream'
import { after, before, describe, test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { type ChildResult, runScript } from '../support/child.ts'
import { expectedEngine } from '../support/engine.ts'
import { temporaryDirectory, temporaryFile } from '../support/temporary.ts'
import type { Work } from './inspected-worker.ts'
import { PROGRAM, Watched } from './watched.ts'

interface Figures {
  operations: number
  errors: number
  bytesRead: number
  bytesWritten: number
  inFlight: number
  interval: Record<string, number>
}
interface Frame {
  pid: number
  engine: string
  trace: string
  uptimeMicros: number
  intervalMicros: number
  all: Figures
  clients: Array<Figures & { id: number; threadId: number }>
}

const WORKERS = 3

function top(...args: string[]): Promise<ChildResult> {
  return runScript(pathToFileURL(PROGRAM), { args: ['top', ...args] })
}

function sum(values: number[]): number {
  return values.reduce((total, value) => total + value, 0)
}

describe('a process under load', () => {
  let watched: Watched
  const frames: Frame[] = []

  before(async () => {
    watched = await Watched.start()
    await watched.order({ kind: 'work', workers: WORKERS, file: temporaryFile(65_536) })
  })
  after(() => watched.kill())

  test('--json: a line for each interval, and together they are all that was done', async () => {
    const args = [PROGRAM, 'top', String(watched.pid), '--json', '--interval', '0.2']
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
    for await (const line of readline.createInterface({ input: child.stdout })) {
      frames.push(JSON.parse(line) as Frame)
      if (frames.length === 5) break
    }
    child.kill()
    await once(child, 'exit')
    const [first, ...later] = frames
    let timed = 0
    for (const { all, clients, pid, engine, trace } of frames) {
      assert.deepEqual([pid, engine, trace], [watched.pid, expectedEngine(), 'histogram'])
      assert.equal(clients.length, WORKERS)
      assert.deepEqual(clients.map(({ id }) => id).sort(), [1, 2, 3])
      for (const field of ['operations', 'errors', 'bytesRead'] as const) {
        assert.equal(sum(clients.map((client) => client[field])), all[field])
        const inInterval = clients.map(({ interval }) => interval[field]!)
        assert.equal(sum(inInterval), all.interval[field])
      }
      for (const { interval } of [all, ...clients]) {
        const { p50Micros, p99Micros, busyMicros, idleMicros, meanBatch } = interval
        // On a loaded machine a worker may have done nothing in an interval.
        if (p50Micros === null || meanBatch === null) continue
        timed++
        assert.ok(p50Micros! > 0 && p99Micros! >= p50Micros!)
        assert.ok(busyMicros! > 0 && idleMicros! > 0)
        assert.ok(meanBatch! >= 1)
      }
    }
    assert.ok(timed >= frames.length)
    for (const field of ['operations', 'errors', 'bytesRead'] as const) {
      const done = sum(later.map(({ all }) => all.interval[field]!))
      assert.equal(first!.all[field] + done, frames.at(-1)!.all[field])
    }
    assert.ok(sum(later.map(({ intervalMicros }) => intervalMicros)) >= 4 * 200_000)
  })

  test('--once, when the work is done: the very numbers of the workers', async () => {
    const done = (await watched.order({ kind: 'stop' })) as Work[]
    const { code, stdout, stderr } = await top(String(watched.pid), '--once', '--json')
    assert.deepEqual([code, stderr], [0, ''])
    assert.equal(stdout.trim().split('\n').length, 1)
    const { all, clients, intervalMicros } = JSON.parse(stdout) as Frame
    for (const field of ['operations', 'errors', 'bytesRead'] as const) {
      assert.equal(all[field], sum(done.map((work) => work[field])))
      assert.deepEqual(
        clients.map((client) => client[field]).sort(),
        done.map((work) => work[field]).sort(),
      )
    }
    assert.ok(all.errors > 0)
    assert.deepEqual([all.bytesWritten, all.inFlight, all.interval.operations], [0, 0, 0])
    assert.ok(intervalMicros >= 1e6)
  })

  test('--once: one frame for people, and the socket is as good as the number', async () => {
    assert.ok(watched.socket !== null)
    const { code, stdout } = await top(watched.socket, '--once', '--interval', '0.1')
    assert.equal(code, 0)
    const lines = stdout.trimEnd().split('\n')
    assert.equal(lines.length, 5 + WORKERS)
    assert.match(lines[0]!, new RegExp(`^uring-actor: process ${watched.pid}, `))
    assert.match(
      lines[3]!,
      /^ client +thread +ops\/s +MB\/s +flight +batch +p50 +p99 +busy\/idle *$/,
    )
    for (const line of lines) assert.ok(line.length <= 80)
    assert.ok(!stdout.includes('\x1b'))
  })

  test('with tracing off there are counts, and no times', async () => {
    await watched.order({ kind: 'trace', level: 'off' })
    const { stdout } = await top(String(watched.pid), '--once', '--json', '--interval', '0.1')
    const { trace, all } = JSON.parse(stdout) as Frame
    assert.deepEqual([trace, all.interval.p50Micros], ['off', null])
    assert.ok(all.operations > 0)
  })

  test('when nobody reads any more it ends in peace', async () => {
    const { child, said } = await topThatPrints(watched.pid)
    child.stdout.destroy()
    assert.deepEqual(await once(child, 'exit'), [0, null])
    assert.equal(said(), '')
  })

  test('when the output cannot be written it says so, with 1', async () => {
    for (const options of [['--json'], ['--json', '--once'], ['--once']]) {
      const args = [PROGRAM, 'top', String(watched.pid), '--interval', '0.1', ...options]
      const full = openSync('/dev/full', 'w')
      const child = spawn(process.execPath, args, { stdio: ['ignore', full, 'pipe'] })
      closeSync(full)
      const said = child.stderr!.setEncoding('utf8').toArray()
      assert.deepEqual(await once(child, 'close'), [1, null])
      assert.match((await said).join(''), /^uring-actor: the figures .* written: ENOSPC[^\n]*\n$/)
    }
  })

  test('when the process ends it says so, with 1', async () => {
    const { child, said } = await topThatPrints(watched.pid, '--json')
    await watched.kill()
    assert.deepEqual(await once(child, 'close'), [1, null])
    assert.equal(said(), `uring-actor: the actor of process ${watched.pid} has ended\n`)
  })
})

test('a script does not wait for ever for a process that was stopped', async () => {
  const stopped = await Watched.start()
  const { child, said } = await topThatPrints(stopped.pid, '--json')
  stopped.process.kill('SIGSTOP')
  assert.deepEqual(await once(child, 'close'), [3, null])
  assert.match(said(), /^uring-actor: .*: it does not answer/)
  await stopped.kill()
})

/** The program watching a process, when it has printed something; and what it says of failures. */
async function topThatPrints(
  pid: number,
  ...options: string[]
): Promise<{ child: ChildProcessByStdio<null, Readable, Readable>; said: () => string }> {
  const args = [PROGRAM, 'top', String(pid), '--interval', '0.1', ...options]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  let said = ''
  child.stderr.on('data', (text: Buffer) => {
    said += text
  })
  await once(child.stdout, 'data')
  return { child, said: () => said }
}

async function assertRefused(args: string[], code: number, says: RegExp): Promise<void> {
  const result = await top(...args)
  assert.equal(result.stdout, '')
  assert.match(result.stderr, /^uring-actor: [^\n]+\n$/)
  assert.match(result.stderr, says)
  assert.equal(result.code, code)
}

describe('what cannot be watched: one line, and 3', () => {
  test('a process that does not exist', () => assertRefused(['4194304'], 3, /no process 4194304/))

  test('a process that has not asked for it', () =>
    assertRefused([String(process.pid)], 3, /spawnActor\(\{ inspect: true \}\)/))

  test('a path with nothing there', () =>
    assertRefused(['/nowhere/x'], 3, /no socket \/nowhere\/x/))

  test('a file that is no socket', async () => {
    const file = path.join(temporaryDirectory(), 'x')
    writeFileSync(file, '')
    for (const at of [file, path.dirname(file)]) await assertRefused([at], 3, / is no socket$/m)
  })

  test('a socket of an actor that was killed', async () => {
    const watched = await Watched.start()
    watched.process.kill('SIGKILL')
    await watched.ended
    await assertRefused([watched.socket!], 3, /nobody listens at .*: its actor has ended/)
    await watched.kill()
  })

  for (const [what, answer] of [
    ['talks first', 'hello\n'],
    ['answers with something else', ''],
    ['answers without end', 'x'.repeat(1 << 20)],
  ] as const) {
    test(`a socket that speaks another protocol: it ${what}`, async () => {
      const at = path.join(temporaryDirectory(), 'x.sock')
      const server = net.createServer((socket) => {
        socket.on('error', () => {})
        if (what === 'talks first') socket.write(answer)
        socket.on('data', () => {
          if (what === 'answers without end') {
            const more = (): void => {
              if (!socket.destroyed) socket.write(answer, more)
            }
            more()
          } else socket.end('{"stats":1}\n')
        })
      })
      await once(server.listen(at), 'listening')
      await assertRefused([at, '--once'], 3, /does not speak the protocol/)
      server.close()
    })
  }
})

describe('mistakes: one line, and 2', () => {
  for (const [what, args, says] of [
    ['no process', [], /which process/],
    ['two', ['1', '2'], /'2'/],
    ['an unknown option', ['1', '--fast'], /'--fast'/],
    ['an interval that is none', ['1', '--interval', 'soon'], /0\.1 to 3600, and not 'soon'/],
    ['an interval of nothing', ['1', '--interval', '0'], /0\.1 to 3600, and not '0'/],
    ['an interval that is too long', ['1', '--interval', '3601'], /and not '3601'/],
  ] as Array<[string, string[], RegExp]>) {
    test(what, () => assertRefused(args, 2, says))
  }
})

test('help goes to the output, and tells the exit codes', async () => {
  const { code, stdout, stderr } = await top('--help')
  assert.deepEqual([code, stderr], [0, ''])
  assert.match(stdout, /^Usage: uring-actor top <pid\|socket>/)
  assert.match(stdout, /Ends with 0 .* 1 .*\n2 .* 3 /)
})
