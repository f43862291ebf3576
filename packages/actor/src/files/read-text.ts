import { readFileSync } from 'node:fs'

/**
 * What a file of /proc or /sys says. Empty where there is none, or it may not be read: not Linux, an
 * older kernel, or the permission model.
 */
export function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
