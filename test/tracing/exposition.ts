// Prometheus' text format, read as strictly as its specification allows.

export interface Exposition {
  /** By the family's name: counter, gauge, summary … */
  readonly types: ReadonlyMap<string, string>
  /** By the name and the labels, as they stand there: `name{label="value"}`. */
  readonly samples: ReadonlyMap<string, number>
}

const NAME = '[a-zA-Z_][a-zA-Z0-9_]*'
const LABEL = `${NAME}="(?:[^"\\\\\\n]|\\\\[\\\\"n])*"`
const SAMPLE = new RegExp(`^((${NAME})(?:\\{${LABEL}(?:,${LABEL})*\\})?) (\\S+)$`)
const ABOUT = new RegExp(`^# (HELP|TYPE) (${NAME}) (.+)$`)
/** What the samples of a summary may have behind their family's name. */
const SUFFIX = /_(sum|count)$/

/** Throws for a line that has no place in the format. */
export function parseExposition(text: string): Exposition {
  if (!text.endsWith('\n')) throw new Error('the last line has no end')
  const types = new Map<string, string>()
  const helped = new Set<string>()
  const samples = new Map<string, number>()
  for (const line of text.split('\n')) {
    if (line === '') continue
    const about = ABOUT.exec(line)
    if (about !== null) {
      const [, what, name, rest] = about as unknown as [string, string, string, string]
      if (what === 'HELP') helped.add(name)
      else if (types.has(name)) throw new Error(`the type of ${name} is told twice`)
      else types.set(name, rest)
      continue
    }
    const sample = SAMPLE.exec(line)
    if (sample === null) throw new Error(`no line of the format: ${line}`)
    const [, key, name, value] = sample as unknown as [string, string, string, string]
    const family = types.has(name) ? name : name.replace(SUFFIX, '')
    const type = types.get(family)
    if (type === undefined || !helped.has(family)) throw new Error(`${name} was not announced`)
    if (family !== name && type !== 'summary') throw new Error(`${name} belongs to no summary`)
    if ((type === 'counter') !== name.endsWith('_total')) throw new Error(`${name} is a ${type}`)
    if (samples.has(key)) throw new Error(`${key} is there twice`)
    const number = Number(value)
    if (!Number.isFinite(number)) throw new Error(`${key} is ${value}`)
    samples.set(key, number)
  }
  return { types, samples }
}
