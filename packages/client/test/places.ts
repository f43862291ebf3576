// What tracing asks of a client, where there is none.
import assert from 'node:assert/strict'

export const PLACES = {
  threadId: 1,
  pathOf: (): string => '/file',
  openedPath: (): string => '/file',
  errorOf: (): Error => new Error('none is expected'),
}

/** Nothing is slow, and nothing recorded. */
export const unexpected = (): never => assert.fail('this is not to be told of')
