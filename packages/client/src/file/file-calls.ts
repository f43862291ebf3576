import { bounded, boundsOf, type CallBounds, type CallOptions } from '../transport/call-bounds.ts'
import { runAsync, runSync, type Steps } from '../transport/steps.ts'
import { type FileHandleState, fileClosed } from './handle.ts'
import { type OperationOptions, operationFlags } from './options.ts'

/** How the calls of a UringFile run: their steps, within the bounds that the caller gives. */
export abstract class FileCalls {
  protected readonly state: FileHandleState

  constructor(state: FileHandleState) {
    this.state = state
  }

  protected run<T>(
    steps: Steps<T>,
    flags: number = 0,
    bounds: CallBounds | null = null,
  ): Promise<T> {
    const { state } = this
    try {
      this.#assertTakes()
    } catch (error) {
      return Promise.reject(error)
    }
    return runAsync(state.transport, steps, flags, bounds, state.runs)
  }

  /** At the call: what has to wait for its turn begins even if `close` was called meanwhile. */
  #assertTakes(): void {
    const { closing, closed, transport } = this.state
    // The steps of a file that is closed say so themselves, and of what.
    if (closed) return
    if (closing) throw fileClosed('close')
    transport.assertOpen()
  }

  /** Runs steps within the bounds that are asked for, and makes the result of what they give. */
  protected within<T, R>(
    options: CallOptions | string | null | undefined,
    steps: Steps<T>,
    result: (value: T) => R,
  ): Promise<R> {
    const bounds = boundsOf(this.state.transport, options)
    return bounded(bounds, async () => result(await this.run(steps, 0, bounds)))
  }

  /** As `run`, for steps whose making already checks arguments. */
  protected async later<T>(
    options: OperationOptions | undefined | null,
    steps: (flags: number) => Steps<T>,
  ): Promise<T> {
    const flags = operationFlags(options)
    const bounds = boundsOf(this.state.transport, options)
    return bounded(bounds, () => this.run(steps(flags), flags, bounds))
  }

  protected runSync<T>(steps: Steps<T>): T {
    this.#assertTakes()
    return runSync(this.state.transport, steps)
  }
}
