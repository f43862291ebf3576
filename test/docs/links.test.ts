// Every relative link of every document points at a file, a folder or a heading that is there.
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import path from 'node:path'
import { describe, test } from 'node:test'
import { anchorsOf, documents, proseOf, root } from './markdown.ts'

/** Why a link leads nowhere, or null. */
function brokenLink(document: string, target: string): string | null {
  if (/^[a-z]+:/.test(target)) return null
  const [relative, anchor] = target.split('#')
  const file = relative === '' ? document : path.join(path.dirname(document), relative!)
  if (file.startsWith('..')) return `${target} leads out of the project`
  if (!existsSync(path.join(root, file))) return `${target} does not exist`
  if (anchor === undefined) return null
  return anchorsOf(file).has(anchor) ? null : `${file} has no heading #${anchor}`
}

describe('the links of', () => {
  for (const document of documents()) {
    test(document, () => {
      const links = Array.from(proseOf(document).matchAll(/\]\(([^)\s]+)\)/g), ([, link]) => link!)
      const broken = links.map((link) => brokenLink(document, link)).filter((why) => why !== null)
      assert.deepEqual(broken, [])
    })
  }
})

test('README.md leads to every document', () => {
  const led = new Set(
    Array.from(proseOf('README.md').matchAll(/\]\(([^)\s#]+)/g), ([, link]) => link!),
  )
  const own = documents().filter((document) => /^(docs\/.*|[^/]*)$/.test(document))
  assert.deepEqual(
    own.filter((document) => document !== 'README.md' && !led.has(document)),
    [],
  )
})
