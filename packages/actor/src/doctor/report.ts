import type { Capabilities } from './capabilities.ts'
import type { DeviceCapabilities, PathCapabilities } from './path-facts.ts'
import type { RingFeatures } from './ring-facts.ts'

/** What each is called, and what it costs to be without it. */
const FEATURES: ReadonlyArray<[name: keyof RingFeatures, what: string, without: string]> = [
  ['singleIssuer', 'single issuer', 'Linux 6.0: a little more work in the kernel'],
  ['deferTaskrun', 'deferred task work', 'Linux 6.1: a little more work in the kernel'],
  ['submitAll', 'submitting all of a batch', 'Linux 5.18'],
  ['registeredDescriptor', 'registered ring descriptor', 'Linux 5.18: a look-up at each call'],
  ['restrictions', 'restricted to the opcodes and files in use', ''],
  ['registeredBuffers', 'registered buffers', 'memory is pinned anew for each direct request'],
  [
    'onlyRegisteredMemory',
    'restricted to registered memory',
    'with default options needs 4 GiB of locked memory, or CAP_IPC_LOCK',
  ],
  ['minimumWait', 'one wake-up for several completions', 'Linux 6.12: more wake-ups'],
  ['noIoWait', 'waiting that does not count as load', 'Linux 6.15: an idle actor shows as load'],
  ['truncate', 'truncating in the ring', 'Linux 6.9: by node:fs'],
  ['deviceCommands', 'discarding in the ring', 'Linux 6.12: by an ioctl'],
]

/** The capabilities as a text for people, ending with a line feed. */
export function report(found: Capabilities): string {
  const { ioUring, limits } = found
  const { engine, reason, remedy } = found
  const readers = found.cachedReads ? 'the calling threads' : 'the actor, as the addon is missing'
  const lines = [
    row('engine', `${engine ?? 'none: spawnActor() rejects'} (${reason})`),
    ...(remedy === '' ? [] : [row('remedy', remedy)]),
    ...(engine === null ? [] : [row('cached reads', `by ${readers}`)]),
    '',
    row('system', `${found.platform} ${found.kernel}, ${found.arch}, Node ${found.node}`),
    row('io_uring', ioUring.usable ? 'usable' : ioUring.reason),
    ...(ioUring.usable || ioUring.remedy === remedy ? [] : [row('remedy', ioUring.remedy)]),
    ...ioUring.addonTried.map((tried) => row('tried', tried)),
    row('sysctl', `kernel.io_uring_disabled = ${ioUring.disabled ?? 'unknown'}`),
    row('seccomp', ioUring.seccomp === null ? 'unknown' : ioUring.seccomp ? 'a filter' : 'none'),
    row('permissions', ioUring.permissionModel ? "Node's permission model" : 'not restricted'),
    row('locked memory', `${bytes(limits.lockedMemory)} can be registered (ulimit -l)`),
    row('open files', `${limits.openFiles ?? 'unknown'} (ulimit -n)`),
  ]
  const { opcodes, features } = ioUring
  if (opcodes !== null) {
    const names = Object.keys(opcodes)
    const missing = names.filter((name) => !opcodes[name])
    lines.push(row('opcodes', names.filter((name) => opcodes[name]).join(' ')))
    if (missing.length > 0) lines.push(row('missing', missing.join(' ')))
  }
  if (features !== null) {
    FEATURES.forEach(([name, what, without], index) => {
      const text = features[name] ? `yes  ${what}` : `no   ${what} (${without})`
      lines.push(row(index === 0 ? 'features' : '', text))
    })
  }
  if (found.path !== null) lines.push('', ...pathLines(found.path, engine))
  return `${lines.join('\n')}\n`
}

function pathLines(found: PathCapabilities, engine: Capabilities['engine']): string[] {
  const { directIo, refused, device } = found
  const on = found.filesystem === null ? '' : ` on ${found.filesystem}`
  const lines = [row('path', `${found.path}, ${found.kind}${on}`)]
  if (found.engine !== engine) {
    lines.push(row('engine', `${found.engine}: the ring is not for files on this filesystem`))
  }
  if (refused !== null) lines.push(row('not looked at', refused))
  if (directIo === 'none') lines.push(row('direct I/O', 'none: the filesystem refuses O_DIRECT'))
  else if (directIo !== null) {
    const { memory, offset } = directIo
    lines.push(row('direct I/O', `memory by ${memory} bytes, position and length by ${offset}`))
  }
  if (found.trim !== null) lines.push(row('trim', TRIM[found.trim]))
  if (device !== null) lines.push(row('device', deviceText(device)))
  return lines
}

const TRIM: Readonly<Record<NonNullable<PathCapabilities['trim']>, string>> = {
  hole: 'hole: the space is given back',
  discard: 'discard: by a command of the ring',
  'discard-ioctl': 'discard-ioctl: by an ioctl',
  zeroes: 'zeroes are written: no space is given back',
  none: 'none: the filesystem cannot punch holes',
}

function deviceText({ number, logicalBlock, discardMax, discardGranularity }: DeviceCapabilities) {
  const discards =
    discardMax === 0
      ? 'cannot discard'
      : `discards by ${discardGranularity} bytes, ${discardMax} at once`
  return `${number}, blocks of ${logicalBlock} bytes, ${discards}`
}

const LABEL_WIDTH = 15

function row(label: string, text: string): string {
  return `${label.padEnd(LABEL_WIDTH)}${text}`.trimEnd()
}

function bytes(limit: number | 'unlimited' | null): string {
  if (typeof limit !== 'number') return limit ?? 'unknown'
  return limit >= 2 ** 20 ? `${+(limit / 2 ** 20).toFixed(1)} MiB` : `${limit / 1024} KiB`
}
