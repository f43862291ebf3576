// The two ways to call an operation, in one shape, and node:fs beside them.
import assert from 'node:assert/strict'
import fs from 'node:fs'
import type { Client, UringFile } from '@uring-actor/client'

type Arguments = readonly never[]

/** An operation of `UringFile` or of `Client`, asynchronous or blocking. */
export interface Way {
  readonly name: 'asynchronous' | 'synchronous'
  open(client: Client, ...given: Parameters<Client['open']>): Promise<UringFile>
  /** Calls `file.read(…)` or `file.readSync(…)`; both give the number of bytes here. */
  read(file: UringFile, ...given: unknown[]): Promise<number>
  write(file: UringFile, ...given: unknown[]): Promise<number>
  writeDurable(file: UringFile, ...given: unknown[]): Promise<number>
  readv(file: UringFile, ...given: unknown[]): Promise<number>
  writev(file: UringFile, ...given: unknown[]): Promise<number>
  /** Any other method that has a twin whose name ends in Sync. */
  call(target: UringFile | Client, method: string, ...given: unknown[]): Promise<unknown>
}

function method(target: object, name: string): (...given: Arguments) => unknown {
  const found = (target as Record<string, unknown>)[name]
  assert.equal(typeof found, 'function', `there is no ${name}()`)
  return (found as (...given: Arguments) => unknown).bind(target)
}

const asynchronous: Way = {
  name: 'asynchronous',
  open: (client, ...given) => client.open(...given),
  read: async (file, ...given) =>
    ((await method(file, 'read')(...(given as never[]))) as { bytesRead: number }).bytesRead,
  write: async (file, ...given) => bytesWritten(file, 'write', given),
  writeDurable: async (file, ...given) => bytesWritten(file, 'writeDurable', given),
  readv: async (file, ...given) =>
    ((await method(file, 'readv')(...(given as never[]))) as { bytesRead: number }).bytesRead,
  writev: async (file, ...given) => bytesWritten(file, 'writev', given),
  call: async (target, name, ...given) => method(target, name)(...(given as never[])),
}

async function bytesWritten(file: UringFile, name: string, given: unknown[]): Promise<number> {
  const result = await method(file, name)(...(given as never[]))
  return (result as { bytesWritten: number }).bytesWritten
}

const synchronous: Way = {
  name: 'synchronous',
  open: async (client, ...given) => client.openSync(...given),
  read: async (file, ...given) => method(file, 'readSync')(...(given as never[])) as number,
  write: async (file, ...given) => method(file, 'writeSync')(...(given as never[])) as number,
  writeDurable: async (file, ...given) =>
    method(file, 'writeDurableSync')(...(given as never[])) as number,
  readv: async (file, ...given) => method(file, 'readvSync')(...(given as never[])) as number,
  writev: async (file, ...given) => method(file, 'writevSync')(...(given as never[])) as number,
  call: async (target, name, ...given) => method(target, `${name}Sync`)(...(given as never[])),
}

export const WAYS: readonly Way[] = [asynchronous, synchronous]

/** Bytes that tell where they belong: no two of the first 2^32 aligned words are the same. */
export function pattern(length: number, seed = 1): Buffer {
  const bytes = Buffer.alloc(length)
  const words = new Uint32Array(bytes.buffer, bytes.byteOffset, length >> 2)
  for (let index = 0; index < words.length; index++) {
    words[index] = Math.imul(index + seed * 0x01000193, 0x9e3779b1)
  }
  for (let byte = words.length * 4; byte < length; byte++) bytes[byte] = byte + seed
  return bytes
}

/** A file with these bytes, made by node:fs. */
export function fileWith(path: string, bytes: Uint8Array | string): string {
  fs.writeFileSync(path, bytes)
  return path
}

export function assertBytes(actual: Uint8Array, expected: Uint8Array, what = 'bytes'): void {
  if (Buffer.compare(actual, expected) === 0) return
  assert.equal(actual.length, expected.length, `${what}: length`)
  const at = actual.findIndex((byte, index) => byte !== expected[index])
  assert.fail(`${what}: byte ${at} is ${actual[at]}, not ${expected[at]}`)
}

/** What a call came to: its value, or the facts of its error. */
export async function outcome(call: () => unknown): Promise<unknown> {
  try {
    return { value: await call() }
  } catch (error) {
    const { name, code, errno, syscall, path, message } = error as NodeJS.ErrnoException
    return { name, code, errno, syscall, path, message }
  }
}

/** Both calls give the same value, or fail with the same error of node:fs. */
export async function assertSameOutcome(
  ours: () => unknown,
  node: () => unknown,
  what: string,
): Promise<void> {
  assert.deepEqual(await outcome(ours), await outcome(node), what)
}
