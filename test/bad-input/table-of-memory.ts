// The third part of the table: chains, direct I/O and leases.
import type { Mistake } from './table.ts'
import { both } from './table-of-files.ts'

const bytes = (): Buffer => Buffer.alloc(8)
const wrong = (value: unknown): never => value as never

const TYPE = { name: 'TypeError', code: 'ERR_INVALID_ARG_TYPE' }
const RANGE = { name: 'RangeError', code: 'ERR_OUT_OF_RANGE' }
const FOREIGN = { name: 'UringError', code: 'ERR_URING_FOREIGN_FILE' }
const ALIGNMENT = { name: 'UringError', code: 'ERR_URING_ALIGNMENT' }
const RELEASED = { name: 'UringError', code: 'ERR_URING_LEASE_RELEASED' }

const CHAINS: readonly Mistake[] = [
  {
    what: "a chain with another client's file",
    call: ({ client, foreign }) => client.chain((chain) => chain.nop().sync(foreign)),
    expected: FOREIGN,
  },
  {
    what: "a chain that writes to another client's file",
    call: ({ client, foreign, file }) =>
      client.chain((chain) => {
        chain.write(file, bytes(), 0, 8, 0).write(foreign, bytes(), 0, 8, 0)
      }),
    expected: FOREIGN,
  },
  {
    what: 'a chain of what is no file',
    call: ({ client }) => client.chain((chain) => chain.sync(wrong({}))),
    expected: TYPE,
  },
  {
    what: 'a chain that throws',
    call: ({ client, file }) =>
      client.chain((chain) => {
        chain.write(file, bytes(), 0, 8, 0)
        throw new RangeError('of its builder')
      }),
    expected: { name: 'RangeError', code: wrong(undefined), message: /of its builder/ },
  },
  {
    what: 'a chain without end',
    call: ({ client }) =>
      client.chain((chain) => {
        for (let n = 0; n < 100_000; n++) chain.nop()
      }),
    expected: RANGE,
  },
  {
    what: 'options that are none',
    call: ({ client }) => client.nop(wrong('drain')),
    expected: TYPE,
  },
]

/** Direct I/O is refused at the call, and the error tells the number. */
const DIRECT: readonly Mistake[] = [
  both(
    'a position between two blocks',
    'read',
    ({ direct }) => direct,
    () => [Buffer.alloc(4096), 0, 4096, 100],
    { ...ALIGNMENT, message: /position .* multiple of \d+ bytes.* 100\b/ },
  ),
  both(
    'a length that is no block',
    'read',
    ({ direct }) => direct,
    () => [Buffer.alloc(4096), 0, 1000, 0],
    { ...ALIGNMENT, message: /length .* multiple of \d+ bytes.* 1000\b/ },
  ),
  both(
    'memory between two blocks',
    'read',
    ({ direct }) => direct,
    ({ lease }) => [lease.subarray(1, 1 + 2048), 0, 2048, 0],
    { ...ALIGNMENT, message: /buffer .* multiple of \d+ bytes/ },
  ),
  both(
    'a position between two blocks',
    'write',
    ({ direct }) => direct,
    () => [Buffer.alloc(4096), 0, 4096, 2n ** 40n + 1n],
    { ...ALIGNMENT, message: /1099511627777/ },
  ),
  both(
    'a length that is no block',
    'write',
    ({ direct }) => direct,
    () => [Buffer.alloc(4097), 0, 4097, 0],
    ALIGNMENT,
  ),
  both(
    'a long transfer that ends between blocks',
    'write',
    ({ direct }) => direct,
    () => [Buffer.alloc(3_000_001), 0, 3_000_001, 0],
    ALIGNMENT,
  ),
  both(
    'a text',
    'write',
    ({ direct }) => direct,
    () => ['text', 0],
    ALIGNMENT,
  ),
  both(
    'memory between two blocks',
    'write',
    ({ direct }) => direct,
    ({ lease }) => [lease, 1, 2048, 0],
    ALIGNMENT,
  ),
  both(
    'vectors that make no block',
    'readv',
    ({ direct }) => direct,
    () => [[Buffer.alloc(100), Buffer.alloc(200)], 0],
    ALIGNMENT,
  ),
  {
    what: 'readMany: a position between two blocks',
    call: ({ direct }) => direct.readMany([0, 4096, 5], 4096),
    expected: ALIGNMENT,
  },
  {
    what: 'a chain with a position between two blocks',
    call: ({ client, direct }) =>
      client.chain((chain) => chain.read(direct, Buffer.alloc(4096), 0, 4096, 7)),
    expected: ALIGNMENT,
  },
]

const LEASES: readonly Mistake[] = [
  both(
    'memory that was given back',
    'read',
    ({ file }) => file,
    ({ released }) => [released, 0, 8, 0],
    RELEASED,
  ),
  both(
    'memory that was given back',
    'write',
    ({ file }) => file,
    ({ released }) => [released, 0, 8, 0],
    RELEASED,
  ),
  {
    what: 'alloc of more than there is',
    call: async ({ client }) => client.alloc(2 ** 40),
    sync: ({ client }) => client.alloc(2 ** 40),
    expected: { name: 'UringError', code: 'ERR_URING_ARENA_FULL' },
  },
]

export const MISTAKES_ABOUT_MEMORY: readonly Mistake[] = [...CHAINS, ...DIRECT, ...LEASES]
