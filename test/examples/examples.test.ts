// Every example runs from a clone as it is, says what its comments promise, and leaves nothing
// behind.
import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { describe, test } from 'node:test'
import { runScript } from '../support/child.ts'
import { temporaryDirectory } from '../support/temporary.ts'

const COMPILED = new URL('../../../examples/dist/', import.meta.url)
const SOURCES = new URL('../../../examples/', import.meta.url)

/** What each must print, among other things. */
const EXAMPLES: Record<string, RegExp[]> = {
  '01-read-a-file': [
    /^read {6}23 bytes: Many threads, one ring:$/m,
    /^readSync {2}25 bytes: the kernel is asked once,$/m,
    /^lease {5}21 bytes: and answers them all\.$/m,
    /^an error {2}ENOENT$/m,
  ],
  '02-many-workers': [/^worker 3: 524288 words$/m, /^together: 2097152 of 2097152 words$/m],
  '03-direct-io-and-trim': [
    /^wrote 256 blocks; block 7 holds 7s$/m,
    /^trimmed by \w+; the size is still 1048576 bytes$/m,
    /^block 200 holds 0s now$/m,
  ],
  '04-durable-log': [
    /^1000 entries are on the disk, with \d{1,3} fdatasync calls$/m,
    /^after the crash: 999 entries, to "entry 998"$/m,
    /^and appending goes on$/m,
  ],
  '05-power-cut': [
    /^hasty journal: with seed \d+ it lost \d+.*, which it had acknowledged$/m,
    /^journal: nothing was lost in 20 power cuts$/m,
  ],
  '06-opentelemetry': [
    /^copy a\n {2}open: .*\n {2}write, 65536 bytes: .*\n {2}fsync: .*\n {2}read, 65536 bytes: /m,
    /^copy b\n {2}open: .*\n {2}write, 4096 bytes: .*\n {2}fsync: .*\n {2}read, 4096 bytes: /m,
    /^find\n {2}open, ENOENT: \d+\.\d µs, \d+\.\d of them in the kernel$/m,
    /^read: 2 times$/m,
  ],
  '07-prometheus': [/^listening on http:\/\/127\.0\.0\.1:\d+$/m],
}

/** Those that serve until they are told to end, and what they print when they are ready. */
const SERVERS: Record<string, RegExp> = { '07-prometheus': /^listening on /m }

describe('the examples', () => {
  test('each one has its test here', () => {
    const sources = readdirSync(SOURCES).filter((name) => name.endsWith('.ts'))
    assert.deepEqual(
      sources.sort(),
      Object.keys(EXAMPLES).map((name) => `${name}.ts`),
    )
  })

  for (const [name, lines] of Object.entries(EXAMPLES)) {
    test(name, async () => {
      const TMPDIR = temporaryDirectory()
      const ready = SERVERS[name]
      const result = await runScript(new URL(`${name}.js`, COMPILED), {
        // Any port that is free.
        args: ready ? ['0'] : [],
        env: { TMPDIR },
        onOutput: (text, child) => {
          if (ready?.test(text)) child.kill('SIGTERM')
        },
      })
      assert.equal(result.code, 0, result.stderr)
      assert.equal(result.stderr, '')
      for (const line of lines) assert.match(result.stdout, line)
      assert.deepEqual(readdirSync(TMPDIR), [], 'its temporary files are gone')
    })
  }
})
