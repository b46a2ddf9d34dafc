/** A unified diff of a file's content, for people. Pure. */
import { createTwoFilesPatch, FILE_HEADERS_ONLY } from 'diff'

/** Bytes of either side. */
const longestText = 256 * 1024
const mostLines = 200
/** Two texts with nothing in common would take seconds. */
const timeoutMs = 500

/** @returns undefined for content that is not text, is too long, or takes too long to compare */
export function contentDiff(path: string, served: Uint8Array, planned: Uint8Array): string | undefined {
  const before = textIn(served)
  const after = textIn(planned)
  if (before === undefined || after === undefined) return undefined
  const patch = createTwoFilesPatch(path, path, before, after, 'served', 'planned', {
    timeout: timeoutMs,
    headerOptions: FILE_HEADERS_ONLY,
  })
  return patch === undefined ? undefined : cap(patch)
}

function textIn(bytes: Uint8Array): string | undefined {
  if (bytes.length > longestText || bytes.includes(0)) return undefined
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return undefined
  }
}

function cap(patch: string): string {
  const lines = patch.trimEnd().split('\n')
  if (lines.length <= mostLines) return lines.join('\n')
  return [...lines.slice(0, mostLines), `[${lines.length - mostLines} more lines]`].join('\n')
}
