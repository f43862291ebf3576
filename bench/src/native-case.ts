import type { Case } from './comparison.ts'
import type { Load } from './loads/load.ts'
import { rates } from './measure/resources.ts'
import { warmUpSeconds } from './meter.ts'
import { type NativeOptions, nativeRefusal, runNative } from './native-peer.ts'

/** A program in C with a thread for each operation in flight: by pread and pwrite, or by mmap. */
export function nativeCase(name: string, mode: NativeOptions['mode'], load: Load): Case {
  const { operation, inFlight, cache, bytes } = load
  return {
    name,
    missing: nativeRefusal,
    async run({ files, size, seconds }, latency) {
      const result = await runNative({
        mode,
        operation: operation === 'write' ? 'write' : 'read',
        threads: inFlight,
        seconds,
        warmUpSeconds: warmUpSeconds(load.workers, seconds),
        direct: cache === 'direct',
        blockBytes: bytes,
        fileBytes: size,
        files,
      })
      latency.add(result)
      return rates(result.operations, bytes, result.seconds, result)
    },
  }
}
