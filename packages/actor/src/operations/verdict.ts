/** What a request's result means for its operation. */

/** It is done. */
export const DONE = 0
/** It goes on: the rest of it, or the same once more. */
export const AGAIN = 1
/** It failed, with the request's result as the error. */
export const FAILED = 2
/** It has to be done by a call of node:fs or the addon instead. */
export const ELSEWHERE = 3
