// The figures of an interval: of what was traced before nothing is in them, clients come and leave, and
// whatever a client writes into its trace memory, the figures stay numbers.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { addTo } from '@uring-actor/client/internal'
import {
  HISTOGRAM_F64,
  histogramAt,
  METRIC_BUSY,
  METRIC_IDLE,
  METRIC_TOTAL,
  OPERATION_LIMIT,
  OPERATION_NOP,
  OPERATION_READ,
  OPERATION_WRITE,
  TRACE_BYTES,
} from '@uring-actor/client/protocol'
import fc from 'fast-check'
import type { Channel } from '#dist/channels/channel.js'
import { Counts } from '#dist/channels/counts.js'
import { Departed } from '#dist/channels/departed.js'
import type { StatisticsParts } from '#dist/control/statistics.js'
import { Answers } from '#dist/inspect/answers.js'
import { readAnswer, type Snapshot } from '#dist/inspect/snapshot.js'

/** As much of a channel as is read, and what the client writes beside it. */
class FakeChannel {
  readonly id: number
  readonly threadId = 7
  readonly connectedAt = 0
  readonly counts = new Counts()
  readonly trace = new Float64Array(TRACE_BYTES / 8)
  completed = 0
  errors = 0
  wakes = 0
  inFlight = 0
  taken = 0
  turns = 0

  constructor(id: number) {
    this.id = id
  }

  lookAtCachedReads(): void {}

  /** So many operations at one turn, each of which took so long. */
  work(kind: number, count: number, total: number, busy: number, res = 4096): void {
    this.turns++
    this.taken += count
    this.completed += count
    if (res < 0) this.errors += count
    for (let index = 0; index < count; index++) {
      this.counts.add(kind, res)
      addTo(this.trace, histogramAt(kind, METRIC_TOTAL), total)
      addTo(this.trace, histogramAt(kind, METRIC_BUSY), busy)
      addTo(this.trace, histogramAt(kind, METRIC_IDLE), total - busy)
    }
  }
}

/** An actor with channels, of which the parts are there that are read. */
class FakeActor {
  readonly channels: Array<FakeChannel | null> = []
  readonly departed = new Departed()
  readonly engine = { name: 'io_uring', counters: { enters: 0, submissions: 0, submitted: 0 } }
  readonly loop = { counters: { busyMicros: 0, idleMicros: 0 } }
  readonly header = new Int32Array(1024)
  readonly startedAt = 0

  answers(): Answers {
    return new Answers(this as unknown as StatisticsParts, this.departed)
  }

  connect(id: number): FakeChannel {
    const channel = new FakeChannel(id)
    this.channels.push(channel)
    return channel
  }

  leave(channel: FakeChannel): void {
    this.departed.add(channel as unknown as Channel)
    this.channels[this.channels.indexOf(channel)] = null
  }
}

/** What the peer reads. */
function asRead(snapshot: Snapshot): Snapshot {
  const answer = readAnswer(JSON.stringify(snapshot))
  assert.ok(answer !== null && 'clients' in answer, JSON.stringify(snapshot))
  assert.deepEqual(answer, snapshot)
  return answer
}

function near(value: number | null, expected: number): void {
  assert.ok(Math.abs(value! / expected - 1) < 0.033, `${value} is not about ${expected}`)
}

