// The second part of the table: files that are closed, ranges, sizes, modes, owners, times and what is
// read into or written where there is nothing.
import fs from 'node:fs'
import type { UringFile } from '@uring-actor/client'
import type { Place } from './place.ts'
import type { Expected, Mistake } from './table.ts'

const bytes = (): Buffer => Buffer.alloc(8)
const wrong = (value: unknown): never => value as never

const TYPE = { name: 'TypeError', code: 'ERR_INVALID_ARG_TYPE' }
const RANGE = { name: 'RangeError', code: 'ERR_OUT_OF_RANGE' }
const CLOSED = { name: 'Error', code: 'EBADF', message: /^file closed$/ }

type Method = (file: UringFile) => (...given: unknown[]) => unknown

/** A method of a file and its blocking twin, with the same arguments. */
export function both(
  what: string,
  name: string,
  file: (place: Place) => UringFile,
  given: (place: Place) => unknown[],
  expected: Expected,
): Mistake {
  const method = (suffix: string): Method => {
    return (of) =>
      (of as unknown as Record<string, (...given: unknown[]) => unknown>)[name + suffix]!.bind(of)
  }
  return {
    what: `${name}: ${what}`,
    call: (place) => method('')(file(place))(...given(place)),
    sync: (place) => method('Sync')(file(place))(...given(place)),
    expected,
  }
}

/** Every method that has a blocking twin, with good arguments. */
const TWINS: ReadonlyArray<readonly [string, () => unknown[]]> = [
  ['read', () => [bytes(), 0, 8, 0]],
  ['write', () => [bytes(), 0, 8, 0]],
  ['writeDurable', () => [bytes(), 0, 8, 0]],
  ['readv', () => [[bytes()], 0]],
  ['writev', () => [[bytes()], 0]],
  ['readFile', () => []],
  ['stat', () => []],
  ['sync', () => []],
  ['datasync', () => []],
  ['syncRange', () => [0, 8]],
  ['allocate', () => [0, 8]],
  ['trim', () => [0, 8]],
  ['truncate', () => [8]],
]

const CLOSED_FILES: readonly Mistake[] = [
  ...TWINS.map(([name, given]) =>
    both('a file that is closed', name, ({ closed }) => closed, given, CLOSED),
  ),
  ...(
    [
      ['writeFile', () => ['text']],
      ['appendFile', () => ['text']],
      ['readMany', () => [[0], 8]],
      ['chmod', () => [0o600]],
      ['chown', () => [0, 0]],
      ['utimes', () => [0, 0]],
    ] as const
  ).map(([name, given]) => {
    const { sync: _, ...mistake } = both(
      'a file that is closed',
      name,
      ({ closed }) => closed,
      given as () => unknown[],
      CLOSED,
    )
    return mistake
  }),
  {
    what: 'closeSync of a file that is closed',
    call: async ({ closed }) => closed.closeSync(),
    sync: ({ closed }) => closed.closeSync(),
    expected: CLOSED,
  },
  {
    what: 'a chain on a file that is closed',
    call: ({ client, closed }) => client.chain((chain) => chain.nop().datasync(closed)),
    expected: CLOSED,
  },
]

const FILE_RANGES: readonly Mistake[] = ['trim', 'allocate', 'syncRange'].flatMap((name) => [
  ...[-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53, -1n, 2n ** 63n].flatMap((number) => [
    both(
      `position ${number}`,
      name,
      ({ file }) => file,
      () => [number, 8],
      RANGE,
    ),
    both(
      `length ${number}`,
      name,
      ({ file }) => file,
      () => [0, number],
      RANGE,
    ),
  ]),
  ...[undefined, null, '1', true, {}].flatMap((value) => [
    both(
      `position ${String(value)}`,
      name,
      ({ file }) => file,
      () => [value, 8],
      TYPE,
    ),
    both(
      `length ${String(value)}`,
      name,
      ({ file }) => file,
      () => [0, value],
      TYPE,
    ),
  ]),
])

