// The tables of docs/memory-layout.md, as a test can use them.
import { readFileSync } from 'node:fs'

export interface LayoutRow {
  section: string
  byte: string
  bytes: string
  name: string
  /** Without its backticks; '–' for padding. */
  constant: string
  writer: string
}

const COLUMNS = ['byte', 'bytes', 'name', 'constant', 'writer']

function cells(line: string): string[] {
  return line
    .split('|')
    .slice(1, -1)
    .map((cell) => cell.trim())
}

/** All rows of tables whose columns are byte, bytes, name, constant and writer. */
export function layoutRows(document: URL): LayoutRow[] {
  const rows: LayoutRow[] = []
  let section = ''
  let inTable = false
  for (const line of readFileSync(document, 'utf8').split('\n')) {
    const heading = /^#+ (.*)$/.exec(line)
    if (heading !== null) section = heading[1]!
    if (!line.startsWith('|')) {
      inTable = false
      continue
    }
    const found = cells(line)
    if (found.join() === COLUMNS.join()) {
      inTable = true
    } else if (inTable && !found.every((cell) => /^:?-+:?$/.test(cell))) {
      const [byte = '', bytes = '', name = '', constant = '', writer = ''] = found
      rows.push({ section, byte, bytes, name, constant: constant.replaceAll('`', ''), writer })
    }
  }
  return rows
}