describe('an interval', () => {
  test('has what was done in it, and the totals all', () => {
    const actor = new FakeActor()
    const client = actor.connect(1)
    const answers = actor.answers()
    client.work(OPERATION_READ, 100, 1000, 100)
    client.inFlight = 3
    const first = asRead(answers.next())
    assert.equal(first.first, true)
    assert.equal(first.clients[0]!.interval.operations, 100)
    near(first.all.interval.p50Micros, 1000)

    client.work(OPERATION_READ, 6, 10, 1)
    client.work(OPERATION_WRITE, 4, 20, 2, 512)
    client.work(OPERATION_NOP, 2, 20, 2, -5)
    const second = asRead(answers.next())
    assert.equal(second.first, false)
    const { interval, ...all } = second.all
    assert.deepEqual(all, {
      operations: 112,
      errors: 2,
      bytesRead: 106 * 4096,
      bytesWritten: 4 * 512,
      inFlight: 3,
    })
    assert.deepEqual(
      [interval.operations, interval.errors, interval.bytesRead, interval.bytesWritten],
      [12, 2, 6 * 4096, 4 * 512],
    )
    near(interval.p50Micros, 10)
    near(interval.p99Micros, 20)
    near(interval.busyMicros, 6 + 8 + 4)
    near(interval.idleMicros, 54 + 72 + 36)
    assert.equal(interval.meanBatch, 4)
    near(interval.meanInFlight, 180 / second.intervalMicros)
    assert.deepEqual(second.clients[0]!.interval, interval)
  })

  test('without operations has no times', () => {
    const actor = new FakeActor()
    const client = actor.connect(1)
    const answers = actor.answers()
    client.work(OPERATION_READ, 100, 1000, 100)
    answers.next()
    const { interval } = asRead(answers.next()).all
    const { operations, p50Micros, p99Micros, meanBatch, meanInFlight, busyMicros } = interval
    assert.deepEqual(
      { operations, p50Micros, p99Micros, meanBatch, meanInFlight, busyMicros },
      {
        operations: 0,
        p50Micros: null,
        p99Micros: null,
        meanBatch: null,
        meanInFlight: null,
        busyMicros: 0,
      },
    )
  })

  test('has the actor’s own time and calls', () => {
    const actor = new FakeActor()
    const answers = actor.answers()
    Object.assign(actor.engine.counters, { enters: 5, submissions: 3, submitted: 50 })
    Object.assign(actor.loop.counters, { busyMicros: 100, idleMicros: 900 })
    answers.next()
    Object.assign(actor.engine.counters, { enters: 7, submissions: 4, submitted: 90 })
    Object.assign(actor.loop.counters, { busyMicros: 130, idleMicros: 1000 })
    const { actor: own } = asRead(answers.next())
    assert.deepEqual(own, {
      busyMicros: 30,
      idleMicros: 100,
      enters: 2,
      submissions: 1,
      submitted: 40,
    })
  })

  test('is each peer’s own', () => {
    const actor = new FakeActor()
    const [one, other] = [actor.answers(), actor.answers()]
    const client = actor.connect(1)
    client.work(OPERATION_NOP, 5, 10, 1)
    one.next()
    client.work(OPERATION_NOP, 2, 10, 1)
    assert.equal(one.next().all.interval.operations, 2)
    assert.equal(other.next().all.interval.operations, 7)
  })
})

test('what a client did that has left stays in the totals, and a new one in its place is new', () => {
  const actor = new FakeActor()
  const answers = actor.answers()
  const leaving = actor.connect(1)
  const staying = actor.connect(2)
  leaving.work(OPERATION_READ, 50, 100, 10)
  staying.work(OPERATION_READ, 1, 100, 10)
  answers.next()
  leaving.work(OPERATION_READ, 30, 100, 10)
  staying.work(OPERATION_READ, 8, 100, 10)
  actor.leave(leaving)
  actor.connect(3).work(OPERATION_READ, 4, 100, 10)
  const { all, clients } = asRead(answers.next())
  assert.equal(all.operations, 50 + 30 + 9 + 4)
  assert.equal(all.interval.operations, 30 + 8 + 4)
  near(all.interval.busyMicros, 42 * 10)
  // Of those that are there.
  assert.equal(all.interval.meanBatch, 6)
  assert.deepEqual(
    clients.map(({ id, interval }) => [id, interval.operations]),
    [
      [2, 8],
      [3, 4],
    ],
  )
})

test('whatever a client writes into its trace memory, figures are numbers and not negative', () => {
  const scribble = fc.oneof(
    fc.double(),
    fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, -1, 1e308, Number.MAX_SAFE_INTEGER),
  )
  const places = fc.array(fc.tuple(fc.nat(3 * HISTOGRAM_F64 - 1), scribble), { maxLength: 20 })
  fc.assert(
    fc.property(fc.array(places, { minLength: 1, maxLength: 5 }), (rounds) => {
      const actor = new FakeActor()
      const answers = actor.answers()
      const client = actor.connect(1)
      client.work(OPERATION_READ, 3, 10, 1)
      for (const round of rounds) {
        for (const [at, value] of round) {
          client.trace[histogramAt(OPERATION_READ, METRIC_TOTAL) + at] = value
        }
        const { all } = asRead(answers.next())
        assert.equal(all.operations, 3)
      }
    }),
    { numRuns: 30 },
  )
})

test('memory of kinds that have not occurred is not read', () => {
  const actor = new FakeActor()
  const client = actor.connect(1)
  client.work(OPERATION_READ, 3, 10, 1)
  for (let kind = 0; kind < OPERATION_LIMIT; kind++) {
    if (kind === OPERATION_READ) continue
    // As if it had been, so that reading it would show.
    addTo(client.trace, histogramAt(kind, METRIC_TOTAL), 1e6)
  }
  near(asRead(actor.answers().next()).all.interval.p99Micros, 10)
})
