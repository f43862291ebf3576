/**
 * A chain: operations that run one after the other. Those that the engine can link go down linked, in
 * one submission. The kernel breaks a link at a short transfer too, and cancels the rest; what was
 * cancelled only for that is sent again, so that a chain fails at real errors only. But it breaks no
 * link when a sync, a fallocate or a truncate fails: such a member ends its linked run.
 */
export class Chain {
  readonly rows: readonly number[]
  /** The member that runs, or the first of those that are linked in the kernel. */
  next = 0
  /** First member of the linked run. */
  start = 0
  /** Members of the linked run that have not completed. */
  outstanding = 0
  /** End of the linked run. */
  end = 0
  /** Results of the members of the run. */
  readonly results: Int32Array
  readonly extras: Int32Array
  /** The member of the run was done by a metadata call, whose answer is final. */
  elsewhere = false
  /** First member that was refused when the chain was taken, and why; none: beyond the end, 0. */
  readonly refused: number
  readonly refusal: number

  constructor(rows: readonly number[], refused: number, refusal: number) {
    this.rows = rows
    this.refused = refused
    this.refusal = refusal
    this.results = new Int32Array(rows.length)
    this.extras = new Int32Array(rows.length)
  }
}
