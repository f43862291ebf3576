// What the main job cannot do is said in one line on stderr, with exit code 2 and nothing done.
import assert from 'node:assert/strict'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, test } from 'node:test'
import { temporaryDirectory } from '../support/temporary.ts'
import { runMainJob } from './main-job.ts'

const directory = temporaryDirectory()
const foreign = path.join(directory, 'letters.txt')
writeFileSync(foreign, 'Dear reader,\n')
mkdirSync(path.join(directory, 'folder'))

/** Arguments, and what the line must say. */
const BAD: ReadonlyArray<readonly [string, RegExp]> = [
  ['--sise 8MiB', /unknown option '--sise' \(Did you mean --size\?\)/],
  ['more', /too many arguments/],
  ['--size', /'--size <size>' argument missing/],
  ['--size big', /--size .*'big'.* multiple of 4096 bytes/],
  ['--size 0', /--size .*'0'.* multiple of 4096 bytes/],
  ['--size 5000', /--size .*'5000'.* multiple of 4096 bytes/],
  ['--size -8MiB', /--size .*'-8MiB'.* multiple of 4096 bytes/],
  ['--size 2TiB', /--size .*'2TiB'.* at most 1TiB/],
  ['--size 64KiB --workers 2', /--size 64KiB is too small: 2 workers .* need at least 260KiB/],
  [
    '--size 4KiB --workers 1 --depth 1',
    /: 1 worker with 1 operation in flight needs at least 8KiB/,
  ],
  ['--seconds 0', /--seconds .*'0'.* above 0/],
  ['--seconds soon', /--seconds .*'soon'.* above 0/],
  ['--workers 0', /--workers .*'0'.* from 1 to 256/],
  ['--workers 1.5', /--workers .*'1\.5'.* from 1 to 256/],
  ['--depth 0', /--depth .*'0'.* from 1 to 1000/],
  ['--depth 100000', /--depth .*'100000'.* from 1 to 1000/],
  ['--mix 70/30', /--mix .*'70\/30'.* sum to 100/],
  ['--mix 70/25/6', /--mix .*'70\/25\/6'.* sum to 100/],
  ['--mix 50/100/-50', /--mix .*'50\/100\/-50'.* sum to 100/],
  ['--engine epoll', /--engine .*'epoll'.* auto, io_uring, threadpool/],
  ['--seed -1', /--seed .*'-1'.* from 0 to 4294967295/],
  ['--force', /--force goes with --file/],
  [`--file ${directory}/folder`, /--file cannot be used: EISDIR/],
  [`--file ${directory}/none/blocks`, /--file cannot be used: ENOENT/],
  ['--file /dev/null', /--file \/dev\/null is not a regular file/],
  [`--file ${foreign}`, /letters\.txt holds data that this program did not write.* --force/],
]

describe('a bad option', () => {
  for (const [args, says] of BAD) {
    test(args.replace(directory, '…'), async () => {
      const { code, stdout, stderr, left } = await runMainJob(args.split(' '))
      assert.match(stderr, says)
      assert.match(stderr, /^uring-actor: [^\n]+\n$/, 'one line')
      assert.equal(stdout, '')
      assert.equal(code, 2)
      assert.deepEqual(left, [])
    })
  }

  test('that says what size to take names one that is taken', async () => {
    const args = ['--workers', '1', '--depth', '256', '--seconds', '0.1', '--size']
    const { stderr } = await runMainJob([...args, '1MiB'])
    const size = /at least (\S+)\n$/.exec(stderr)?.[1]
    assert.equal(size, '1028KiB')
    assert.equal((await runMainJob([...args, size])).code, 0)
  })

  test('harms no file', () => {
    assert.equal(readFileSync(foreign, 'utf8'), 'Dear reader,\n')
    assert.deepEqual(readdirSync(directory).sort(), ['folder', 'letters.txt'])
  })
})
