// The programs and parts of programs in the documents: each of JavaScript is understood by the Node that runs
// these tests, which includes the oldest one, and those that can run alone do what the text says.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { blocksOf, documents, textOf } from './markdown.ts'
import { runProgram } from './program.ts'

describe('the JavaScript of', () => {
  for (const document of documents()) {
    const blocks = blocksOf(document, 'js')
    if (blocks.length === 0) continue
    test(`${document} is understood`, async () => {
      for (const block of blocks) {
        const { code, stderr } = await runProgram(block, { nodeArgs: ['--check'] })
        assert.equal(code, 0, `${block}\n${stderr}`)
      }
    })
  }
})

test('the subscriber of docs/tracing.md takes every kind of end', async () => {
  const subscriber = blocksOf('docs/tracing.md', 'js').find((block) => block.includes('asyncEnd'))
  const spans = [
    { operation: 'read', result: 3, stages: { total: 5 } },
    { operation: 'open', error: { code: 'ENOENT' }, stages: { total: 6 } },
    { operation: 'sync', error: { code: 'ERR_URING_ACTOR_EXITED' } },
  ]
  const publishing = spans.map(
    (span) => `tracingChannel(TRACING_CHANNEL).asyncEnd.publish(${JSON.stringify(span)})\n`,
  )
  const { code, stdout, stderr } = await runProgram(`${subscriber}\n${publishing.join('')}`)
  assert.deepEqual([code, stderr], [0, ''])
  const seen = stdout.trimEnd().split('\n')
  assert.match(seen[0]!, /^read .* 3 5$/)
  assert.match(seen[1]!, /^open .* ENOENT 6$/)
  assert.match(seen[2]!, /^sync .* ERR_URING_ACTOR_EXITED undefined$/)
  assert.match(textOf('docs/tracing.md'), /`stages` is undefined/)
})
