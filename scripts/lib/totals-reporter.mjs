// A reporter for node:test that keeps only the totals, taken from the runner's closing lines, and how
// the processes of files ended that did not come to their end: other reporters do not tell.

/**
 * @param {AsyncIterable<{ type: string, data: any }>} source
 * @returns {AsyncGenerator<string>}
 */
export default async function* totals(source) {
  /** @type {Map<string, number>} */
  const counts = new Map()
  /** @type {string[]} */
  const ended = []
  for await (const { type, data } of source) {
    const { exitCode, signal } = data.details?.error ?? {}
    if (type === 'test:fail' && (signal || exitCode > 1)) {
      ended.push(`${data.name} ended by ${signal || `exit code ${exitCode}`}`)
    }
    if (type !== 'test:diagnostic' || data.nesting !== 0) continue
    const found = /^(pass|fail|cancelled|skipped|todo) (\d+)$/.exec(data.message)
    if (found !== null) counts.set(found[1], Number(found[2]))
  }
  /** @param {string} name */
  const count = (name) => counts.get(name) ?? 0
  yield JSON.stringify({
    passed: count('pass'),
    failed: count('fail') + count('cancelled'),
    skipped: count('skipped') + count('todo'),
    ended,
  })
}
