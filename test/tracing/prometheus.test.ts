// The Prometheus example is scraped over HTTP: what it serves is in the text format, its numbers are
// those of the work that went through it, and it ends cleanly when it is told to.
import assert from 'node:assert/strict'
import type { ChildProcess } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { test } from 'node:test'
import { textOf } from '../docs/markdown.ts'
import { type ChildResult, runScript } from '../support/child.ts'
import { expectedEngine } from '../support/engine.ts'
import { within } from '../support/outcome.ts'
import { temporaryDirectory } from '../support/temporary.ts'
import { type Exposition, parseExposition } from './exposition.ts'

const EXAMPLE = new URL('../../../examples/dist/07-prometheus.js', import.meta.url)
const STAGES = ['queue', 'batch', 'kernel', 'delivery'] as const

interface Server {
  url: string
  child: ChildProcess
  ended: Promise<ChildResult>
  folder: string
}

async function startServer(): Promise<Server> {
  const folder = temporaryDirectory()
  let output = ''
  let listens: (server: { url: string; child: ChildProcess }) => void = () => {}
  const listening = new Promise<{ url: string; child: ChildProcess }>((resolve) => {
    listens = resolve
  })
  const ended = runScript(EXAMPLE, {
    args: ['0'],
    env: { TMPDIR: folder },
    onOutput: (text, child) => {
      output += text
      const url = /^listening on (http:\S+)$/m.exec(output)?.[1]
      if (url !== undefined) listens({ url, child })
    },
  })
  const failed = ended.then(({ code, stderr }) => {
    throw new Error(`the example ended with ${code}: ${stderr}`)
  })
  failed.catch(() => {})
  return { ...(await Promise.race([listening, failed])), ended, folder }
}

async function stop({ child, ended, folder }: Server, signal: NodeJS.Signals): Promise<void> {
  child.kill(signal)
  const result = await within(20_000, `the end by ${signal}`, ended)
  assert.deepEqual([result.code, result.signal, result.stderr], [0, null, ''])
  assert.deepEqual(readdirSync(folder), [], 'its temporary files are gone')
}

async function scrape({ url }: Server): Promise<Exposition> {
  const response = await fetch(`${url}/metrics`)
  assert.equal(response.status, 200)
  assert.match(response.headers.get('content-type') ?? '', /^text\/plain; version=0\.0\.4/)
  return parseExposition(await response.text())
}

/** Operations, by kind, errors and bytes of what was asked of the server so far. */
class Work {
  readonly operations: Record<string, number> = { open: 0, close: 0, read: 0, write: 0, fstat: 0 }
  missing = 0
  written = 0
  read = 0
  readonly #server: Server

  constructor(server: Server) {
    this.#server = server
  }

  #count(...kinds: string[]): void {
    for (const kind of kinds) this.operations[kind]!++
  }

  async put(name: string, bytes: number): Promise<void> {
    const body = Buffer.alloc(bytes, 'p')
    const response = await fetch(`${this.#server.url}/files/${name}`, { method: 'PUT', body })
    assert.deepEqual([response.status, await response.text()], [201, `${bytes} bytes\n`])
    this.written += bytes
    this.#count('open', 'write', 'close')
  }

  async get(name: string, bytes: number): Promise<void> {
    const response = await fetch(`${this.#server.url}/files/${name}`)
    assert.equal(response.status, 200)
    assert.equal(await response.text(), 'p'.repeat(bytes))
    this.read += bytes
    this.#count('open', 'fstat', 'read', 'close')
  }

  async getMissing(): Promise<void> {
    const response = await fetch(`${this.#server.url}/files/missing`)
    assert.equal(response.status, 404)
    assert.match(await response.text(), /^ENOENT/)
    this.missing++
    this.#count('open')
  }
}

