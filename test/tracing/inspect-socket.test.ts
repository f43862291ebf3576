// The socket that an actor opens for `uring-actor top` when it is asked to: who can reach it, how long
// it is there, and that nobody who connects does any harm.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync, statSync } from 'node:fs'
import net from 'node:net'
import path from 'node:path'
import { describe, test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { runScript } from '../support/child.ts'
import { asOrdinaryUser, missingOrdinaryUser } from '../support/ordinary-user.ts'
import { temporaryDirectory, temporaryFile } from '../support/temporary.ts'
import { missingProgram, missingRoot } from '../support/tools.ts'
import { PROGRAM, Watched } from './watched.ts'

async function withWatched(
  place: string,
  use: (watched: Watched) => Promise<void>,
  env?: Record<string, string>,
): Promise<void> {
  const watched = await Watched.start(place, env)
  try {
    await use(watched)
  } finally {
    await watched.kill()
  }
}

function newPath(): string {
  return path.join(temporaryDirectory(), 'x.sock')
}

/** Connects, asks once and has the answer. */
async function ask(at: string): Promise<{ socket: net.Socket; answer: string }> {
  const socket = net.connect(at)
  socket.write('stats\n')
  const [answer] = await once(socket.setEncoding('utf8'), 'data')
  return { socket, answer }
}

/** Whether there is no place; who is refused may be so before he has asked. */
async function isRefused(at: string): Promise<boolean> {
  try {
    const { socket, answer } = await ask(at)
    socket.destroy()
    return answer.includes('watching')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code !== 'EPIPE' && code !== 'ECONNRESET') throw error
    return true
  }
}

describe('it is opened', () => {
  test('only when it is asked for, and nothing of it is loaded else', async () => {
    await withWatched('', async ({ socket }) => assert.equal(socket, null))
    const thread = new URL('./actor-thread.js', import.meta.resolve('@uring-actor/actor'))
    const text = readFileSync(thread, 'utf8')
    assert.match(text, /await import\("\.\/inspect\/inspection\.js"\)/)
    assert.doesNotMatch(text, /"node:net"/)
  })

  test('in a directory of the user, for nobody else', async () => {
    await withWatched('true', async ({ socket, pid }) => {
      assert.equal(path.basename(socket!), `${pid}.sock`)
      assert.equal(path.basename(path.dirname(socket!)), `uring-actor-${process.geteuid!()}`)
      assert.equal(statSync(path.dirname(socket!)).mode & 0o777, 0o700)
      assert.equal(statSync(socket!).mode & 0o777, 0o600)
    })
  })

  test('where the environment says, which goes before the option', async () => {
    const at = newPath()
    const use = async ({ socket }: Watched): Promise<void> => assert.equal(socket, at)
    await withWatched('true', use, { URING_ACTOR_INSPECT: at })
  })

  test('if it can be; else the actor runs without it, and a warning tells why', async () => {
    await withWatched('/nowhere/x.sock', async ({ socket, warning }) => {
      assert.equal(socket, null)
      assert.match(warning!, /uring-actor top cannot be opened: ENOENT: .*\/nowhere/)
    })
  })
})

describe('another user', () => {
  test('is refused by `top`, in one line', { skip: missingOrdinaryUser() }, async () => {
    await withWatched('true', async ({ pid, socket }) => {
      for (const target of [String(pid), socket!]) {
        const result = await runScript(pathToFileURL(PROGRAM), {
          args: ['top', target, '--once'],
          under: asOrdinaryUser(),
        })
        assert.match(result.stderr, /^uring-actor: permission denied: [^\n]+\n$/)
        assert.equal(result.code, 3)
      }
    })
  })

  test('cannot connect', { skip: missingRoot() || missingProgram('setpriv') }, async () => {
    await withWatched('true', async ({ socket }) => {
      const script = `require('net').connect(process.argv[1]).on('error', (e) => console.log(e.code))`
      const { stdout } = spawnSync(
        'setpriv',
        [
          ...['--reuid=65534', '--regid=65534', '--clear-groups', '--inh-caps=-all'],
          ...[process.execPath, '-e', script, socket!],
        ],
        { cwd: '/', encoding: 'utf8' },
      )
      assert.equal(stdout, 'EACCES\n')
    })
  })
})

describe('it is gone', () => {
  test('when the actor is closed, and its connections with it', async () => {
    await withWatched('true', async (watched) => {
      const { socket } = await ask(watched.socket!)
      const closed = once(socket.resume(), 'close')
      assert.equal(await watched.order({ kind: 'close' }), 'closed')
      await closed
      assert.equal(existsSync(watched.socket!), false)
    })
  })

  for (const [how, expected] of [
    ['exit', 0],
    ['throw', 1],
    ['by itself', 0],
  ] as const) {
    test(`when the process ends: ${how}; who watches does not hold it`, async () => {
      await withWatched('true', async (watched) => {
        const { socket } = await ask(watched.socket!)
        socket.resume()
        watched.process.send({ kind: 'end', how })
        assert.deepEqual(await watched.ended, [expected, null])
        assert.equal(existsSync(watched.socket!), false)
        socket.destroy()
      })
    })
  }

  test('or replaced, when the process was killed', async () => {
    const at = newPath()
    await withWatched(at, async (killed) => {
      killed.process.kill('SIGKILL')
      await killed.ended
      assert.ok(existsSync(at))
      await withWatched(at, async ({ socket }) => {
        assert.equal(socket, at)
        const { socket: peer, answer } = await ask(at)
        assert.match(answer, /"uring-actor-inspect"/)
        peer.destroy()
      })
    })
  })

  test('but not taken from a process that lives', async () => {
    const at = newPath()
    await withWatched(at, async () => {
      await withWatched(at, async ({ socket, warning }) => {
        assert.equal(socket, null)
        assert.match(warning!, /somebody listens/)
      })
      ;(await ask(at)).socket.destroy()
    })
  })
})

/** More than a socket takes. */
const FLOOD_BYTES = 32 << 20
/** Less than one of them would be, were it kept. */
const GROWTH_BYTES_MAX = 24 << 20

test('peers that send without end and never read cost nothing', async () => {
  await withWatched('true', async (watched) => {
    await watched.order({ kind: 'work', workers: 1, file: temporaryFile(4096) })
    const before = (await watched.order({ kind: 'memory' })) as number
    const flood = Buffer.from('stats\n'.repeat(FLOOD_BYTES / 6))
    const peers = Array.from({ length: 8 }, () => net.connect(watched.socket!))
    for (const peer of peers) {
      peer.on('error', () => {})
      await once(peer, 'connect')
      peer.pause()
      peer.write(flood)
    }
    const rest = net.connect(watched.socket!).setEncoding('utf8')
    const [refusal] = await once(rest, 'data')
    assert.match(refusal, /8 others are watching/)
    for (let turn = 0; turn < 50; turn++) await watched.order({ kind: 'memory' })
    const grown = ((await watched.order({ kind: 'memory' })) as number) - before
    assert.ok(grown < GROWTH_BYTES_MAX, `the process has grown by ${grown} bytes`)
    for (const peer of peers) peer.destroy()
    const [work] = (await watched.order({ kind: 'stop' })) as Array<{ operations: number }>
    assert.ok(work!.operations > 0)
    // The others have gone, but it may not have been heard of yet.
    while (await isRefused(watched.socket!));
  })
})
