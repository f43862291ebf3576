/** What is wrong with a run, by kind. */
export class Findings {
  readonly #texts: string[] = []
  readonly #counts = new Map<string, number>()

  add(kind: string, text: string): void {
    const count = (this.#counts.get(kind) ?? 0) + 1
    this.#counts.set(kind, count)
    if (count <= SHOWN_PER_KIND) this.#texts.push(`${kind}: ${text}`)
  }

  get counts(): Record<string, number> {
    return Object.fromEntries(this.#counts)
  }

  get none(): boolean {
    return this.#counts.size === 0
  }

  /** The first of each kind, and how many there are. */
  lines(): string[] {
    const totals = [...this.#counts].map(([kind, count]) => `${count} x ${kind}`)
    return [...this.#texts, ...totals]
  }
}

const SHOWN_PER_KIND = 10
