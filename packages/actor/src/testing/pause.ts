/** What a pause has come to, in a word that both threads share. */
const ASKED = 0
const STANDING = 1
const OVER = 2
/** Longest sleep in milliseconds before the word is looked at again. */
const LOOK_MILLIS = 1000

/** A pause of the actor's thread, as it is asked for and ended by another thread. */
export class Pause {
  readonly word: Int32Array = new Int32Array(new SharedArrayBuffer(4))

  /** Resolves once the actor's thread stands still. */
  async begun(): Promise<void> {
    const { word } = this
    while (Atomics.load(word, 0) === ASKED) await Atomics.waitAsync(word, 0, ASKED).value
  }

  end(): void {
    Atomics.store(this.word, 0, OVER)
    Atomics.notify(this.word, 0)
  }
}

/** Stops the calling thread, the actor's, until the pause is over. */
export function standStill(word: Int32Array): void {
  if (Atomics.compareExchange(word, 0, ASKED, STANDING) !== ASKED) return
  Atomics.notify(word, 0)
  while (Atomics.load(word, 0) === STANDING) Atomics.wait(word, 0, STANDING, LOOK_MILLIS)
}
