// Code that was put into a bundle: an actor says that it must not be, in every kind of bundle, and a client works.
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, test } from 'node:test'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { build } from 'esbuild'
import { runScript } from '../support/child.ts'
import { temporaryDirectory } from '../support/temporary.ts'

const ACTOR = fileURLToPath(import.meta.resolve('@uring-actor/actor'))
const CLIENT = fileURLToPath(import.meta.resolve('@uring-actor/client'))

/** Bundles a program with all that it imports, but for what is `external`; returns the file. */
async function bundled(source: string, format: 'esm' | 'cjs'): Promise<URL> {
  const folder = temporaryDirectory()
  const entry = path.join(folder, 'entry.mjs')
  const outfile = path.join(folder, 'out', format === 'esm' ? 'bundle.mjs' : 'bundle.cjs')
  writeFileSync(entry, source)
  await build({
    entryPoints: [entry],
    outfile,
    format,
    bundle: true,
    platform: 'node',
    logLevel: 'silent',
  })
  return pathToFileURL(outfile)
}

for (const format of ['esm', 'cjs'] as const) {
  describe(`in a bundle, ${format}`, () => {
    test('an actor says what to leave out', async () => {
      const source = `
        import { spawnActor } from ${JSON.stringify(ACTOR)}
        spawnActor().then(
          () => console.log('spawned'),
          ({ name, code, message }) => console.log(name, code, message),
        )`
      const { code, stdout, stderr } = await runScript(await bundled(source, format))
      assert.equal(code, 0, stderr)
      assert.match(stdout, /^UringError ERR_URING_ACTOR_START .*external/)
    })

    test('the figures of a client are there', async () => {
      const source = `
        import { connect } from ${JSON.stringify(CLIENT)}
        const run = async () => {
          const { spawnActor } = await import(process.argv[2])
          const actor = await spawnActor()
          const client = connect(actor.address)
          await client.nop()
          console.log(String(await client.stats()))
          await actor.close()
        }
        run()`
      const file = await bundled(source, format)
      const { code, stdout, stderr } = await runScript(file, { args: [ACTOR] })
      assert.equal(code, 0, stderr)
      assert.match(stdout, /^nop\b/m)
      assert.match(stdout, /^ +total .*\d/m)
    })
  })
}
