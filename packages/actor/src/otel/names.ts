/**
 * Names of attributes that spans and metrics have in common. The first three are OpenTelemetry's
 * semantic conventions'; they are copied, as OpenTelemetry asks of libraries for those that are not
 * stable yet, and a test holds them against its package.
 */
export const ERROR_TYPE = 'error.type'
export const FILE_PATH = 'file.path'
export const THREAD_ID = 'thread.id'

export const OPERATION = 'uring_actor.operation'
