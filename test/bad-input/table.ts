// The table of bad input: every mistake, the call that makes it, and the error that it must give.
import fs, { constants } from 'node:fs'
import url from 'node:url'
import type { Place } from './place.ts'

export interface Expected {
  readonly code: string
  readonly name?: string
  readonly message?: RegExp
  readonly syscall?: string
}

export interface Mistake {
  readonly what: string
  /** The asynchronous call: it must reject, and never throw. */
  readonly call: (place: Place) => unknown
  /** Its blocking twin, where there is one: it must throw. */
  readonly sync?: (place: Place) => unknown
  /** The same mistake made with node:fs: code, errno, syscall, path and message must be the same. */
  readonly node?: (place: Place) => unknown
  readonly expected: Expected
}

const { O_RDWR, O_DIRECTORY, O_CREAT, O_EXCL } = constants
const bytes = (): Buffer => Buffer.alloc(8)
const wrong = (value: unknown): never => value as never

const TYPE = { name: 'TypeError', code: 'ERR_INVALID_ARG_TYPE' }
const VALUE = { name: 'TypeError', code: 'ERR_INVALID_ARG_VALUE' }
const RANGE = { name: 'RangeError', code: 'ERR_OUT_OF_RANGE' }

/** An open of the same path in all three ways. */
function opening(
  what: string,
  path: (place: Place) => unknown,
  flags: unknown,
  expected: Expected,
  mode?: unknown,
): Mistake {
  return {
    what,
    call: (place) => place.client.open(wrong(path(place)), wrong(flags), wrong(mode)),
    sync: (place) => place.client.openSync(wrong(path(place)), wrong(flags), wrong(mode)),
    node: (place) => fs.openSync(wrong(path(place)), wrong(flags ?? 'r'), wrong(mode)),
    expected,
  }
}

/** As `opening`, where node:fs's words are others, or it lets the mistake pass. */
function openingOnly(...given: Parameters<typeof opening>): Mistake {
  const { node: _, ...mistake } = opening(...given)
  return mistake
}

const PATHS: readonly Mistake[] = [
  opening('a path that is missing', ({ at }) => at('missing'), 'r', {
    code: 'ENOENT',
    syscall: 'open',
    message: /missing'$/,
  }),
  opening('a folder that is missing', ({ at }) => at('missing/file'), 'w', { code: 'ENOENT' }),
  opening('an empty path', () => '', 'r', { code: 'ENOENT' }),
  opening('a file for a folder', ({ at }) => at('file/below'), 'r', { code: 'ENOTDIR' }),
  opening('O_DIRECTORY of a file', ({ at }) => at('file'), O_DIRECTORY, { code: 'ENOTDIR' }),
  opening('a folder opened for writing', ({ directory }) => directory, 'w', { code: 'EISDIR' }),
  opening('a folder opened for both', ({ directory }) => directory, 'r+', { code: 'EISDIR' }),
  opening('a file that must be new', ({ at }) => at('file'), 'wx', { code: 'EEXIST' }),
  opening('O_EXCL of a file', ({ at }) => at('file'), O_RDWR | O_CREAT | O_EXCL, {
    code: 'EEXIST',
  }),
  opening('a name that is too long', ({ at }) => at('n'.repeat(300)), 'w', {
    code: 'ENAMETOOLONG',
  }),
  opening('a path that is too long', () => `/${'path/'.repeat(2000)}`, 'r', {
    code: 'ENAMETOOLONG',
  }),
  opening('a path of a mebibyte', () => '/x'.repeat(1 << 19), 'r', { code: 'ENAMETOOLONG' }),
  opening('a path with NUL', () => '/tmp/a\0b', 'r', VALUE),
  opening('bytes with NUL', () => Buffer.from('/tmp/a\0b'), 'r', VALUE),
  opening('a URL with NUL', () => new URL('file:///tmp/a%00b'), 'r', { code: VALUE.code }),
  openingOnly('a URL that names no file', () => new URL('http://host/file'), 'r', {
    name: 'TypeError',
    code: 'ERR_INVALID_URL_SCHEME',
  }),
  openingOnly('a URL of the old kind', () => url.parse('file:///tmp/file'), 'r', TYPE),
  opening('a URL of another realm that names no file', () => httpUrl(), 'r', {
    name: 'TypeError',
    code: 'ERR_INVALID_URL_SCHEME',
  }),
  ...[undefined, null, 5, 5n, true, {}, [], () => {}].map((path) =>
    openingOnly(`a path that is ${String(path) || 'an array'}`, () => path, 'r', TYPE),
  ),
  opening(
    'a symbolic link in a circle',
    ({ at }) => {
      if (!fs.existsSync(at('circle')) && !isLink(at('circle')))
        fs.symlinkSync('circle', at('circle'))
      return at('circle')
    },
    'r',
    { code: 'ELOOP' },
  ),
]

