// Opening: flags, modes and paths mean what they mean to node:fs.
import assert from 'node:assert/strict'
import fs, { constants } from 'node:fs'
import { pathToFileURL } from 'node:url'
import type { Context } from '../context.ts'
import { fileWith, outcome, WAYS } from '../ways.ts'

const FLAGS = (
  'r rs sr r+ rs+ sr+ w wx xw w+ wx+ xw+ a ax xa as sa a+ ax+ xa+ as+ sa+ ' +
  // None of these is one.
  'R rw r++ +r wa'
).split(' ')

interface OpenHandle {
  read: (...given: never[]) => Promise<{ bytesRead: number }>
  write: (...given: never[]) => Promise<{ bytesWritten: number }>
  close(): Promise<void>
}

/** What can be done with a file that was opened so, and what is in it then. */
async function useOf(open: () => Promise<unknown>, path: string): Promise<unknown> {
  const opened = (await outcome(open)) as { value?: OpenHandle }
  if (opened.value === undefined) return opened
  const file = opened.value
  const call = async (body: () => Promise<object>): Promise<unknown> => {
    const result = (await outcome(body)) as { value?: object }
    return result.value === undefined ? result : { ...result.value, buffer: undefined }
  }
  const read = (...given: unknown[]) => call(() => file.read(...(given as never[])))
  const write = (...given: unknown[]) => call(() => file.write(...(given as never[])))
  const seen = {
    size: fs.statSync(path).size,
    read: await read(Buffer.alloc(8), 0, 8, 1),
    write: await write(Buffer.from('XYZ'), 0, 3, 2),
    next: await write(Buffer.from('n')),
  }
  await file.close()
  return { ...seen, content: fs.readFileSync(path, 'utf8') }
}

export async function everyFlagStringDoesAsInNode({ client, path }: Context): Promise<void> {
  for (const existing of [true, false]) {
    for (const [index, flags] of FLAGS.entries()) {
      const at = path(`${existing}-${index}`)
      const seen: unknown[] = []
      for (const opener of [
        () => fs.promises.open(at, flags),
        () => client.open(at, flags),
        async () => client.openSync(at, flags),
      ]) {
        fs.rmSync(at, { force: true })
        if (existing) fileWith(at, 'old content')
        seen.push(await useOf(opener, at))
      }
      assert.deepEqual(seen[1], seen[0], `open('${flags}') of a file that is there: ${existing}`)
      assert.deepEqual(seen[2], seen[0], `openSync('${flags}'), there: ${existing}`)
    }
  }
}

export async function flagNumbersDoAsInNode({ client, path, directory }: Context): Promise<void> {
  const { O_RDONLY, O_WRONLY, O_RDWR, O_CREAT, O_EXCL, O_TRUNC, O_APPEND } = constants
  const { O_DSYNC, O_SYNC, O_NOATIME, O_NOFOLLOW, O_DIRECTORY } = constants
  const at = path('numbers')
  for (const flags of [
    O_RDONLY,
    O_WRONLY,
    O_RDWR,
    O_RDWR | O_CREAT | O_EXCL,
    O_RDWR | O_TRUNC,
    O_WRONLY | O_APPEND,
    O_RDWR | O_DSYNC,
    O_RDWR | O_SYNC,
    O_RDONLY | O_NOATIME,
    O_RDONLY | O_DIRECTORY,
  ]) {
    const seen: unknown[] = []
    for (const opener of [
      () => fs.promises.open(at, flags),
      () => client.open(at, flags),
      async () => client.openSync(at, flags),
    ]) {
      fileWith(at, 'old content')
      seen.push(await useOf(opener, at))
    }
    assert.deepEqual(seen[1], seen[0], `flags ${flags.toString(8)}`)
    assert.deepEqual(seen[2], seen[0], `flags ${flags.toString(8)}, synchronous`)
  }
  fs.symlinkSync(at, path('link'))
  await assert.rejects(client.open(path('link'), O_RDONLY | O_NOFOLLOW), { code: 'ELOOP' })
  await (await client.open(path('link'))).close()
  await (await client.open(directory, O_RDONLY | O_DIRECTORY)).close()
}

