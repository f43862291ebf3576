// The table of files: a handle reaches the file it was made for, or nothing.
import assert from 'node:assert/strict'
import { constants } from 'node:fs'
import { describe, test } from 'node:test'
import { FILE_KIND_REGULAR } from '@uring-actor/client/protocol'
import fc from 'fast-check'
import { FileTable, OpenFile, RIGHT_READ, RIGHT_WRITE } from '#dist/files/file-table.js'

const { O_RDONLY, O_WRONLY, O_RDWR, O_APPEND, O_DIRECT } = constants

function put(table: FileTable, channel: number, flags: number = O_RDWR): OpenFile | null {
  const slot = table.claim()
  if (slot < 0) return null
  const generation = table.generationOf(slot)
  const file = new OpenFile(slot, generation, 7, channel, flags, FILE_KIND_REGULAR, 512, 512)
  table.put(file)
  return file
}

describe('the table of files', () => {
  test('never finds another file by an old handle', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.boolean(), fc.nat(20)), { maxLength: 300 }), (acts) => {
        const table = new FileTable(1, 9)
        const open: OpenFile[] = []
        const handles: OpenFile[] = []
        for (const [opens, which] of acts) {
          if (opens) {
            const file = put(table, which % 3)
            assert.equal(file === null, open.length === 8)
            if (file === null) continue
            open.push(file)
            handles.push(file)
          } else if (open.length > 0) {
            const [closed] = open.splice(which % open.length, 1)
            table.release(closed!.slot)
          }
          assert.equal(table.openCount, open.length)
        }
        for (const handle of handles) {
          const found = table.resolve(handle.channel, handle.slot, handle.generation)
          assert.equal(found, open.includes(handle) ? handle : null)
          assert.equal(table.resolve(handle.channel + 1, handle.slot, handle.generation), null)
        }
      }),
      { verbose: 1 },
    )
  })

  test('finds nothing by a handle that was made up', () => {
    const table = new FileTable(1, 4)
    put(table, 0)
    for (const slot of [0, 2, 3, 4, -1, 2 ** 31 - 1, -(2 ** 31)]) {
      for (const generation of [0, 1, -1]) assert.equal(table.resolve(0, slot, generation), null)
    }
    assert.equal(table.resolve(0, 1, 0), null)
    assert.equal(table.resolve(0, 1, 2), null)
    assert.notEqual(table.resolve(0, 1, 1), null)
  })

  test('knows the files of each client', () => {
    const table = new FileTable(1, 10)
    const files = [0, 1, 0, 2, 0].map((channel) => put(table, channel))
    assert.deepEqual(table.ofChannel(0), [files[0], files[2], files[4]])
    assert.deepEqual(table.ofChannel(7), [])
  })

  test('reads the rights from the flags', () => {
    const table = new FileTable(1, 10)
    const rights = (flags: number): number => put(table, 0, flags)!.rights
    assert.equal(rights(O_RDONLY), RIGHT_READ)
    assert.equal(rights(O_WRONLY), RIGHT_WRITE)
    assert.equal(rights(O_WRONLY | O_APPEND), RIGHT_WRITE)
    assert.equal(rights(O_RDWR | O_DIRECT), RIGHT_READ | RIGHT_WRITE)
    assert.equal(put(table, 0, O_RDWR | O_DIRECT)!.direct, true)
  })
})
