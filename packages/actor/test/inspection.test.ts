// The socket of `uring-actor top`: who may reach it, what becomes of one that is there already, and
// that peers who send rubbish, send without end or never read cost nothing but their connection.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import fs from 'node:fs'
import net from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { after, describe, test } from 'node:test'
import { type Inspection, openInspection } from '#dist/inspect/inspection.js'

const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'uring-actor-inspection-'))
after(() => fs.rmSync(scratch, { recursive: true, force: true }))

let made = 0
function newPath(): string {
  return path.join(scratch, `${++made}.sock`)
}

/** Listens, with answers that count the peer's requests. */
function open(at: string, answer = (count: number) => `{"count":${count}}`): Promise<Inspection> {
  return openInspection({ path: at, directory: null }, () => {
    let count = 0
    return () => answer(++count)
  })
}

/** All that comes over a connection until it ends. */
async function allOf(socket: net.Socket): Promise<string> {
  let text = ''
  socket.setEncoding('utf8').on('data', (part: string) => {
    text += part
  })
  socket.on('error', () => {})
  await once(socket, 'close')
  return text
}

async function lineOf(socket: net.Socket): Promise<string> {
  const [data] = await once(socket, 'data')
  return String(data)
}

async function withInspection(
  use: (at: string) => Promise<void>,
  answer?: (count: number) => string,
): Promise<void> {
  const at = newPath()
  const inspection = await open(at, answer)
  try {
    await use(at)
  } finally {
    inspection.close()
  }
}

describe('answers', () => {
  test('each peer has its own', async () => {
    await withInspection(async (at) => {
      const [one, other] = [net.connect(at), net.connect(at)]
      for (const [socket, expected] of [
        [one, 1],
        [one, 2],
        [other, 1],
      ] as const) {
        socket.write('stats\n')
        assert.equal(await lineOf(socket), `{"count":${expected}}\n`)
      }
      one.destroy()
      other.destroy()
    })
  })

  test('a request may come in pieces, and several in one', async () => {
    await withInspection(async (at) => {
      const socket = net.connect(at)
      socket.write('sta')
      socket.write('ts\r\nstats\nstats\n')
      let text = ''
      for await (const part of socket.setEncoding('utf8')) {
        text += part
        if (text.includes('3')) break
      }
      assert.equal(text, '{"count":1}\n{"count":2}\n{"count":3}\n')
    })
  })
})

describe('a hostile peer', () => {
  for (const [what, sent, reason] of [
    ['another request', 'quit\n', /there is one request: stats/],
    ['a line that is too long', `${'x'.repeat(65)}\n`, /at most 64 bytes/],
    ['a line without an end', 'x'.repeat(1000), /at most 64 bytes/],
    ['bytes that are no text', Buffer.from([0, 255, 10]), /there is one request/],
  ] as const) {
    test(`${what}: it hears why, and is let go`, async () => {
      await withInspection(async (at) => {
        const socket = net.connect(at)
        socket.write(sent)
        const { format, refused } = JSON.parse(await allOf(socket)) as Record<string, string>
        assert.equal(format, 'uring-actor-inspect')
        assert.match(refused!, reason)
      })
    })
  }

  test('who never reads is kept waiting with one answer, and the others are served', async () => {
    const answer = 'x'.repeat(1 << 20)
    let answers = 0
    await withInspection(
      async (at) => {
        const socket = net.connect(at)
        socket.on('error', () => {})
        socket.pause()
        let sent = false
        socket.write('stats\n'.repeat(1 << 20), () => {
          sent = true
        })
        await once(socket, 'connect')
        const other = net.connect(at)
        for (let request = 0; request < 3; request++) {
          other.write('stats\n')
          let length = 0
          while (length <= answer.length) length += (await lineOf(other)).length
        }
        // In that time all of it could have been read many times over.
        assert.equal(sent, false)
        assert.equal(answers, 1 + 3)
        other.destroy()
        socket.destroy()
      },
      () => {
        answers++
        return answer
      },
    )
  })

  test('of more than eight at once the further ones are refused, until one leaves', async () => {
    await withInspection(async (at) => {
      const sockets: net.Socket[] = []
      for (let index = 0; index < 8; index++) {
        const socket = net.connect(at)
        socket.write('stats\n')
        await lineOf(socket)
        sockets.push(socket)
      }
      assert.match(await allOf(net.connect(at)), /8 others are watching/)
      const leaving = sockets.pop()!
      leaving.destroy()
      await once(leaving, 'close')
      for (;;) {
        const socket = net.connect(at)
        socket.write('stats\n')
        const line = await lineOf(socket)
        socket.destroy()
        // That the other has left may take a moment to arrive.
        if (line.includes('count')) break
      }
      for (const socket of sockets) socket.destroy()
    })
  })
})

