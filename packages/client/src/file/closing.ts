import { runAfter, runSync } from '../transport/steps.ts'
import { closeSteps } from './file-steps.ts'
import { type FileHandleState, fileClosed } from './handle.ts'

/** The close of a file: once, when its streams have ended and what is in flight on it has completed. */
export class FileClosing {
  readonly #state: FileHandleState
  #ended: Promise<void> | null = null

  constructor(state: FileHandleState) {
    this.#state = state
  }

  /** It was asked for. */
  get begun(): boolean {
    return this.#ended !== null || this.#state.closing
  }

  close(): Promise<void> {
    if (this.#ended !== null) return this.#ended
    if (this.#state.closing) return Promise.resolve()
    let settle: (end: Promise<void>) => void = () => {}
    // Streams look whether it was asked for, already while they are being ended.
    this.#ended = new Promise((resolve) => {
      settle = resolve
    })
    const { streams } = this.#state
    const hasStreams = streams.size > 0
    streams.close(() => settle(this.#end(hasStreams)))
    return this.#ended
  }

  async #end(hasStreams: boolean): Promise<void> {
    const state = this.#state
    if (this.#endsWithClient()) {
      await state.transport.ending
      return
    }
    state.assertOpen('close')
    state.closing = true
    if (state.feeds.size > 0) {
      await Promise.race([state.feeds.settled(), state.transport.disconnection.ended])
      return this.#end(hasStreams)
    }
    // What waits in line at this client is not in the channel yet, where the close would wait for it.
    await runAfter(state.transport, state.runs, closeSteps(state))
    // As in node:fs, the 'close' of its streams comes first.
    if (hasStreams) await new Promise<void>((resolve) => process.nextTick(resolve))
  }

  closeSync(): void {
    const state = this.#state
    if (this.begun) throw fileClosed('close')
    if (this.#endsWithClient()) {
      state.streams.destroy()
      return
    }
    state.assertOpen('close')
    state.closing = true
    state.streams.destroy()
    runSync(state.transport, closeSteps(state))
  }

  /** A client that is closed closes its files, when what was called before has ended: nothing is left to do. */
  #endsWithClient(): boolean {
    const state = this.#state
    if (!state.transport.closing) return false
    state.closing = true
    return true
  }
}