function assertTells({ samples }: Exposition, work: Work): void {
  const of = (key: string): number | undefined => samples.get(`uring_actor_${key}`)
  for (const [kind, count] of Object.entries(work.operations)) {
    assert.equal(of(`operations_total{operation="${kind}"}`), count, `operations of ${kind}`)
    const label = `{operation="${kind}"}`
    assert.equal(of(`operation_seconds_count${label}`), count, `times of ${kind}`)
    const sum = (name: string): number => of(`operation_${name}seconds_sum${label}`)!
    const stages = STAGES.reduce((seconds, stage) => seconds + sum(`${stage}_`), 0)
    assertClose(stages, sum(''), `the stages of ${kind}`)
    assertClose(sum('busy_') + sum('idle_'), sum(''), `busy and idle of ${kind}`)
    const quantiles = [0.5, 0.9, 0.99, 0.999, 1].map((quantile) => {
      return of(`operation_seconds{operation="${kind}",quantile="${quantile}"}`)!
    })
    assert.deepEqual(
      quantiles,
      quantiles.toSorted((one, other) => one - other),
    )
    assert.ok(quantiles[0]! > 0 && quantiles.at(-1)! <= sum('') * (1 + 1e-9), `times of ${kind}`)
  }
  const errors = [...samples].filter(([key]) => key.startsWith('uring_actor_operation_errors_'))
  const expected = [
    ['uring_actor_operation_errors_total{operation="open",code="ENOENT"}', work.missing],
  ]
  assert.deepEqual(errors, expected)
  assert.equal(of('operation_bytes_total{operation="write"}'), work.written)
  assert.equal(of('operation_bytes_total{operation="read"}'), work.read)
  assert.equal(of('in_flight_operations'), 0)
  assert.equal(of('clients'), 1)
  assert.equal(of(`info{engine="${expectedEngine()}",trace="histogram"}`), 1)
  // The thread pool is not entered.
  const [submissions, submitted] = [of('submissions_total')!, of('submitted_operations_total')!]
  const mean = submissions && submitted / submissions
  assertClose(of('operations_per_enter')!, mean, 'operations per enter')
  assert.ok(of('enters_total')! >= submissions)
}

function assertClose(found: number, exact: number, what: string): void {
  assert.ok(Math.abs(found - exact) <= 1e-9 + 1e-6 * exact, `${what}: ${found}, not ${exact}`)
}

test('a scrape tells what was done, and the next one tells of more', async () => {
  const server = await startServer()
  const work = new Work(server)
  await Promise.all([work.put('a', 1000), work.put('b', 70_001), work.put('c', 1)])
  await Promise.all([work.get('a', 1000), work.get('b', 70_001), work.getMissing()])
  const first = await scrape(server)
  assertTells(first, work)

  await Promise.all(Array.from({ length: 20 }, () => work.get('b', 70_001)))
  await Promise.all([work.put('a', 5), work.getMissing(), work.getMissing()])
  // Scrapes at the same time are complete, each of them.
  const [second, third] = await Promise.all([scrape(server), scrape(server)])
  assertTells(second!, work)
  assertTells(third!, work)

  const counters = [...first.samples].filter(([key]) => /_total(\{|$)/.test(key))
  assert.ok(counters.length > 10)
  for (const [key, value] of counters) assert.ok(second!.samples.get(key)! >= value, `${key} grows`)
  await stop(server, 'SIGTERM')
})

test('it has the metrics that docs/tracing.md lists, with their types', async () => {
  const server = await startServer()
  const rows = textOf('docs/tracing.md').matchAll(/^\| `(uring_actor_\w+)` +\| (\w+) +\|/gm)
  const listed = Array.from(rows, ([, name, type]) => [name, type])
  const { types } = await scrape(server)
  assert.deepEqual([...types].sort(), listed.sort())
  await stop(server, 'SIGTERM')
})

test('it serves a file that is empty', async () => {
  const server = await startServer()
  const url = `${server.url}/files/empty`
  const put = await fetch(url, { method: 'PUT', body: '' })
  assert.deepEqual([put.status, await put.text()], [201, '0 bytes\n'])
  const got = await fetch(url)
  assert.deepEqual([got.status, await got.text()], [200, ''])
  await stop(server, 'SIGTERM')
})

test('it ends by Ctrl-C, though a connection is kept open', async () => {
  const server = await startServer()
  assert.equal((await scrape(server)).samples.get('uring_actor_clients'), 1)
  await stop(server, 'SIGINT')
})
