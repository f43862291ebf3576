// What capabilities.test.ts runs in a worker thread.
import { type Capabilities, capabilities } from '@uring-actor/actor'

export function look(path: string): Promise<Capabilities> {
  return capabilities(path)
}
