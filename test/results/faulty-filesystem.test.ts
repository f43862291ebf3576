// A filesystem whose calls fail: with errors, with fewer bytes than asked for, late, or because its
// process has died. The errors and the bytes are node:fs's, and nobody else has to wait.
import assert from 'node:assert/strict'
import fs, { constants } from 'node:fs'
import { describe, test } from 'node:test'
import type { Client } from '@uring-actor/client'
import {
  type Call,
  type FaultyFilesystem,
  faultyFilesystem,
  type Rule,
} from '../support/faulty-filesystem.ts'
import { codeOf, within } from '../support/outcome.ts'
import { eventually } from '../support/process-state.ts'
import { patternBytes } from '../support/temporary.ts'
import { compare, onEachEngine, type Situation } from './situations.ts'
import type { NotedFile, Notes } from './subjects.ts'

const SIZE = 300_000

type ErrorName = Exclude<Parameters<FaultyFilesystem['fail']>[1], Rule>

for (const cached of [false, true]) {
  const what = cached ? 'with the page cache' : 'without the page cache'
  const faulty = await faultyFilesystem({ cached })
  if (typeof faulty === 'string') test(`a faulty filesystem ${what}`, { skip: faulty }, () => {})
  else {
    compare(`a faulty filesystem ${what}`, situations(faulty), () => faulty.directory)
    onEachEngine(`a faulty filesystem ${what}, by itself`, (client) => ourOwn(faulty, client))
  }
}

/** Calls on a new file while calls of one kind fail as the rule says. */
function failing(
  faulty: FaultyFilesystem,
  call: Call,
  how: ErrorName | Rule,
  calls: (file: NotedFile) => Promise<void>,
): Situation {
  const name = `${call}: ${typeof how === 'string' ? how : JSON.stringify(how)}`
  const run = async (notes: Notes): Promise<void> => {
    const at = faulty.path('file')
    fs.rmSync(at, { force: true })
    fs.writeFileSync(at, patternBytes(SIZE))
    const early = call === 'open' ? null : await notes.open(at, 'r+')
    await faulty.fail(call, typeof how === 'string' ? how : { ...how })
    try {
      const file = early ?? (await notes.open(at, 'r+'))
      await calls(file)
      if (call === 'flush') await file.close()
    } finally {
      await faulty.mend(call)
    }
    if (call !== 'flush') await early?.close()
    await notes.content(at)
  }
  return { name, run }
}

function situations(faulty: FaultyFilesystem): Situation[] {
  const reads = async (file: NotedFile): Promise<void> => {
    await file.read(100, 0)
    await file.read(100)
    await file.readv([50, 50], 1000)
    await file.readOn(200_000, 5000)
    await file.readOn(10_000, SIZE - 5000)
  }
  const wholeReads = async (file: NotedFile): Promise<void> => {
    await reads(file)
    await file.readFile()
  }
  const writes = async (file: NotedFile): Promise<void> => {
    await file.writeOn(Buffer.alloc(100, 'a'), 0)
    await file.writeOn(Buffer.alloc(100, 'b'), null)
    await file.writeOn(patternBytes(200_000, 3), 1001)
  }
  const syncs = async (file: NotedFile): Promise<void> => {
    await file.sync()
    await file.datasync()
  }
  const sizes = async (file: NotedFile): Promise<void> => {
    await file.truncate(10)
    await file.stat()
  }
  const nothing = async (): Promise<void> => {}
  return [
    ...(['EIO', 'ESTALE', 'EBADF', 'ENOMEM', 'EACCES'] as const).map((error) =>
      failing(faulty, 'read', error, wholeReads),
    ),
    failing(faulty, 'read', { bytes: 0 }, wholeReads),
    // Node's own readFile() takes a read that is short for the end of the file.
    ...[{ bytes: 7777 }, { bytes: 4096 }].map((rule) => failing(faulty, 'read', rule, reads)),
    failing(faulty, 'read', { after: 1, error: -5 }, reads),
    ...(['EIO', 'ENOSPC', 'EDQUOT', 'EFBIG', 'EROFS', 'EPERM', 'ESTALE'] as const).map((error) =>
      failing(faulty, 'write', error, writes),
    ),
    ...[{ bytes: 7777 }, { bytes: 4096 }].map((rule) => failing(faulty, 'write', rule, writes)),
    ...(['EIO', 'ENOSPC', 'EROFS', 'EDQUOT'] as const).map((error) =>
      failing(faulty, 'fsync', error, syncs),
    ),
    ...(['EPERM', 'EROFS', 'EFBIG'] as const).map((error) =>
      failing(faulty, 'setattr', error, sizes),
    ),
    ...(['EACCES', 'ESTALE', 'EIO', 'ENFILE', 'EROFS', 'ETXTBSY'] as const).map((error) =>
      failing(faulty, 'open', error, nothing),
    ),
    ...(['EIO', 'ENOSPC', 'EDQUOT'] as const).map((error) =>
      failing(faulty, 'flush', error, nothing),
    ),
  ]
}

