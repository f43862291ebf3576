// `uring-actor top` on a terminal: it draws in place, within the terminal whatever its size, and gives
// it back as it was however it ends.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { after, before, describe, test } from 'node:test'
import { temporaryDirectory, temporaryFile } from '../support/temporary.ts'
import { ENTER, LEAVE, missingTerminal, Terminal } from './terminal.ts'
import { PROGRAM, Watched } from './watched.ts'

const skip = missingTerminal()
/** For all of it: what is awaited comes at once, or never. In milliseconds. */
const timeout = 120_000
let watched: Watched

before(async () => {
  watched = await Watched.start()
  await watched.order({ kind: 'work', workers: 3, file: temporaryFile(65_536) })
})
after(() => watched.kill())

interface Shown {
  terminal: Terminal
  /** What went to the standard error. */
  errors: () => string
}

async function onTerminal(
  use: (shown: Shown) => Promise<void>,
  { env, pid = watched.pid }: { env?: Record<string, string>; pid?: number } = {},
): Promise<void> {
  const file = path.join(temporaryDirectory(), 'errors')
  const command = [process.execPath, PROGRAM, 'top', String(pid), '--interval', '0.1']
  const terminal = new Terminal(command, file, env)
  try {
    await use({ terminal, errors: () => readFileSync(file, 'utf8') })
  } finally {
    terminal.kill()
  }
}

/** As many frames as were asked for, at least. */
function drawn(terminal: Terminal, frames: number): Promise<void> {
  return terminal.until(() => terminal.frames().length >= frames)
}

function assertRestored(terminal: Terminal): void {
  const { shown } = terminal
  assert.equal(terminal.told('after'), terminal.told('before'))
  assert.ok(terminal.told('before').length > 20, 'stty has told nothing')
  assert.equal(shown.split(ENTER).length, shown.split(LEAVE).length)
  assert.ok(shown.lastIndexOf(LEAVE) > shown.lastIndexOf(ENTER))
  assert.ok(shown.lastIndexOf('\x1b[?25h') > shown.lastIndexOf('\x1b[?25l'), 'no cursor')
  // What comes afterwards is not drawn over.
  assert.ok(shown.lastIndexOf(LEAVE) > shown.lastIndexOf('\x1b[H'))
}

describe('it draws', { skip, timeout }, () => {
  test('in place, in lines of at most 80 columns, the three clients', async () => {
    await onTerminal(async ({ terminal }) => {
      await drawn(terminal, 3)
      for (const lines of terminal.frames()) {
        assert.ok(lines.length <= 24)
        for (const line of lines) assert.ok(line.length <= 80, line)
        assert.match(lines[0]!, /^uring-actor: process /)
        // On a busy machine an answer may be late.
        assert.match(lines[2]!, /^(q quits|no answer for \d+ s)/)
        assert.match(lines[4]!, /^ +all /)
        assert.equal(lines.length, 5 + 3)
      }
      assert.ok(terminal.frames().some((lines) => lines[2]!.startsWith('q quits')))
      terminal.type('q')
      assert.equal(await terminal.end(), 0)
    })
  })

  test('anew when the size changes, and within it', async () => {
    await onTerminal(async ({ terminal }) => {
      await drawn(terminal, 1)
      terminal.resize(50, 7)
      const fits = (lines: string[]): boolean =>
        lines.length <= 7 && lines.every((line) => line.length <= 50)
      await terminal.until(() => fits(terminal.frames().at(-1)!))
      assert.match(terminal.frames().at(-1)!.at(-1)!, /^2 more clients/)
      terminal.resize(130, 24)
      await terminal.until(() => /errors\/s/.test(terminal.frames().at(-1)?.[3] ?? ''))
      terminal.type('q')
      assert.equal(await terminal.end(), 0)
    })
  })

  test('in colours, unless they are not wanted', async () => {
    for (const [env, wanted] of [
      [{ TERM: 'xterm-256color' }, true],
      [{ TERM: 'xterm-256color', NO_COLOR: '1' }, false],
      [{ TERM: 'dumb' }, false],
    ] as const) {
      await onTerminal(
        async ({ terminal }) => {
          await drawn(terminal, 2)
          terminal.type('q')
          await terminal.end()
          // biome-ignore lint/suspicious/noControlCharactersInRegex: it is what is looked for
          assert.equal(/\x1b\[[0-9;]*m/.test(terminal.shown), wanted, JSON.stringify(env))
        },
        { env },
      )
    }
  })
})

describe('it gives the terminal back', { skip, timeout }, () => {
  for (const [name, key] of [
    ['q', 'q'],
    ['Ctrl-C', '\x03'],
  ] as const) {
    test(`when ${name} is pressed, and ends with 0`, async () => {
      await onTerminal(async ({ terminal, errors }) => {
        await drawn(terminal, 2)
        // Other keys do nothing.
        terminal.type('xc\x1b[A')
        await drawn(terminal, terminal.frames().length + 2)
        terminal.type(key)
        assert.equal(await terminal.end(), 0)
        assertRestored(terminal)
        assert.equal(errors(), '')
      })
    })
  }

  for (const [signal, code] of [
    ['SIGTERM', 143],
    ['SIGINT', 130],
    ['SIGHUP', 129],
  ] as const) {
    test(`on ${signal}, by which it ends`, async () => {
      await onTerminal(async ({ terminal, errors }) => {
        await drawn(terminal, 2)
        process.kill(Number(terminal.told('pid')), signal)
        assert.equal(await terminal.end(), code)
        assertRestored(terminal)
        assert.doesNotMatch(errors(), /Error/)
      })
    })
  }

  test('when the process ends, and says so, with 1', async () => {
    const other = await Watched.start()
    await onTerminal(
      async ({ terminal, errors }) => {
        await drawn(terminal, 2)
        await other.kill()
        assert.equal(await terminal.end(), 1)
        assertRestored(terminal)
        assert.equal(errors(), `uring-actor: the actor of process ${other.pid} has ended\n`)
      },
      { pid: other.pid },
    )
  })

  test('while it is stopped, and takes it again when it goes on', async () => {
    await onTerminal(async ({ terminal }) => {
      await drawn(terminal, 2)
      terminal.type('\x1a')
      await terminal.until((shown) => shown.split(ENTER).length === 3)
      const { shown } = terminal
      assert.ok(shown.indexOf(LEAVE) < shown.lastIndexOf(ENTER))
      const count = terminal.frames().length
      await drawn(terminal, count + 2)
      terminal.type('q')
      assert.equal(await terminal.end(), 0)
      assertRestored(terminal)
    })
  })

  test('which it does not take when there is nothing to watch', async () => {
    await onTerminal(
      async ({ terminal, errors }) => {
        assert.equal(await terminal.end(), 3)
        assert.ok(!terminal.shown.includes(ENTER))
        assert.match(errors(), /^uring-actor: .*inspect: true[^\n]*\n$/)
      },
      { pid: process.pid },
    )
  })
})

test('a process that does not answer is said not to, and one that does again is shown', {
  skip,
  timeout,
}, async () => {
  const other = await Watched.start()
  await onTerminal(
    async ({ terminal }) => {
      await drawn(terminal, 2)
      other.process.kill('SIGSTOP')
      await terminal.until(() => /^no answer for /.test(terminal.frames().at(-1)![2]!))
      other.process.kill('SIGCONT')
      await terminal.until(() => /^q quits/.test(terminal.frames().at(-1)![2]!))
      terminal.type('q')
      assert.equal(await terminal.end(), 0)
    },
    { pid: other.pid },
  )
  await other.kill()
})