function httpUrl(): unknown {
  return { href: 'http://host/file', protocol: 'http:', hostname: 'host', pathname: '/file' }
}

function isLink(path: string): boolean {
  return fs.lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true
}

const FLAGS: readonly Mistake[] = [
  ...['', 'R', 'rw', 'read', 'r++', 'w r', 'constructor'].map((flags) =>
    opening(`flags '${flags}'`, ({ at }) => at('file'), flags, VALUE),
  ),
  ...[1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 31, -(2 ** 31) - 1, 2 ** 53].map((flags) =>
    openingOnly(`flags ${flags}`, ({ at }) => at('file'), flags, RANGE),
  ),
  ...[5n, true, {}, []].map((flags) =>
    openingOnly(`flags of type ${typeof flags}`, ({ at }) => at('file'), flags, TYPE),
  ),
  ...[-1, 1.5, Number.NaN, 2 ** 32].map((mode) =>
    opening(`mode ${mode}`, ({ at }) => at('new'), 'w', RANGE, mode),
  ),
  ...['rwx', '8', '0o600', ''].map((mode) =>
    opening(`mode '${mode}'`, ({ at }) => at('new'), 'w', VALUE, mode),
  ),
  ...[5n, true, {}, []].map((mode) =>
    openingOnly(`mode of type ${typeof mode}`, ({ at }) => at('new'), 'w', TYPE, mode),
  ),
  ...[0, -1, 1.5, Number.NaN, 2 ** 40].map((blockSize) => ({
    what: `blockSize ${blockSize}`,
    call: ({ client, at }: Place) => client.open(at('file'), 'r', null, { blockSize }),
    sync: ({ client, at }: Place) => client.openSync(at('file'), 'r', null, { blockSize }),
    expected: RANGE,
  })),
]

/** A read and a write with the same arguments, asynchronous and blocking. */
function transferring(
  what: string,
  given: (place: Place) => unknown[],
  expected: Expected,
): readonly Mistake[] {
  return (['read', 'write'] as const).map((method) => ({
    what: `${method}: ${what}`,
    call: (place) => (place.file[method] as (...given: unknown[]) => unknown)(...given(place)),
    sync: (place) =>
      (place.file[`${method}Sync`] as (...given: unknown[]) => unknown)(...given(place)),
    expected,
  }))
}

const RANGES: readonly Mistake[] = [
  ...[-1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 9, 2 ** 31, 2 ** 53].flatMap((offset) =>
    transferring(`offset ${offset}`, () => [bytes(), offset, 1, 0], {
      ...RANGE,
      message: /offset/,
    }),
  ),
  ...[-1, 1.5, Number.NaN, Number.NEGATIVE_INFINITY, 9, 2 ** 32 + 1, 2 ** 53].flatMap((length) =>
    transferring(`length ${length}`, () => [bytes(), 0, length, 0], {
      ...RANGE,
      message: /length/,
    }),
  ),
  ...transferring('a range that passes the end', () => [bytes(), 5, 4, 0], RANGE),
  ...[-2, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53, -2n, 2n ** 63n, 2n ** 80n].flatMap(
    (position) =>
      transferring(`position ${position}`, () => [bytes(), 0, 8, position], {
        ...RANGE,
        message: /position/,
      }),
  ),
  ...[{ offset: -1 }, { length: 9 }, { offset: 5, length: 4 }, { position: 0.5 }].flatMap(
    (option) => transferring(`options ${JSON.stringify(option)}`, () => [bytes(), option], RANGE),
  ),
]

