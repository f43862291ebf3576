/**
 * Single events of Chrome's Trace Event format, as lines of JSON, each begun with a comma. Times
 * are given in whole nanoseconds and written in microseconds, which is what the format has, with up
 * to three decimals: exact, where fractions of a microsecond would be rounded each for itself.
 */

/** Where an event is drawn: numbers of a process and of one of its threads. */
export interface Place {
  readonly process: number
  readonly thread: number
}

/** What an event says of itself when it is clicked. */
export type Details = Readonly<Record<string, number | string | boolean | undefined>>

function where({ process, thread }: Place): string {
  return `"pid":${process},"tid":${thread}`
}

/** A slice that lasts from `start` to `end`. */
export function slice(
  place: Place,
  category: string,
  name: string,
  start: number,
  end: number,
  details?: Details,
): string {
  const times = `"ts":${start / 1000},"dur":${(end - start) / 1000}`
  const told = details === undefined ? '' : `,"args":${JSON.stringify(details)}`
  return `,\n{"ph":"X","cat":"${category}","name":"${name}",${where(place)},${times}${told}}`
}

/** An arrow starts ('s'), touches another slice ('t') or ends ('f') in the slice that is there. */
export function arrow(phase: 's' | 't' | 'f', place: Place, id: number, at: number): string {
  const what = `"ph":"${phase}","cat":"uring","name":"operation","id":${id}`
  const bound = phase === 'f' ? ',"bp":"e"' : ''
  return `,\n{${what},${where(place)},"ts":${at / 1000}${bound}}`
}

/** Names a process or a thread, and says where it stands among the others. */
export function label(
  what: 'process' | 'thread',
  place: Place,
  name: string,
  order: number,
): [name: string, order: string] {
  const begin = `,\n{"ph":"M","name":"${what}`
  return [
    `${begin}_name",${where(place)},"args":{"name":${JSON.stringify(name)}}}`,
    `${begin}_sort_index",${where(place)},"args":{"sort_index":${order}}}`,
  ]
}
