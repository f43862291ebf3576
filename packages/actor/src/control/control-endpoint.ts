import type { MessagePort } from 'node:worker_threads'
import type { Endpoint } from 'comlink'
import nodeEndpoint from 'comlink/dist/esm/node-adapter.mjs'

/**
 * A client's control port as an endpoint for comlink that passes on calls of `methods`, without
 * arguments, and nothing else. comlink itself walks any path that a message names: through
 * `constructor` it would run whatever code a client sends, in the actor's thread, and messages of
 * another shape make it throw. So it gets a message of our own making, never the client's.
 */
export function controlEndpoint(port: MessagePort, methods: readonly string[]): Endpoint {
  const endpoint = nodeEndpoint(port)
  return {
    ...endpoint,
    addEventListener: (type, listener) => {
      const pass = listener as (event: { data: unknown }) => void
      endpoint.addEventListener(type, (event: Event) => {
        const data = callOf((event as MessageEvent).data, methods)
        if (data !== null) pass({ data })
      })
    },
  }
}

/** The call that a message asks for, in comlink's form; null when it asks for none of `methods`. */
function callOf(message: unknown, methods: readonly string[]): unknown {
  if (typeof message !== 'object' || message === null) return null
  const { id, type, path } = message as Record<string, unknown>
  if (typeof id !== 'string' || type !== 'APPLY' || !Array.isArray(path)) return null
  const [name] = path
  if (path.length !== 1 || !methods.includes(name)) return null
  return { id, type, path: [name], argumentList: [] }
}
