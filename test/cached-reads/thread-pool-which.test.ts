// The same with the engine of node's thread pool: it is the client's thread that reads.
import { useThreadPool } from '../support/engine.ts'

useThreadPool()
await import('./which.test.ts')
