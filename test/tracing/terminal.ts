// A program on a terminal of its own, by script(1) of util-linux: what it shows, what is typed, and how
// the terminal is set before and after.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { stripVTControlCharacters } from 'node:util'
import { plainEnvironment } from './watched.ts'

export const ENTER = '\x1b[?1049h'
export const LEAVE = '\x1b[?1049l'

/** The reason to skip what needs a terminal; false when there can be one. */
export function missingTerminal(): string | false {
  const { error, stdout } = spawnSync('script', ['--version'], { encoding: 'utf8' })
  if (error !== undefined || !/util-linux/.test(stdout))
    return 'script of util-linux is not installed'
  return false
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`
}

export class Terminal {
  /** All that was shown so far. */
  shown = ''
  readonly #process: ChildProcess
  readonly #ended: Promise<unknown[]>
  #seen: () => void = () => {}

  /** The command's standard error goes to `errors`, a file: it is not to be mixed with what is shown. */
  constructor(command: string[], errors: string, env: Record<string, string> = {}) {
    const line = command.map(quoted).join(' ')
    const inside = [
      'stty cols 80 rows 24',
      'echo "[tty $(tty)]"',
      'echo "[before $(stty -g)]"',
      // The shell gives its own process to the program, and tells its number.
      `sh -c 'echo "[pid $$]"; exec "$@"' sh ${line} 2>${quoted(errors)}`,
      'code=$?',
      'echo "[after $(stty -g)]"',
      'echo "[code $code]"',
    ].join('\n')
    this.#process = spawn('script', ['-q', '-f', '-c', inside, '/dev/null'], {
      stdio: ['pipe', 'pipe', 'inherit'],
      env: { ...plainEnvironment(env), SHELL: '/bin/sh' },
    })
    // Its exit may be heard of before the last that it has shown.
    this.#ended = once(this.#process, 'close')
    this.#process.stdout!.setEncoding('utf8').on('data', (text: string) => {
      this.shown += text
      this.#seen()
    })
  }

  /** Resolves when it is true of what was shown; whatever changes is looked at. */
  async until(isTrue: (shown: string) => boolean): Promise<void> {
    while (!isTrue(this.shown)) {
      const seen = new Promise<void>((resolve) => {
        this.#seen = resolve
      })
      const ended = this.#ended.then(() => 'ended')
      if ((await Promise.race([seen, ended])) === 'ended' && !isTrue(this.shown)) {
        throw new Error(`it has ended, and shown only:\n${JSON.stringify(this.shown)}`)
      }
    }
  }

  type(keys: string): void {
    this.#process.stdin!.write(keys)
  }

  /** What it said of itself in brackets. */
  told(name: 'tty' | 'before' | 'pid' | 'after' | 'code'): string {
    return new RegExp(`\\[${name} ([^\\]]*)\\]`).exec(this.shown)?.[1] ?? ''
  }

  /** Another size, as when its window is changed. */
  resize(columns: number, rows: number): void {
    const size = ['cols', String(columns), 'rows', String(rows)]
    const { status } = spawnSync('stty', ['-F', this.told('tty'), ...size])
    if (status !== 0) throw new Error(`the terminal ${this.told('tty')} cannot be resized`)
  }

  /** Until the program and what has started it have ended; the program's exit code. */
  async end(): Promise<number> {
    await this.until((shown) => shown.includes('[code '))
    await this.#ended
    return Number(this.told('code'))
  }

  kill(): void {
    this.#process.kill('SIGKILL')
  }

  /** The frames that were drawn to their end, as lines of text. */
  frames(): string[][] {
    const [, ...drawn] = this.shown.split('\x1b[H')
    return drawn.slice(0, -1).map((text) => {
      const [frame] = text.split('\x1b[?')
      return stripVTControlCharacters(frame!).trimEnd().split(/\s*\n/)
    })
  }
}
