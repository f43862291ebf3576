import { RESULTS_FORMAT, type Results } from '../results/results.ts'
import { UserError } from '../user-error.ts'

type Fields = Readonly<Record<string, unknown>>

/**
 * Refuses what has the right format by its own account only, such as a file that was cut or edited
 * by hand: better one line about the file than an error from the middle of the arithmetic.
 */
export function checkShape(results: Results, place: string): void {
  if (!isObject(results.machine) || !isObject(results.options)) refuse(place)
  if (!results.comparisons.every(isComparison)) refuse(place)
}

function refuse(place: string): never {
  throw new UserError(`${place} holds no whole results of format ${RESULTS_FORMAT}`, 2)
}

function isComparison(value: unknown): boolean {
  return (
    isObject(value) &&
    typeof value.name === 'string' &&
    isListOf(value.cases, isCase) &&
    isListOf(value.figures, isFigure) &&
    isListOf(value.rounds, isObject)
  )
}

function isCase(value: unknown): boolean {
  return (
    isObject(value) &&
    typeof value.name === 'string' &&
    isObject(value.metrics) &&
    Object.values(value.metrics).every(isSummary)
  )
}

function isFigure(value: unknown): boolean {
  return (
    isObject(value) &&
    typeof value.label === 'string' &&
    (value.summary === null || isSummary(value.summary))
  )
}

function isSummary(value: unknown): boolean {
  return isObject(value) && Array.isArray(value.values)
}

function isListOf(value: unknown, isItem: (item: unknown) => boolean): boolean {
  return Array.isArray(value) && value.every(isItem)
}

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