describe('the file', () => {
  test('is for its owner, and gone when it is closed, with every connection', async () => {
    const at = newPath()
    const inspection = await open(at)
    assert.equal(fs.statSync(at).mode & 0o777, 0o600)
    const socket = net.connect(at)
    socket.write('stats\n')
    await lineOf(socket)
    inspection.close()
    assert.equal(fs.existsSync(at), false)
    assert.equal(await allOf(socket), '')
  })

  test('is in a directory that is made for it', async () => {
    const directory = path.join(scratch, 'own')
    const at = path.join(directory, '1.sock')
    for (let round = 0; round < 2; round++) {
      const inspection = await openInspection({ path: at, directory }, () => () => '')
      assert.equal(fs.statSync(directory).mode & 0o777, 0o700)
      inspection.close()
    }
  })

  test('is not made in a directory that others may enter, or that is none', async () => {
    const directory = path.join(scratch, 'open')
    fs.mkdirSync(directory)
    fs.chmodSync(directory, 0o755)
    const linked = path.join(scratch, 'linked')
    fs.mkdirSync(path.join(scratch, 'target'), { mode: 0o700 })
    fs.symlinkSync(path.join(scratch, 'target'), linked)
    for (const [used, reason] of [
      [directory, /open has the mode 0755, and must have 0700/],
      [linked, /linked is no directory/],
    ] as const) {
      const place = { path: path.join(used, '1.sock'), directory: used }
      await assert.rejects(
        openInspection(place, () => () => ''),
        { message: reason },
      )
      assert.deepEqual(fs.readdirSync(used), [])
    }
  })

  test('is not made in the directory of another user', {
    skip: process.getuid!() === 0 ? false : 'needs root',
  }, async () => {
    const directory = path.join(scratch, 'foreign')
    fs.mkdirSync(directory, { mode: 0o700 })
    fs.chownSync(directory, 65534, 65534)
    const place = { path: path.join(directory, '1.sock'), directory }
    await assert.rejects(
      openInspection(place, () => () => ''),
      {
        message: /belongs to the user 65534/,
      },
    )
  })

  test('is not made where the umask would let others connect first', async () => {
    const directory = path.join(scratch, 'umask')
    fs.mkdirSync(directory)
    fs.chmodSync(directory, 0o755)
    const at = path.join(directory, 'x.sock')
    const umask = process.umask(0o002)
    try {
      await assert.rejects(open(at), { message: /with the umask 0002 others could connect/ })
      fs.chmodSync(directory, 0o700)
      ;(await open(at)).close()
    } finally {
      process.umask(umask)
    }
  })
})

describe('what is there already', () => {
  test('a socket that nobody listens at is replaced', async () => {
    const at = newPath()
    const server = net.createServer().listen(at)
    await once(server, 'listening')
    // A second name outlives the server, which removes the first.
    fs.linkSync(at, `${at}.left`)
    server.close()
    const inspection = await open(`${at}.left`)
    const socket = net.connect(`${at}.left`)
    socket.write('stats\n')
    assert.equal(await lineOf(socket), '{"count":1}\n')
    socket.destroy()
    inspection.close()
  })

  test('a socket that somebody listens at stays', async () => {
    await withInspection(async (at) => {
      await assert.rejects(open(at), { message: /is there already: somebody listens/ })
      assert.ok(fs.statSync(at).isSocket())
    })
  })

  test('anything else stays', async () => {
    const file = newPath()
    fs.writeFileSync(file, 'precious')
    await assert.rejects(open(file), { message: /is there already, and no socket/ })
    assert.equal(fs.readFileSync(file, 'utf8'), 'precious')
    const link = newPath()
    fs.symlinkSync('/nowhere', link)
    await assert.rejects(open(link), { message: /no socket/ })
  })
})
