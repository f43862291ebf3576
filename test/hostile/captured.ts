// A real client of our library whose channel the test can write: what a bug, or a thread that was handed
// the memory, could do to it.
import { createRequire, syncBuiltinESMExports } from 'node:module'
import { type Client, connect } from '@uring-actor/client'
import type { ConnectMessage } from '@uring-actor/client/protocol'

type Post = (threadId: number, value: ConnectMessage, transfer: unknown[]) => Promise<void>

const threads = createRequire(import.meta.url)('node:worker_threads') as {
  postMessageToThread: Post
}

export interface Captured {
  readonly client: Client
  readonly channel: SharedArrayBuffer
  readonly arena: SharedArrayBuffer
  readonly message: ConnectMessage
}

/** Connects, and keeps what the connect message carried. */
export function connectCaptured(): Captured {
  const post = threads.postMessageToThread
  let sent: ConnectMessage | undefined
  threads.postMessageToThread = (threadId, value, transfer) => {
    sent = value
    return post(threadId, value, transfer)
  }
  syncBuiltinESMExports()
  try {
    const client = connect()
    const message = sent as unknown as ConnectMessage
    const { channel, arena } = message
    return { client, channel, arena, message }
  } finally {
    threads.postMessageToThread = post
    syncBuiltinESMExports()
  }
}
