// Whether something grows: a line through the lowest values of ten spans of time, and how sure it is.

const SPANS = 10

export interface Point {
  readonly seconds: number
  readonly value: number
}

export interface Growth {
  /** By how much the line rises from the first point to the last. */
  readonly rise: number
  /** The standard error of that. */
  readonly error: number
}

/** Fits the line; null when there are too few points to tell. */
export function growthOf(points: readonly Point[]): Growth | null {
  const floors = floorsOf(points)
  if (floors.length < SPANS) return null
  const mean = (of: (point: Point) => number): number =>
    floors.reduce((sum, point) => sum + of(point), 0) / floors.length
  const middle = mean((point) => point.seconds)
  const level = mean((point) => point.value)
  const squares = sum(floors, ({ seconds }) => (seconds - middle) ** 2)
  const slope = sum(floors, ({ seconds, value }) => (seconds - middle) * (value - level)) / squares
  const residuals = sum(
    floors,
    ({ seconds, value }) => (value - level - slope * (seconds - middle)) ** 2,
  )
  const error = Math.sqrt(residuals / (floors.length - 2) / squares)
  const time = points.at(-1)!.seconds - points[0]!.seconds
  return { rise: slope * time, error: error * time }
}

/** True for a rise above what is allowed that noise does not explain. */
export function grows({ rise, error }: Growth, allowed: number): boolean {
  return rise - 3 * error > allowed
}

/** The lowest point of each span: what is freed from time to time counts as freed. */
function floorsOf(points: readonly Point[]): Point[] {
  const floors: Point[] = []
  for (let span = 0; span < SPANS; span++) {
    const from = Math.floor((points.length * span) / SPANS)
    const to = Math.floor((points.length * (span + 1)) / SPANS)
    const inSpan = points.slice(from, to).sort((a, b) => a.value - b.value)
    if (inSpan.length > 0) floors.push(inSpan[0]!)
  }
  return floors
}

function sum(points: readonly Point[], of: (point: Point) => number): number {
  return points.reduce((total, point) => total + of(point), 0)
}
