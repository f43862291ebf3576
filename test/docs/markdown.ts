// The project's documents, as these tests read them.
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

/** The project's folder; this file runs from test/dist/docs. */
export const root: string = fileURLToPath(new URL('../../../', import.meta.url))

const NOT_OURS = new Set(['node_modules', 'dist', 'build', 'prebuilds'])

/** Every file of the project whose name ends so, relative to the project's folder. */
export function filesBelow(folder: string, ending: string): string[] {
  return readdirSync(path.join(root, folder), { withFileTypes: true })
    .filter(({ name }) => !name.startsWith('.') && !NOT_OURS.has(name))
    .flatMap((entry) => {
      const file = path.join(folder, entry.name)
      if (entry.isDirectory()) return filesBelow(file, ending)
      return entry.name.endsWith(ending) ? [file] : []
    })
    .sort()
}

/** Every document of the project. */
export function documents(): string[] {
  return filesBelow('', '.md')
}

export function textOf(document: string): string {
  return readFileSync(path.join(root, document), 'utf8')
}

/** The fenced blocks of a language. */
export function blocksOf(document: string, language: string): string[] {
  const blocks = textOf(document).matchAll(new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\`$`, 'gms'))
  return Array.from(blocks, ([, block]) => block!)
}

export function firstBlock(document: string, language: string): string {
  const [first] = blocksOf(document, language)
  if (first === undefined) throw new Error(`${document} has no block of ${language}`)
  return first
}

/** The text without fenced blocks and code spans: what a reader sees as links and headings. */
export function proseOf(document: string): string {
  return textOf(document)
    .replaceAll(/^```.*?^```$/gms, '')
    .replaceAll(/`[^`\n]*`/g, (code) => code.replaceAll(/[[\]()]/g, ' '))
}

/** The anchors of a document's headings, as GitHub makes them. */
export function anchorsOf(document: string): Set<string> {
  const headings = textOf(document)
    .replaceAll(/^```.*?^```$/gms, '')
    .matchAll(/^#+ (.*)$/gm)
  return new Set(
    Array.from(headings, ([, heading]) =>
      heading!
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
        .replaceAll(' ', '-'),
    ),
  )
}