const TYPES: readonly Mistake[] = [
  ...['1', 1n, true, Symbol('offset')].flatMap((offset) =>
    transferring(`offset of type ${typeof offset}`, () => [bytes(), offset, 1, 0], TYPE),
  ),
  ...['1', 1n, true, {}].flatMap((length) =>
    transferring(`length of type ${typeof length}`, () => [bytes(), 0, length, 0], TYPE),
  ),
  ...['1', true, {}, Symbol('position')].flatMap((position) =>
    transferring(`position of type ${typeof position}`, () => [bytes(), 0, 8, position], TYPE),
  ),
  ...[5, true, 5n, () => {}, Symbol('buffer')].flatMap((buffer) =>
    transferring(`buffer of type ${typeof buffer}`, () => [buffer, 0, 8, 0], TYPE),
  ),
  ...[new ArrayBuffer(8), new SharedArrayBuffer(8), [1, 2], new Map()].map((buffer) => ({
    what: `write: buffer that is a ${buffer.constructor.name}`,
    call: ({ file }: Place) => file.write(wrong(buffer)),
    sync: ({ file }: Place) => file.writeSync(wrong(buffer)),
    expected: TYPE,
  })),
  {
    what: 'read into a text',
    call: ({ file }) => file.read(wrong('text')),
    sync: ({ file }) => file.readSync(wrong('text')),
    expected: TYPE,
  },
  {
    what: 'read into an options object whose buffer is none',
    call: ({ file }) => file.read(wrong({ buffer: 'text' })),
    expected: TYPE,
  },
  {
    what: 'write: an encoding that is none',
    call: ({ file }) => file.write('text', 0, wrong('nonsense')),
    sync: ({ file }) => file.writeSync('text', 0, 'nonsense'),
    expected: { name: 'TypeError', code: 'ERR_INVALID_ARG_VALUE' },
  },
  {
    what: 'readFile: options that are none',
    call: ({ file }) => file.readFile(5 as never),
    sync: ({ file }) => file.readFileSync(5 as never),
    node: ({ fd }) => fs.readFileSync(fd.file, 5 as never),
    expected: { name: 'TypeError', code: 'ERR_INVALID_ARG_TYPE' },
  },
  {
    what: 'writeFile: options that are none',
    call: ({ file }) => file.writeFile('text', true as never),
    sync: ({ file }) => file.writeFileSync('text', true as never),
    node: ({ fd }) => fs.writeFileSync(fd.file, 'text', true as never),
    expected: { name: 'TypeError', code: 'ERR_INVALID_ARG_TYPE' },
  },
]

