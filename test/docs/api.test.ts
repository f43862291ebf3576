// docs/api.md names every public method and error code, and none that does not exist.
import assert from 'node:assert/strict'
import { EventEmitter } from 'node:events'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, test } from 'node:test'
import { Actor } from '@uring-actor/actor'
import { Client, Lease, UringFile } from '@uring-actor/client'
import { filesBelow, root, textOf } from './markdown.ts'

const text = textOf('docs/api.md')

const NODES_OWN: object[] = [Object.prototype, Uint8Array.prototype, EventEmitter.prototype]
/** Protected, or no method. */
const INTERNAL = new Set(['constructor', 'run', 'runSync', 'later', 'within'])
/** What an instance has as a field, where a prototype does not show it, or from Node's EventEmitter. */
const FIELDS = new Set(['address', 'on'])

/** The methods and getters of a class of ours, with those that it inherits from another of ours. */
function membersOf(made: { prototype: object }): string[] {
  const names: string[] = []
  let prototype = made.prototype
  while (!NODES_OWN.includes(prototype)) {
    names.push(...Object.getOwnPropertyNames(prototype))
    prototype = Object.getPrototypeOf(prototype)
  }
  return names.filter((name) => !INTERNAL.has(name))
}

/** What the document says of a variable: every `name.member` in it. */
function documented(name: string): string[] {
  const found = text.matchAll(new RegExp(`\\b${name}\\.([a-zA-Z]+)`, 'g'))
  return [...new Set(Array.from(found, ([, member]) => member!))].filter(
    (name) => !FIELDS.has(name),
  )
}

describe('docs/api.md', () => {
  for (const [name, made] of [
    ['actor', Actor],
    ['client', Client],
    ['file', UringFile],
    ['lease', Lease],
  ] as const) {
    test(`names what is in ${made.name}, all of it and nothing else`, () => {
      assert.deepEqual(documented(name).sort(), membersOf(made).sort())
    })
  }

  test('lists the error codes that the packages use, and no others', () => {
    const used = new Set<string>()
    for (const file of filesBelow('packages', '.ts')) {
      if (!/^packages\/(client|actor)\/src\//.test(file)) continue
      const source = readFileSync(path.join(root, file), 'utf8')
      // A list of codes begins its lines with a bar; using one is to throw it, or to hand it on.
      for (const [, code] of source.matchAll(/^(?! *\|).*'(ERR_URING_[A-Z_]+)'/gm)) used.add(code!)
    }
    const listed = Array.from(text.matchAll(/^\| `(ERR_URING_[A-Z_]+)` +\|/gm), ([, code]) => code!)
    assert.deepEqual(listed.sort(), [...used].sort())
  })
})
