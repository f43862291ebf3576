// What a pool's thread does in the tests of this room.
export { waitAsleep as default } from './actor-tasks.ts'
