import { fileURLToPath } from 'node:url'
import { isUint8Array } from 'node:util/types'
import { invalidType, invalidValue } from '../errors/index.ts'

export type PathLike = string | Buffer | Uint8Array | URL

/** A path as bytes, for the actor, and as text, for errors. */
export interface PathBytes {
  readonly bytes: Uint8Array
  readonly text: string
}

/** Longest path that is sent, in bytes; the kernel's own limit is 4096 with the final zero. */
const PATH_BYTES_MAX = 65536

/** As node:fs tells one: by what it has, so that those of other realms are welcome. */
function isUrl(path: unknown): path is URL {
  if (typeof path !== 'object' || path === null) return false
  const { href, protocol, auth, path: legacy } = path as Partial<UrlLike>
  // url.parse() gives objects with the last two.
  return Boolean(href && protocol) && auth === undefined && legacy === undefined
}

type UrlLike = Record<'href' | 'protocol' | 'auth' | 'path', unknown>

export function pathBytes(path: unknown): PathBytes {
  let bytes: Uint8Array
  if (typeof path === 'string') bytes = Buffer.from(path, 'utf8')
  else if (isUrl(path)) return pathBytes(fileURLToPath(path))
  else if (isUint8Array(path)) bytes = path
  else throw invalidType('path', 'of type string or an instance of Buffer or URL', path)
  if (bytes.includes(0)) {
    throw invalidValue(
      'path',
      'must be a string, Uint8Array, or URL without null bytes',
      typeof path === 'string' ? path : bytes,
    )
  }
  const text = typeof path === 'string' ? path : Buffer.from(bytes).toString('utf8')
  // A longer path than any kernel takes is cut where ENAMETOOLONG is sure to follow.
  return { bytes: bytes.length > PATH_BYTES_MAX ? bytes.subarray(0, PATH_BYTES_MAX) : bytes, text }
}
