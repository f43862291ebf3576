import os from 'node:os'
import path from 'node:path'
import { invalidType, invalidValue, outOfRange } from '@uring-actor/client/internal'

/** Bytes that the path of a Unix socket may have on Linux: sockaddr_un has one more, for the end. */
const SOCKET_PATH_BYTES = 107

/** Where the socket for `uring-actor top` is to be. */
export interface InspectPlace {
  /** Absolute. */
  readonly path: string
  /** A directory of ours that is made when it is not there; null where a path was given. */
  readonly directory: string | null
}

/** The directory of a user's sockets, and in it that of one process. */
export function defaultPlace(user: number, processId: number): InspectPlace {
  const directory = path.join(os.tmpdir(), `uring-actor-${user}`)
  return { path: path.join(directory, `${processId}.sock`), directory }
}

/**
 * Where the option and the environment, which goes before it, want the socket; null: nowhere.
 * Throws Node's argument errors.
 */
export function inspectPlace(option: unknown): InspectPlace | null {
  const asked = placeOf(option === undefined ? false : option, 'options.inspect')
  const forced = process.env.URING_ACTOR_INSPECT
  if (forced === undefined || forced === '') return asked
  if (forced === '0' || forced === '1') return placeOf(forced === '1', 'URING_ACTOR_INSPECT')
  if (!forced.includes('/')) {
    throw invalidValue('URING_ACTOR_INSPECT', 'must be 1, 0, or a path with a slash in it', forced)
  }
  return placeOf(forced, 'URING_ACTOR_INSPECT')
}

function placeOf(value: unknown, name: string): InspectPlace | null {
  if (value === false) return null
  if (value === true) {
    // Where there are no users, as on Windows, no directory can be kept from the others.
    if (process.geteuid === undefined)
      throw invalidValue(name, 'needs a system with Unix sockets', true)
    return checked(defaultPlace(process.geteuid(), process.pid), `${name}, in ${os.tmpdir()},`)
  }
  if (typeof value !== 'string') {
    throw invalidType(name, 'of type boolean or string', value)
  }
  if (value === '' || value.includes('\0')) {
    throw invalidValue(name, 'must be a path, not empty and without null bytes', value)
  }
  return checked({ path: path.resolve(value), directory: null }, name)
}

function checked(place: InspectPlace, name: string): InspectPlace {
  const bytes = Buffer.byteLength(place.path)
  if (bytes <= SOCKET_PATH_BYTES) return place
  const range = `an absolute path of at most ${SOCKET_PATH_BYTES} bytes`
  throw outOfRange(name, range, `${bytes} bytes: '${place.path}'`)
}