/** The open(2) flags of the one descriptor of this process that has a file open. */
function kernelFlags(path: string): number {
  for (const fd of fs.readdirSync('/proc/self/fd')) {
    try {
      if (fs.readlinkSync(`/proc/self/fd/${fd}`) !== path) continue
      const info = fs.readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8')
      return Number.parseInt(/flags:\s*(\d+)/.exec(info)![1]!, 8)
    } catch {
      // A descriptor that was closed since.
    }
  }
  throw new Error(`${path} is not open`)
}

export async function theKernelSeesTheFlags({ client, path }: Context): Promise<void> {
  const { O_RDWR, O_DSYNC, O_SYNC, O_APPEND, O_NOATIME, O_DIRECT, O_NONBLOCK } = constants
  const at = fs.realpathSync(fileWith(path('flags'), 'content'))
  for (const flags of [O_DSYNC, O_SYNC, O_APPEND, O_NOATIME, O_DIRECT, O_NONBLOCK]) {
    const fd = fs.openSync(at, O_RDWR | flags)
    const expected = kernelFlags(at)
    fs.closeSync(fd)
    const file = await client.open(at, O_RDWR | flags)
    assert.equal(kernelFlags(at).toString(8), expected.toString(8))
    await file.close()
  }
}

export async function modesObeyTheUmaskAsInNode({ client, path }: Context): Promise<void> {
  for (const mode of [undefined, null, 0o600, 0o777, 0o4755, '640', '0644', 0]) {
    const expected = path('expected')
    const fd = fs.openSync(expected, 'w', mode)
    fs.closeSync(fd)
    for (const way of WAYS) {
      const at = path(way.name)
      await (await way.open(client, at, 'w', mode)).close()
      assert.equal(fs.statSync(at).mode, fs.statSync(expected).mode, `${way.name} ${mode}`)
      fs.rmSync(at)
    }
    fs.rmSync(expected)
  }
}

/** What node:fs takes for a URL, though it is none of this realm. */
function foreignUrl(path: string): URL {
  const { href, protocol, hostname, pathname } = pathToFileURL(path)
  return { href, protocol, hostname, pathname } as URL
}

export async function pathsMayBeUrlsAndBytes({ client, path, directory }: Context): Promise<void> {
  const strange = path('100% ä 漢 ?#.txt')
  fileWith(strange, 'strange')
  const bytes = Buffer.concat([Buffer.from(`${directory}/bytes-`), Buffer.of(0xff, 0xfe, 0x80)])
  fs.writeFileSync(bytes, 'bytes')
  const given: Array<[string | URL | Buffer | Uint8Array, string]> = [
    [strange, 'strange'],
    [pathToFileURL(strange), 'strange'],
    [foreignUrl(strange), 'strange'],
    [Buffer.from(strange), 'strange'],
    [new Uint8Array(Buffer.from(strange)), 'strange'],
    [bytes, 'bytes'],
  ]
  for (const way of WAYS) {
    for (const [at, content] of given) {
      const file = await way.open(client, at)
      assert.equal(await file.readFile('utf8'), content)
      await file.close()
    }
  }
  const relative = await client.open('/proc/../proc/self/../version')
  assert.match((await relative.readFile('latin1')) as string, /Linux/)
  await relative.close()
}

export async function manyFilesAreOpenAtOnce({ client, path }: Context): Promise<void> {
  const files = await Promise.all(
    Array.from({ length: 200 }, (_, index) => client.open(path(`${index}`), 'wx+')),
  )
  await Promise.all(files.map((file, index) => file.write(`file ${index}`, 0)))
  for (const [index, file] of files.entries()) {
    const { bytesRead, buffer } = await file.read({ length: 20, position: 0 })
    assert.equal(buffer.subarray(0, bytesRead).toString(), `file ${index}`)
  }
  await Promise.all(files.map((file) => file.close()))
}
