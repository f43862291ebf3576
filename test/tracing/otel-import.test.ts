// Who does not ask for OpenTelemetry loads nothing of it, and need not have it.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { reportOf } from '../support/child.ts'

test('nothing of OpenTelemetry is loaded before @uring-actor/actor/otel is', async () => {
  const script = new URL('./otel-import-child.js', import.meta.url)
  const modules = await reportOf<{ without: number; with: number }>(script)
  assert.equal(modules.without, 0)
  assert.ok(modules.with > 0, 'this would be seen')
})
