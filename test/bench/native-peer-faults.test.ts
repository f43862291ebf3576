// What the peer in C cannot do is one line that says why: files that are missing, too short or truncated, bad
// arguments; and so it is where it cannot be built.
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { readFileSync, truncateSync } from 'node:fs'
import { describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { nativeProgram, nativeRefusal, runNative } from '@uring-actor/bench/native-peer.js'
import { FILE_BYTES, makeFiles, optionsFor, SMALL_BYTES } from './native-files.ts'

const skip = nativeRefusal() ?? false

describe('what it cannot do', () => {
  test('is one line that names the file which is missing', { skip }, async () => {
    const files = [...makeFiles(SMALL_BYTES), '/nonexistent/blocks']
    await assert.rejects(runNative(optionsFor(files, { fileBytes: SMALL_BYTES })), {
      message: 'blocks.c ended with 1: /nonexistent/blocks: No such file or directory',
    })
  })

  test('is one line that names the file which is too short', { skip }, async () => {
    const files = makeFiles(SMALL_BYTES)
    await assert.rejects(runNative(optionsFor(files, { fileBytes: SMALL_BYTES + 1 })), {
      message: `blocks.c ended with 1: ${files[0]}: shorter than --size`,
    })
  })

  test('is one line that names the file which is truncated while it is mapped', {
    skip,
  }, async () => {
    const files = makeFiles()
    const args = ['--mode=mmap', '--threads=8', '--seconds=60', `--size=${FILE_BYTES}`, ...files]
    const child = spawn(nativeProgram(), args)
    let errors = ''
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      errors += text
    })
    const closed = new Promise((resolve) => child.once('close', resolve))
    try {
      // The last file is mapped last, and all threads run once the process has more of them.
      const begun = (): boolean =>
        readFileSync(`/proc/${child.pid}/maps`, 'utf8').includes(files[1]!) &&
        readFileSync(`/proc/${child.pid}/status`, 'utf8').includes('Threads:\t9\n')
      while (!begun()) await sleep(5)
      truncateSync(files[1]!, 0)
      assert.equal(await closed, 1)
    } finally {
      child.kill('SIGKILL')
    }
    assert.equal(errors, `${files[1]}: truncated, or not readable, while it was mapped\n`)
  })

  const GOOD = ['--size=4096', '--seconds=0.1']
  const BAD: ReadonlyArray<readonly string[]> = [
    [],
    GOOD,
    ['--size=4096', '--nonsense=1', 'FILE'],
    ['--size', 'FILE'],
    ['--seconds=1', 'FILE'],
    [...GOOD, '--size=4095', 'FILE'],
    [...GOOD, '--size=-4096', 'FILE'],
    [...GOOD, '--size=99999999999999999999999', 'FILE'],
    [...GOOD, '--size=4KiB', 'FILE'],
    [...GOOD, '--block=8192', 'FILE'],
    [...GOOD, '--block=513', 'FILE'],
    [...GOOD, '--block=0', 'FILE'],
    [...GOOD, '--block=1536', 'FILE'],
    [...GOOD, '--threads=0', 'FILE'],
    [...GOOD, '--threads=513', 'FILE'],
    [...GOOD, '--threads=', 'FILE'],
    [...GOOD, '--threads=1.5', 'FILE'],
    [...GOOD, '--seconds=0', 'FILE'],
    [...GOOD, '--seconds=nan', 'FILE'],
    [...GOOD, '--seconds=inf', 'FILE'],
    [...GOOD, '--seconds=', 'FILE'],
    [...GOOD, '--warm-up=-1', 'FILE'],
    [...GOOD, '--direct=2', 'FILE'],
    [...GOOD, '--mode=aio', 'FILE'],
    [...GOOD, '--operation=trim', 'FILE'],
    [...GOOD, '--mode=mmap', '--operation=write', 'FILE'],
    [...GOOD, '--mode=mmap', '--direct=1', 'FILE'],
    [...GOOD, '--operation=write', '--block=512', 'FILE'],
  ]
  for (const args of BAD) {
    test(`is said before it begins, bad arguments: ${args.join(' ')}`, { skip }, () => {
      const { status, stdout, stderr } = spawnSync(nativeProgram(), args, { encoding: 'utf8' })
      assert.equal(status, 2, stderr)
      assert.equal(stdout, '')
      assert.match(stderr, /^[^\n]+\n$/)
    })
  }
})

describe('building it', () => {
  /** Calls with another CC, for which nothing is built yet. */
  function refusalWith(compiler: string, searched = process.env.PATH): string | null {
    const { CC, PATH } = process.env
    try {
      Object.assign(process.env, { CC: compiler, PATH: searched })
      return nativeRefusal()
    } finally {
      process.env.PATH = PATH
      if (CC === undefined) delete process.env.CC
      else process.env.CC = CC
    }
  }

  test('happens once', { skip }, () => {
    assert.equal(nativeProgram(), nativeProgram())
    assert.equal(refusalWith(process.env.CC ?? '', '/nonexistent'), null)
  })

  test('is refused in one line without a compiler', () => {
    assert.equal(
      refusalWith(' ', '/nonexistent'),
      'no C compiler is installed (apt-get install gcc libc6-dev)',
    )
    assert.match(refusalWith('/nonexistent/cc -g')!, /^[^\n]*not there: \/nonexistent\/cc$/)
  })

  test("is refused with the compiler's first error", { skip }, () => {
    const compiler = process.env.CC || compilerHere()
    const refusal = refusalWith(`${compiler} -include /nonexistent.h`)
    assert.match(refusal!, /^[^\n]* ended with 1: [^\n]*error: [^\n]*\/nonexistent\.h[^\n]*$/)
  })

  function compilerHere(): string {
    const there = (name: string): boolean => spawnSync(name, ['--version']).error === undefined
    return ['cc', 'gcc', 'clang'].find(there) ?? assert.fail('the program was built by something')
  }
})
