/**
 * Tells a client that the actor's end of its port is gone. A port that is closed stays until its thread's
 * event loop has had a turn, and what listens to it stays as long: a thread that connects and closes
 * without ever pausing would pile up the memory of all its clients. So the port holds this only.
 */
export class Disconnection {
  /** Resolves when the client has ended, by whatever. */
  readonly ended: Promise<void>
  #act: (() => void) | null
  #end: () => void = () => {}

  constructor(act: () => void) {
    this.#act = act
    this.ended = new Promise((resolve) => {
      this.#end = resolve
    })
  }

  readonly heard = (): void => this.#act?.()

  /** The client has ended: nothing is told any more. */
  forget(): void {
    this.#act = null
    this.#end()
  }
}