/** What node:fs has not, or has otherwise on purpose. */
function ourOwn(faulty: FaultyFilesystem, client: () => Client): void {
  const at = (): string => {
    const path = faulty.path('own')
    fs.rmSync(path, { force: true })
    fs.writeFileSync(path, patternBytes(SIZE))
    return path
  }

  for (const [call, error] of [
    ['read', 'EINTR'],
    ['read', 'EAGAIN'],
    ['write', 'EINTR'],
    ['write', 'EAGAIN'],
    ['fsync', 'EINTR'],
    ['fsync', 'EAGAIN'],
  ] as const) {
    test(`${call}: ${error} a few times is asked again`, async () => {
      const file = await client().open(at(), 'r+')
      const code = error === 'EINTR' ? -4 : -11
      await faulty.fail(call, { error: code, times: 3 })
      const buffer = Buffer.alloc(5000)
      if (call === 'read') {
        assert.equal((await file.read(buffer, 0, 5000, 100)).bytesRead, 5000)
        assert.deepEqual(buffer, patternBytes(5000, 100))
      } else if (call === 'write') {
        assert.equal((await file.write(buffer, 0, 5000, 100)).bytesWritten, 5000)
      } else {
        await file.sync()
      }
      await faulty.mend(call)
      await file.close()
    })
  }

  test('readFile has all, however short the reads are', async () => {
    const file = await client().open(at(), 'r')
    await faulty.fail('read', { bytes: 7777 })
    assert.deepEqual(await file.readFile(), patternBytes(SIZE))
    await faulty.mend('read')
    await file.close()
  })

  test('errors that libuv has no name for have theirs', async () => {
    const file = await client().open(at(), 'r+')
    for (const [error, errno] of [
      ['EDQUOT', -122],
      ['ESTALE', -116],
    ] as const) {
      await faulty.fail('write', error)
      const expected = { code: error, errno, syscall: 'write', bytesWritten: 0 }
      await assert.rejects(file.write(Buffer.alloc(9), 0, 9, 0), expected)
      await faulty.mend('write')
    }
    await file.close()
  })

  test('an error after the first of several requests tells what was written', async () => {
    const file = await client().open(at(), constants.O_RDWR)
    const bytes = Buffer.alloc(SIZE, 'w')
    await faulty.fail('write', { after: 2, error: -28 })
    const failed = await file.write(bytes, 0, SIZE, 0).then(
      () => null,
      (error: NodeJS.ErrnoException & { bytesWritten: number }) => error,
    )
    await faulty.mend('write')
    assert.equal(failed?.code, 'ENOSPC')
    assert.equal(failed.syscall, 'write')
    const content = fs.readFileSync(file.path)
    const written = content.findIndex((byte) => byte !== 0x77)
    assert.ok(written > 0 && written < SIZE, `${written} bytes were written`)
    assert.equal(failed.bytesWritten, written)
    await file.close()
  })

  test('fallocate: EOPNOTSUPP is the error of what needs it', async () => {
    const file = await client().open(at(), 'r+')
    await faulty.fail('fallocate', 'EOPNOTSUPP')
    await assert.rejects(file.allocate(0, SIZE), { code: 'ENOTSUP', syscall: 'fallocate' })
    await assert.rejects(file.trim(0, 4096), { code: 'ENOTSUP', syscall: 'trim' })
    await faulty.mend('fallocate')
    await file.close()
  })

  test('a chain goes through it in order, and stops at an error', async () => {
    const file = await client().open(at(), 'r+')
    const buffer = Buffer.alloc(4)
    await faulty.fail('write', { bytes: 3 })
    const results = await client().chain((chain) =>
      chain.write(file, Buffer.from('abcd'), 0, 4, 0).datasync(file).read(file, buffer, 0, 4, 0),
    )
    assert.equal((results[2] as { bytesRead: number }).bytesRead, 4)
    assert.equal(buffer.toString(), 'abcd')
    await faulty.fail('write', 'EIO')
    await assert.rejects(
      client().chain((chain) =>
        chain
          .read(file, buffer, 0, 4, 0)
          .write(file, Buffer.from('efgh'), 0, 4, 0)
          .read(file, buffer, 0, 4, 4),
      ),
      { code: 'EIO', failedIndex: 1 },
    )
    await faulty.mend('write')
    await file.close()
  })

  for (const call of ['read', 'write', 'fsync', 'setattr'] as const) {
    test(`${call}: nobody else waits while it does not answer`, async () => {
      const slow = await client().open(at(), 'r+')
      const other = await client().open('/dev/zero')
      await faulty.fail(call, { hold: true })
      const buffer = Buffer.alloc(100)
      const pending = {
        read: () => slow.read(buffer, 0, 100, 0),
        write: () => slow.write(buffer, 0, 100, 0),
        fsync: () => slow.sync(),
        setattr: () => slow.truncate(10),
      }[call]()
      assert.ok(await eventually(async () => (await faulty.held()) === 1))
      await within(5000, 'another file', other.read(Buffer.alloc(10), 0, 10, 0))
      await within(5000, 'nop', client().nop())
      let closed = false
      const closing = slow.close().then(() => {
        closed = true
      })
      await client().nop()
      assert.equal(closed, false, 'the close waits for what is in flight')
      await faulty.mend(call)
      await faulty.release()
      await within(5000, 'the slow call', pending as Promise<unknown>)
      await within(5000, 'its close', closing)
      await other.close()
    })
  }
}