const RIGHTS: readonly Mistake[] = [
  {
    what: 'read of a file opened for writing',
    call: ({ writeOnly }) => writeOnly.read(bytes(), 0, 8, 0),
    sync: ({ writeOnly }) => writeOnly.readSync(bytes(), 0, 8, 0),
    node: ({ fd }) => fs.readSync(fd.writeOnly, bytes(), 0, 8, 0),
    expected: { code: 'EBADF', syscall: 'read' },
  },
  {
    what: 'readFile of a file opened for writing',
    call: ({ writeOnly }) => writeOnly.readFile(),
    sync: ({ writeOnly }) => writeOnly.readFileSync(),
    node: ({ fd }) => fs.readFileSync(fd.writeOnly),
    expected: { code: 'EBADF', syscall: 'read' },
  },
  {
    what: 'write to a file opened for reading',
    call: ({ readOnly }) => readOnly.write(bytes(), 0, 8, 0),
    sync: ({ readOnly }) => readOnly.writeSync(bytes(), 0, 8, 0),
    node: ({ fd }) => fs.writeSync(fd.readOnly, bytes(), 0, 8, 0),
    expected: { code: 'EBADF', syscall: 'write' },
  },
  {
    what: 'a durable write to a file opened for reading',
    call: ({ readOnly }) => readOnly.writeDurable(bytes(), 0, 8, 0),
    sync: ({ readOnly }) => readOnly.writeDurableSync(bytes(), 0, 8, 0),
    expected: { code: 'EBADF', syscall: 'write' },
  },
  {
    what: 'a long write to a file opened for reading',
    call: ({ readOnly }) => readOnly.write(Buffer.alloc(5_000_000), 0, 5_000_000, 0),
    sync: ({ readOnly }) => readOnly.writeSync(Buffer.alloc(5_000_000), 0, 5_000_000, 0),
    expected: { code: 'EBADF', syscall: 'write' },
  },
  {
    what: 'readv of a file opened for writing',
    call: ({ writeOnly }) => writeOnly.readv([bytes(), bytes()], 0),
    sync: ({ writeOnly }) => writeOnly.readvSync([bytes(), bytes()], 0),
    node: ({ fd }) => fs.readvSync(fd.writeOnly, [bytes(), bytes()], 0),
    expected: { code: 'EBADF', syscall: 'read' },
  },
  {
    what: 'writev to a file opened for reading',
    call: ({ readOnly }) => readOnly.writev([bytes(), bytes()], 0),
    sync: ({ readOnly }) => readOnly.writevSync([bytes(), bytes()], 0),
    node: ({ fd }) => fs.writevSync(fd.readOnly, [bytes(), bytes()], 0),
    expected: { code: 'EBADF', syscall: 'write' },
  },
  {
    what: 'readMany of a file opened for writing',
    call: ({ writeOnly }) => writeOnly.readMany([0, 4], 4),
    expected: { code: 'EBADF', syscall: 'read' },
  },
  {
    what: 'trim of a file opened for reading',
    call: ({ readOnly }) => readOnly.trim(0, 8),
    sync: ({ readOnly }) => readOnly.trimSync(0, 8),
    expected: { code: 'EBADF', syscall: 'trim' },
  },
  {
    what: 'allocate in a file opened for reading',
    call: ({ readOnly }) => readOnly.allocate(0, 8),
    sync: ({ readOnly }) => readOnly.allocateSync(0, 8),
    expected: { code: 'EBADF', syscall: 'fallocate' },
  },
  {
    what: 'truncate of a file opened for reading',
    call: ({ readOnly }) => readOnly.truncate(1),
    sync: ({ readOnly }) => readOnly.truncateSync(1),
    node: ({ fd }) => fs.ftruncateSync(fd.readOnly, 1),
    expected: { code: 'EINVAL', syscall: 'ftruncate' },
  },
  {
    what: 'read of a folder',
    call: ({ folder }) => folder.read(bytes(), 0, 8, 0),
    sync: ({ folder }) => folder.readSync(bytes(), 0, 8, 0),
    node: ({ fd }) => fs.readSync(fd.folder, bytes(), 0, 8, 0),
    expected: { code: 'EISDIR', syscall: 'read' },
  },
  {
    what: 'readFile of a folder',
    call: ({ folder }) => folder.readFile(),
    sync: ({ folder }) => folder.readFileSync(),
    node: ({ fd }) => fs.readFileSync(fd.folder),
    expected: { code: 'EISDIR', syscall: 'read' },
  },
  {
    what: 'write to a folder',
    call: ({ folder }) => folder.write(bytes()),
    sync: ({ folder }) => folder.writeSync(bytes()),
    node: ({ fd }) => fs.writeSync(fd.folder, bytes()),
    expected: { code: 'EBADF', syscall: 'write' },
  },
]

export const MISTAKES: readonly Mistake[] = [...PATHS, ...FLAGS, ...RANGES, ...TYPES, ...RIGHTS]
