import { chmodSync, lstatSync, mkdirSync, statSync, unlinkSync } from 'node:fs'
import type { Server, Socket } from 'node:net'
import path from 'node:path'
import { Peer, refuse } from './peer.ts'
import type { InspectPlace } from './place.ts'

/** Peers that are served at once. */
const PEERS = 8
/** How long whoever may listen at the path already has to answer, in milliseconds. */
const ANSWER_MILLISECONDS = 1000

const OWNER_ONLY_DIRECTORY = 0o700
const OWNER_ONLY_SOCKET = 0o600
/** The bits of a socket's mode that let others connect. */
const OTHERS_WRITE = 0o022
/** And of a directory's, that let them get there. */
const OTHERS_ENTER = 0o011

export interface Inspection {
  /** Lets every peer go and removes the socket. */
  close(): void
}

/**
 * Listens for `uring-actor top` in this thread, and keeps neither it nor the process alive. Each peer
 * gets its answers from one of `newAnswers`. Rejects when the socket cannot be had, or could be
 * reached by others than its owner.
 */
export async function openInspection(
  place: InspectPlace,
  newAnswers: () => () => string,
): Promise<Inspection> {
  // Not at the top: an actor that nobody inspects does not load it.
  const net = await import('node:net')
  if (place.directory !== null) ownDirectory(place.directory)
  assertUnreachable(place)
  await removeStale(place.path, net)
  const peers = new Set<Peer>()
  const server = net.createServer((socket) => {
    if (peers.size >= PEERS) {
      refuse(socket, `${PEERS} others are watching`)
      return
    }
    const peer = new Peer(socket, newAnswers())
    peers.add(peer)
    socket.once('close', () => peers.delete(peer))
  })
  server.unref()
  // Those that are refused and do not read count too.
  server.maxConnections = 2 * PEERS
  await listen(server, place.path)
  return {
    close: () => {
      // libuv removes the socket's file.
      server.close()
      for (const peer of peers) peer.end()
    },
  }
}

/** Resolves when it listens. In the same turn nobody else may connect any more. */
function listen(server: Server, at: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    // A process of node:cluster would have its primary listen.
    server.listen({ path: at, exclusive: true }, () => {
      server.off('error', reject)
      // A connection that cannot be taken, for lack of descriptors say, is the peer's bad luck.
      server.on('error', () => {})
      resolve()
    })
    if (!server.listening) return
    try {
      chmodSync(at, OWNER_ONLY_SOCKET)
    } catch (error) {
      server.close()
      reject(error)
    }
  })
}

/** Makes the directory, or makes sure that the one that is there is ours alone. */
function ownDirectory(directory: string): void {
  try {
    mkdirSync(directory, { mode: OWNER_ONLY_DIRECTORY })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
  const stats = lstatSync(directory)
  const mode = stats.mode & 0o777
  if (!stats.isDirectory()) throw new Error(`${directory} is no directory`)
  if (stats.uid !== process.geteuid?.()) {
    throw new Error(`${directory} belongs to the user ${stats.uid}`)
  }
  if (mode !== OWNER_ONLY_DIRECTORY) {
    throw new Error(`${directory} has the mode 0${mode.toString(8)}, and must have 0700`)
  }
}

/**
 * A socket gets the mode that the umask leaves, and its own mode a moment later. If others could
 * connect in between, its directory has to keep them away.
 */
function assertUnreachable({ path: at }: InspectPlace): void {
  const directory = path.dirname(at)
  // Also where the mode does not matter: listening says EACCES of a directory that is not there.
  const { mode } = statSync(directory)
  if ((process.umask() & OTHERS_WRITE) === OTHERS_WRITE) return
  if ((mode & OTHERS_ENTER) === 0) return
  const umask = process.umask().toString(8).padStart(3, '0')
  throw new Error(
    `with the umask 0${umask} others could connect to ${at}: ` +
      `set it to 0022 or give ${directory} the mode 0700`,
  )
}

/** Removes the socket of a process that has ended. Rejects when there is anything else. */
async function removeStale(at: string, net: typeof import('node:net')): Promise<void> {
  const stats = lstatSync(at, { throwIfNoEntry: false })
  if (stats === undefined) return
  if (!stats.isSocket()) throw new Error(`${at} is there already, and no socket`)
  const socket = net.connect(at)
  socket.unref()
  const answer = await firstOf(socket)
  socket.destroy()
  if (answer !== 'ECONNREFUSED' && answer !== 'ENOENT') {
    const who = answer === 'connect' ? 'somebody listens' : answer
    throw new Error(`${at} is there already: ${who}`)
  }
  if (answer === 'ECONNREFUSED') unlinkSync(at)
}

/** What comes of a connection: `connect`, or the code of an error. */
function firstOf(socket: Socket): Promise<string> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve('it does not answer'), ANSWER_MILLISECONDS)
    const tell = (answer: string): void => {
      clearTimeout(timer)
      resolve(answer)
    }
    socket.once('connect', () => tell('connect'))
    socket.once('error', (error: NodeJS.ErrnoException) => tell(error.code ?? error.message))
  })
}
