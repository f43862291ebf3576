import { threadId } from 'node:worker_threads'

/** One name for all threads of the process; no other process hears it. */
const CHANNEL = 'uring-actor:claim:1'
/** How long an actor that is there may take for its answer. */
const ANSWER_MILLISECONDS = 200
/** The first worker that a process starts: nobody can have been before it. */
const FIRST_WORKER = 1

/** What a thread says: that it runs the actor (`held`), or that it wants to. */
interface ClaimMessage {
  readonly held: boolean
  readonly threadId: number
}

/**
 * The claim on the process's one actor where no addon can keep it: who wants to have it asks the
 * other threads. Two actors would do each other no harm; it is only that nobody would know which
 * one a thread is connected to.
 */
export class ThreadClaim {
  readonly #channel = new BroadcastChannel(CHANNEL)
  #held = false
  #lost: (() => void) | null = null

  constructor() {
    this.#channel.onmessage = (event) => this.#heard((event as MessageEvent).data as ClaimMessage)
    // Not in the types of Node 20: a listener alone should not keep a thread alive.
    ;(this.#channel as unknown as { unref(): void }).unref()
  }

  /** True when no other thread has it. */
  take(): Promise<boolean> {
    if (threadId === FIRST_WORKER) {
      this.#held = true
      return Promise.resolve(true)
    }
    return new Promise((resolve) => {
      const won = (): void => {
        if (this.#lost === null) return
        this.#lost = null
        this.#held = true
        resolve(true)
      }
      // On a busy machine answers may have come that this thread had no time for: they go first.
      const unanswered = setTimeout(() => setImmediate(won), ANSWER_MILLISECONDS)
      this.#lost = () => {
        this.#lost = null
        clearTimeout(unanswered)
        resolve(false)
      }
      this.#say(false)
    })
  }

  release(): void {
    this.#held = false
    this.#channel.close()
  }

  #heard(message: ClaimMessage): void {
    if (message.held) this.#lost?.()
    else if (this.#held) this.#say(true)
    else if (this.#lost !== null) {
      // Several ask at the same time: the thread that was started first has it. A later one may not
      // have been there to hear us ask, so we ask again. To say that we have it would be too much:
      // an earlier one hears that too, and if it gave way to us while we give way to it, nobody
      // would have it.
      if (message.threadId < threadId) this.#lost()
      else this.#say(false)
    }
  }

  #say(held: boolean): void {
    const message: ClaimMessage = { held, threadId }
    this.#channel.postMessage(message)
  }
}
