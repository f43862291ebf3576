// docs/memory-layout.md against the code: every offset that the protocol exports stands in exactly one
// row of its tables, with the right number, and no row names what does not exist.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as protocol from '@uring-actor/client/protocol'
import { type LayoutRow, layoutRows } from './document.ts'

const exported = protocol as unknown as Record<string, unknown>
const rows = layoutRows(new URL('../../../docs/memory-layout.md', import.meta.url))
const named = rows.filter(({ constant }) => constant !== '–')

/** Constants that are no offsets, though they begin like some. */
const NO_OFFSETS = [
  'REQUEST_DRAIN',
  'REQUEST_LINK',
  'REQUEST_DURABLE',
  'REQUEST_PARTIAL',
  'REQUEST_FLAGS_SHIFT',
  'REQUEST_WORDS',
  'COMPLETION_WORDS',
  'COMPLETION_REFUSED',
  'COMPLETION_CHAIN_BROKEN',
  'COMPLETION_CANCELLED',
  'COMPLETION_NOT_STARTED',
]
const RECORD_OFFSET = /^(REQUEST|COMPLETION)_/
const RESULT_OFFSET = /^OPEN_RESULT_(?!BYTES$)/
const BYTE_OFFSET = /_BYTE$/

/** The byte that a constant stands for: words count fours, float64 and bigint64 eights. */
function byteOf(constant: string): number {
  const field = /^STAT_FIELDS\[(\d+)\]$/.exec(constant)
  if (field !== null) return Number(field[1]) * 8
  const value = exported[constant]
  if (typeof value !== 'number') throw new Error(`${constant} is no number that is exported`)
  if (BYTE_OFFSET.test(constant)) return value
  return value * (constant.endsWith('_F64') || RESULT_OFFSET.test(constant) ? 8 : 4)
}

test('the document has tables', () => {
  const sections = new Set(rows.map(({ section }) => section))
  assert.ok(sections.size >= 6, [...sections].join())
  assert.ok(named.length > 40, `${named.length} rows`)
})

test('every exported offset stands in exactly one row', () => {
  const offsets = Object.keys(exported).filter(
    (name) =>
      !NO_OFFSETS.includes(name) &&
      (BYTE_OFFSET.test(name) || RECORD_OFFSET.test(name) || RESULT_OFFSET.test(name)),
  )
  const fields = protocol.STAT_FIELDS.map((_, index) => `STAT_FIELDS[${index}]`)
  assert.ok(offsets.length > 30)
  for (const name of [...offsets, ...fields]) {
    const found = named.filter(({ constant }) => constant === name)
    assert.equal(found.length, 1, `${name} stands in ${found.length} rows`)
  }
})

test('every row that names a constant names its byte', () => {
  for (const { constant, byte } of named) {
    // What follows the first ring begins where that ends: its place is a function of the capacity.
    if (constant.endsWith('Word()')) continue
    assert.equal(byte, String(byteOf(constant)), constant)
  }
})

test('the places of completions and cancel words follow from the capacity', () => {
  const byteOf = (name: string) => named.find(({ constant }) => constant === name)?.byte
  assert.equal(byteOf('completionsWord()'), '1024 + capacity × 64')
  assert.equal(byteOf('cancelsWord()'), '1152 + capacity × 128')
  for (const capacity of [2, 64, 16384]) {
    assert.equal(protocol.completionsWord(capacity) * 4, 1024 + capacity * 64)
    assert.equal(protocol.cancelsWord(capacity) * 4, 1152 + capacity * 128)
    assert.equal(protocol.channelBytes(capacity), 1152 + capacity * 132)
  }
})

test("a stat record's rows have the names of its fields", () => {
  for (const { constant, name } of named) {
    const index = /^STAT_FIELDS\[(\d+)\]$/.exec(constant)?.[1]
    if (index !== undefined) assert.equal(name, protocol.STAT_FIELDS[Number(index)])
  }
})

function rowsOf(section: string): LayoutRow[] {
  return rows.filter((row) => row.section === section)
}

const sizes: Array<[section: string, bytes: number]> = [
  ['Header', protocol.HEADER_BYTES],
  ['Channel', protocol.CHANNEL_RECORDS_BYTE],
  ['Request record', protocol.REQUEST_WORDS * 4],
  ['Completion record', protocol.COMPLETION_WORDS * 4],
  ['Open result', protocol.OPEN_RESULT_BYTES],
  ['Stat record', protocol.STAT_BYTES],
]

for (const [section, size] of sizes) {
  test(`the rows of "${section}" cover its ${size} bytes, without a gap or an overlap`, () => {
    let next = 0
    for (const { byte, bytes } of rowsOf(section)) {
      if (Number(byte) === size || !/^\d+$/.test(byte)) break
      assert.equal(Number(byte), next, `${section}: a row at ${byte}, expected at ${next}`)
      next += Number(bytes)
    }
    assert.equal(next, size)
  })
}
