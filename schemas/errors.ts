/** Why something could not be done. One line each in docs/errors.md; a test keeps the two lists equal. */
export const errorCodes = [
  'bad-request',
  'unauthorised',
  'forbidden',
  'not-found',
  'conflict',
  'rate-limited',
  'internal',
  'config-invalid',
  'site-invalid',
  'compile-failed',
  'compile-timeout',
  'compile-memory',
  'token-invalid',
  'token-expired',
  'token-used',
  'csr-invalid',
  'certificate-unknown',
  'certificate-expired',
  'certificate-revoked',
  'ca-mismatch',
  'signature-invalid',
  'catalog-invalid',
  'catalog-unavailable',
  'change-held',
  'secret-unavailable',
  'packages-wanted',
  'server-unreachable',
  'run-locked',
  'run-disabled',
  'run-stopped',
  'resource-unreadable',
  'apply-failed',
  'validate-failed',
  'verify-failed',
  'refresh-failed',
  'exec-failed',
  'exec-timeout',
  'blob-missing',
  'machine-failed',
  'image-missing',
  'rebuild-refused',
  'unsupported',
] as const

export type ErrorCode = (typeof errorCodes)[number]

/** The facts of an error. Words: action first, values quoted, no final period. */
export interface ErrorFacts {
  readonly code: ErrorCode
  /** What could not be done and why: `Cannot apply file "/etc/motd": owner "www" does not exist`. */
  readonly message: string
  /** `path:line` of the declaration or input at fault. */
  readonly where?: string | undefined
  readonly found?: string | undefined
  readonly wanted?: string | undefined
  /** What stayed as it was. */
  readonly kept?: string | undefined
  /** What to do. */
  readonly hint?: string | undefined
  readonly cause?: unknown
}

/** The one error of Rekindle: what happened, where, what was kept, what to do. Callers decide by `code`. */
export class RekindleError extends Error {
  readonly code: ErrorCode
  readonly where: string | undefined
  readonly found: string | undefined
  readonly wanted: string | undefined
  readonly kept: string | undefined
  readonly hint: string | undefined

  constructor(facts: ErrorFacts) {
    super(facts.message, facts.cause === undefined ? undefined : { cause: facts.cause })
    this.name = 'RekindleError'
    this.code = facts.code
    this.where = facts.where
    this.found = facts.found
    this.wanted = facts.wanted
    this.kept = facts.kept
    this.hint = facts.hint
  }
}

/** Anything may be thrown; where an error is a value, it is one. */
export function toError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown))
}

/** Whether it is an error of Node or the system with one of these codes, such as `ENOENT`. */
export function hasCode(error: unknown, ...codes: readonly string[]): boolean {
  return error instanceof Error && 'code' in error && codes.includes(String(error.code))
}

/** What an error looks like on the wire and in a report: only fields that are present. */
export interface ErrorShape {
  code: ErrorCode
  message: string
  where?: string
  kept?: string
  hint?: string
}

/** Flattens any thrown value for a report or a problem body. The chain of causes joins the message. */
export function errorShape(error: unknown): ErrorShape {
  const message = messageChain(error)
  if (!(error instanceof RekindleError)) return { code: 'internal', message }
  return {
    code: error.code,
    message,
    ...(error.where === undefined ? {} : { where: error.where }),
    ...(error.kept === undefined ? {} : { kept: error.kept }),
    ...(error.hint === undefined ? {} : { hint: error.hint }),
  }
}

/** Prints an error for a terminal: message with found and wanted, where, causes, what was kept, what to do. */
export function renderError(error: unknown): string {
  if (!(error instanceof RekindleError)) return messageChain(error)
  const lines = [messageChain(error)]
  if (error.found !== undefined) lines.push(`  found:  ${error.found}`)
  if (error.wanted !== undefined) lines.push(`  wanted: ${error.wanted}`)
  if (error.where !== undefined) lines.push(`  at:     ${error.where}`)
  if (error.kept !== undefined) lines.push(`  kept:   ${error.kept}`)
  if (error.hint !== undefined) lines.push(`  do:     ${error.hint}`)
  return lines.join('\n')
}

function messageChain(error: unknown): string {
  const messages: string[] = []
  for (let at = error; at !== undefined && at !== null; at = at instanceof Error ? at.cause : undefined) {
    messages.push(at instanceof Error ? at.message : String(at))
  }
  return messages.join(': ')
}
