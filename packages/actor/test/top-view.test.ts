// The picture of `uring-actor top`: a line is never longer than the terminal is wide, nor are there
// more of them than it has rows, whatever the numbers are.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { stripVTControlCharacters } from 'node:util'
import fc from 'fast-check'
import type { ClientFigures, Figures, IntervalFigures, Snapshot } from '#dist/inspect/snapshot.js'
import { view } from '#dist/top/view.js'

const IDLE: IntervalFigures = {
  operations: 0,
  errors: 0,
  bytesRead: 0,
  bytesWritten: 0,
  p50Micros: null,
  p99Micros: null,
  busyMicros: 0,
  idleMicros: 0,
  meanInFlight: null,
  meanBatch: null,
}

function figures(interval: Partial<IntervalFigures>, inFlight = 0): Figures {
  const { operations, errors, bytesRead, bytesWritten } = { ...IDLE, ...interval }
  return {
    operations,
    errors,
    bytesRead,
    bytesWritten,
    inFlight,
    interval: { ...IDLE, ...interval },
  }
}

function client(id: number, interval: Partial<IntervalFigures>, inFlight = 0): ClientFigures {
  return { id, threadId: id + 1, connectedMicros: 5e6, ...figures(interval, inFlight) }
}

function snapshot(clients: ClientFigures[], all: Figures = figures({})): Snapshot {
  return {
    format: 'uring-actor-inspect',
    version: 1,
    pid: 4711,
    engine: 'io_uring',
    trace: 'histogram',
    uptimeMicros: 3.7e9,
    intervalMicros: 2e6,
    first: false,
    actor: {
      busyMicros: 0.5e6,
      idleMicros: 1.5e6,
      enters: 3000,
      submissions: 1000,
      submitted: 12_300,
    },
    all,
    clients,
  }
}

const AT_80 = { width: 80, height: 24, colours: false, notice: '' }
const BUSY: Partial<IntervalFigures> = {
  operations: 246_913,
  bytesRead: 1_011_355_648,
  p50Micros: 98.7,
  p99Micros: 1234,
  busyMicros: 3e6,
  idleMicros: 7e6,
  meanBatch: 12.34,
}

test('what it looks like at 80 columns', () => {
  const small: Partial<IntervalFigures> = { operations: 3, p50Micros: 5, p99Micros: 5.5 }
  const clients = [client(1, small), client(2, BUSY, 32), client(3, {})]
  assert.deepEqual(view(snapshot(clients, figures(BUSY, 32)), AT_80), [
    'uring-actor: process 4711, io_uring, up 01:01:40, trace histogram',
    'in 2s: actor 25% busy, 3 clients, 12.3 per submission',
    '',
    ' client  thread  ops/s   MB/s flight  batch     p50     p99  busy/idle          ',
    '    all           123k    506     32   12.3  98.7us  1.23ms  #####.........  30%',
    '      1       2   1.50      0      0      -     5us  5.50us                    -',
    '      2       3   123k    506     32   12.3  98.7us  1.23ms  #####.........  30%',
    '      3       4      0      0      0      -       -       -                    -',
  ])
})

test('in flight is the mean of the interval, or what is at the moment if that is more', () => {
  for (const [meanInFlight, now, shown] of [
    [null, 3, '3'],
    [31.6, 0, '32'],
    [0.2, 5, '5'],
  ] as const) {
    const [row] = view(snapshot([client(1, { meanInFlight }, now)]), AT_80).slice(-1)
    assert.equal(row!.split(/ +/)[5], shown)
  }
})

test('errors, a notice, and figures since the start are told', () => {
  const lines = view(
    { ...snapshot([], figures({ operations: 10, errors: 5 })), first: true },
    { ...AT_80, notice: 'no answer for 3 s' },
  )
  assert.equal(
    lines[1],
    'since the start: actor 25% busy, 0 clients, 12.3 per submission, 2.50 errors/s',
  )
  assert.equal(lines[2], 'no answer for 3 s')
})

test('without clients it says so', () => {
  assert.equal(view(snapshot([]), AT_80).at(-1), 'no client is connected')
})

test('of more clients than rows the busiest are shown, and how many are not', () => {
  const clients = Array.from({ length: 1000 }, (_, index) =>
    client(index + 1, { operations: index }),
  )
  const lines = view(snapshot(clients), AT_80)
  assert.equal(lines.length, 24)
  assert.match(lines[5]!, /^ +983 /)
  assert.match(lines[22]!, /^ +1000 /)
  assert.equal(lines[23], '982 more clients, less busy')
  assert.equal(view(snapshot(clients), { ...AT_80, height: Number.POSITIVE_INFINITY }).length, 1005)
})

test('exactly as many clients as rows are all shown', () => {
  const clients = Array.from({ length: 19 }, (_, index) => client(index + 1, {}))
  const lines = view(snapshot(clients), AT_80)
  assert.equal(lines.length, 24)
  assert.match(lines[23]!, /^ +19 /)
})

test('a wide terminal has reads, writes and errors too, and a longer bar', () => {
  const lines = view(snapshot([client(1, { ...BUSY, errors: 4, bytesWritten: 2e6 })]), {
    ...AT_80,
    width: 140,
  })
  assert.match(lines[3]!, /errors\/s +MB\/s +read +written/)
  assert.match(lines[5]!, /^ +1 +2 +123k +2 +507 +506 +1 +0 +12\.3 /)
  assert.ok(lines[5]!.length > 120 && lines[5]!.length <= 140)
})

describe('colours', () => {
  test('change nothing but the colour', () => {
    const one = snapshot([client(1, BUSY), client(2, {})])
    const plain = view(one, { ...AT_80, notice: 'q quits' })
    const coloured = view(one, { ...AT_80, notice: 'q quits', colours: true })
    assert.ok(coloured.some((line) => line.includes('\x1b[')))
    assert.ok(!plain.join('').includes('\x1b'))
    assert.deepEqual(
      coloured.map((line) => stripVTControlCharacters(line).trimEnd()),
      plain.map((line) => line.trimEnd()),
    )
  })
})

test('no number makes a line too long, on a terminal of any size', () => {
  const number = fc.oneof(fc.nat(100), fc.double({ min: 0, max: 1e300, noNaN: true }))
  const time = fc.option(number)
  const interval = fc.record({
    operations: number,
    errors: number,
    bytesRead: number,
    bytesWritten: number,
    p50Micros: time,
    p99Micros: time,
    busyMicros: number,
    idleMicros: number,
    meanInFlight: time,
    meanBatch: time,
  })
  const clients = fc.array(fc.tuple(number, interval, number), { maxLength: 40 })
  fc.assert(
    fc.property(
      clients,
      interval,
      number,
      fc.integer({ min: 1, max: 300 }),
      fc.integer({ min: 1, max: 50 }),
      (made, all, micros, width, height) => {
        const shown = {
          ...snapshot(
            made.map(([id, figures, inFlight]) => client(id, figures, inFlight)),
            figures(all, micros),
          ),
          intervalMicros: micros,
          uptimeMicros: micros,
        }
        const lines = view(shown, { width, height, colours: true, notice: 'x'.repeat(200) })
        assert.ok(lines.length <= height)
        for (const line of lines) {
          const text = stripVTControlCharacters(line)
          assert.ok(text.length <= width, `${text.length} of ${width}: ${text}`)
          assert.doesNotMatch(text, /NaN|undefined|Infinity/)
        }
      },
    ),
  )
})