const SIZES: readonly Mistake[] = [
  ...[
    ...[0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53, -1n, 2n ** 63n],
    // A negative length is zero, but these are no lengths at all.
    ...[-0.5, Number.NEGATIVE_INFINITY, -(2 ** 53)],
  ].map((size) =>
    both(
      `size ${size}`,
      'truncate',
      ({ file }) => file,
      () => [size],
      RANGE,
    ),
  ),
  ...[null, '1', true, {}].map((size) =>
    both(
      `size ${String(size)}`,
      'truncate',
      ({ file }) => file,
      () => [size],
      TYPE,
    ),
  ),
  both(
    'a size that no file can have',
    'truncate',
    ({ file }) => file,
    () => [2 ** 52],
    { code: 'EFBIG', syscall: 'ftruncate' },
  ),
  both(
    'a range that no file can have',
    'allocate',
    ({ file }) => file,
    () => [2 ** 52, 8],
    { code: 'EFBIG', syscall: 'fallocate' },
  ),
  both(
    'a length of 0',
    'trim',
    ({ file }) => file,
    () => [0, 0],
    { code: 'EINVAL' },
  ),
]

const METADATA: readonly Mistake[] = [
  ...[-1, 1.5, Number.NaN, 2 ** 32].map((mode) => ({
    what: `chmod: mode ${mode}`,
    call: ({ file }: Place) => file.chmod(mode),
    expected: RANGE,
  })),
  ...[5n, true, {}, null, undefined].map((mode) => ({
    what: `chmod: mode ${String(mode)} of type ${typeof mode}`,
    call: ({ file }: Place) => file.chmod(wrong(mode)),
    expected: TYPE,
  })),
  ...[-2, 1.5, Number.NaN, 2 ** 32].flatMap((id) => [
    {
      what: `chown: uid ${id}`,
      call: ({ file }: Place) => file.chown(id, 0),
      expected: RANGE,
    },
    { what: `chown: gid ${id}`, call: ({ file }: Place) => file.chown(0, id), expected: RANGE },
  ]),
  ...['0', null, undefined, 0n].map((id) => ({
    what: `chown: uid of type ${typeof id}`,
    call: ({ file }: Place) => file.chown(wrong(id), 0),
    expected: TYPE,
  })),
  ...[Number.NaN, Number.POSITIVE_INFINITY, 'never', {}, null, undefined, 5n].map((time) => ({
    what: `utimes: ${String(time)}`,
    call: ({ file }: Place) => file.utimes(wrong(time), 0),
    expected: TYPE,
  })),
  {
    what: 'utimes: a Date that is none',
    call: ({ file }) => file.utimes(0, new Date(Number.NaN)),
    expected: TYPE,
  },
]

/** To read into, of which nobody would see what was read. */
const NO_BUFFERS: readonly Mistake[] = [
  ...[[], { buffer: null }].map((buffer) => ({
    what: `read(${JSON.stringify(buffer)})`,
    call: ({ file }: Place) => file.read(wrong(buffer)),
    expected: TYPE,
  })),
  ...[undefined, null, [], {}, { buffer: new Uint8Array(2) }].map((buffer) => ({
    what: `readSync(${JSON.stringify(buffer)})`,
    call: async ({ file }: Place) => file.readSync(wrong(buffer)),
    sync: ({ file }: Place) => file.readSync(wrong(buffer)),
    node: ({ fd }: Place) => fs.readSync(fd.file, wrong(buffer)),
    expected: TYPE,
  })),
]

const WRITES_OF_NOTHING: readonly Mistake[] = [[''], [bytes(), 0, 0]].map((given) => ({
  what: `write of ${given[0] === '' ? 'an empty text' : 'no bytes of a buffer'} to a file opened for reading`,
  call: ({ readOnly }) => readOnly.write(...(given as [string])),
  sync: ({ readOnly }) => readOnly.writeSync(...(given as [string])),
  node: ({ fd }) => fs.writeSync(fd.readOnly, ...(given as [string])),
  expected: { code: 'EBADF', syscall: 'write' },
}))

export const MISTAKES_ABOUT_FILES: readonly Mistake[] = [
  ...NO_BUFFERS,
  ...WRITES_OF_NOTHING,
  ...CLOSED_FILES,
  ...FILE_RANGES,
  ...SIZES,
  ...METADATA,
]
