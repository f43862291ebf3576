/** Stable codes of our own errors. Errors of the kernel have the codes of node:fs instead. */
export type UringErrorCode =
  | 'ERR_URING_NO_ACTOR'
  | 'ERR_URING_ACTOR_EXISTS'
  | 'ERR_URING_ACTOR_START'
  | 'ERR_URING_ACTOR_CLOSING'
  | 'ERR_URING_ACTOR_EXITED'
  | 'ERR_URING_ENGINE'
  | 'ERR_URING_VERSION'
  | 'ERR_URING_TOO_MANY_CLIENTS'
  | 'ERR_URING_CLIENT_CLOSED'
  | 'ERR_URING_PROTOCOL'
  | 'ERR_URING_FOREIGN_FILE'
  | 'ERR_URING_ALIGNMENT'
  | 'ERR_URING_ARENA_FULL'
  | 'ERR_URING_LEASE_RELEASED'
  | 'ERR_URING_BUFFER_CHANGED'
  | 'ERR_URING_TIMEOUT'
  | 'ERR_URING_BUSY'

/** An error that the kernel does not know. `code` is stable, the message is not. */
export class UringError extends Error {
  readonly code: UringErrorCode

  constructor(code: UringErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'UringError'
    this.code = code
  }
}

export function actorExited(): UringError {
  return new UringError(
    'ERR_URING_ACTOR_EXITED',
    "the actor's thread has ended; operations in flight are lost. Spawn a new actor and connect again",
  )
}

export function actorClosing(): UringError {
  return new UringError('ERR_URING_ACTOR_CLOSING', 'the actor is closing and takes no new work')
}

export function clientClosed(): UringError {
  return new UringError('ERR_URING_CLIENT_CLOSED', 'the client is closed')
}

export function protocolBroken(): UringError {
  return new UringError(
    'ERR_URING_PROTOCOL',
    'this channel is closed: words of its shared memory were not what the protocol allows',
  )
}

export function bufferChanged(): UringError {
  return new UringError(
    'ERR_URING_BUFFER_CHANGED',
    'the buffer was detached or resized while the operation was in flight; nothing was copied into it',
  )
}

export function leaseReleased(): UringError {
  return new UringError(
    'ERR_URING_LEASE_RELEASED',
    'this memory of the arena is not in use: its lease was released, or never made',
  )
}
