// All conformance cases, by name. The name of a case is that of its function, as words.
import * as abort from './cases/abort.ts'
import * as abortParts from './cases/abort-parts.ts'
import * as buffers from './cases/buffers.ts'
import * as chains from './cases/chains.ts'
import * as changedBuffers from './cases/changed-buffers.ts'
import * as closedStreams from './cases/closed-streams.ts'
import * as closing from './cases/closing.ts'
import * as direct from './cases/direct.ts'
import * as durable from './cases/durable.ts'
import * as heldLeases from './cases/held-leases.ts'
import * as large from './cases/large.ts'
import * as leases from './cases/leases.ts'
import * as many from './cases/many.ts'
import * as metadata from './cases/metadata.ts'
import * as noWait from './cases/no-wait.ts'
import * as opening from './cases/opening.ts'
import * as order from './cases/order.ts'
import * as ownPosition from './cases/own-position.ts'
import * as positions from './cases/positions.ts'
import * as reading from './cases/reading.ts'
import * as space from './cases/space.ts'
import * as streams from './cases/streams.ts'
import * as timeOut from './cases/time-out.ts'
import * as vectors from './cases/vectors.ts'
import * as webStreams from './cases/web-streams.ts'
import * as wholeFiles from './cases/whole-files.ts'
import * as writing from './cases/writing.ts'
import type { Case } from './context.ts'

const ROOMS: Readonly<Record<string, Readonly<Record<string, Case>>>> = {
  opening,
  closing,
  reading,
  writing,
  positions,
  vectors,
  wholeFiles,
  metadata,
  space,
  streams,
  closedStreams,
  webStreams,
  buffers,
  changedBuffers,
  leases,
  heldLeases,
  large,
  direct,
  order,
  ownPosition,
  chains,
  durable,
  many,
  abort,
  abortParts,
  timeOut,
  noWait,
}

/** 'room: what it shows' -> the case. */
export const cases: ReadonlyMap<string, Case> = new Map(
  Object.entries(ROOMS).flatMap(([room, bodies]) =>
    Object.entries(bodies).map(([name, body]) => [`${words(room)}: ${words(name)}`, body] as const),
  ),
)

function words(name: string): string {
  return name.replaceAll(/(?<=[A-Za-z0-9])([A-Z])/g, ' $1').toLowerCase()
}
