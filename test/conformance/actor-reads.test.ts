// The conformance suite from the main thread, the same cases, where the actor reads everything: also
// what its clients would read from the page cache.
import { withoutCachedReads } from '../support/engine.ts'

withoutCachedReads()
await import('./main-thread.test.ts')