describe('the process of a filesystem dies', () => {
  onEachEngine('with operations in flight', (client) => {
    test('each of them fails once, and so does all that follows', async (t) => {
      const faulty = await faultyFilesystem()
      if (typeof faulty === 'string') {
        t.skip(faulty)
        return
      }
      fs.writeFileSync(faulty.path('file'), patternBytes(SIZE))
      const file = await client().open(faulty.path('file'), 'r+')
      const node = await fs.promises.open(faulty.path('file'), 'r+')
      await faulty.fail('read', { hold: true })
      await faulty.fail('write', { hold: true })
      await faulty.fail('fsync', { hold: true })
      const buffer = Buffer.alloc(100)
      const calls = [
        () => file.write(buffer, 0, 100, 0),
        () => file.sync(),
        () => file.read(buffer, 0, 100, 0),
        () => node.read(buffer, 0, 100, 0),
      ]
      const codes = Promise.all(calls.map((call) => codeOf(call)))
      assert.ok(await eventually(async () => (await faulty.held()) >= 2))
      faulty.kill()
      const aborted = await within(10_000, 'what was in flight', codes)
      for (const code of aborted) assert.match(code ?? 'null', /^(ECONNABORTED|ENOTCONN)$/)
      assert.equal(await codeOf(() => file.read(buffer, 0, 100, 0)), 'ENOTCONN')
      assert.equal(await codeOf(() => client().open(faulty.path('file'))), 'ENOTCONN')
      // Of a sync that has failed nothing later is believed.
      assert.equal(await codeOf(() => file.sync()), aborted[1])
      await codeOf(() => file.close())
      await node.close().catch(() => {})
      await client().nop()
    })
  })
})
