/** The error of a resource that cannot be put into force, in the words that all types share. */
import { type ErrorFacts, RekindleError } from '../../schemas/errors.ts'
import type { Wanted } from './resource-type.ts'

type Advice = Partial<Pick<ErrorFacts, 'code' | 'kept' | 'hint' | 'cause'>>

/** @param reason the end of "Cannot apply service:nginx: " */
export function cannotApply(
  { id, where }: Pick<Wanted<unknown>, 'id' | 'where'>,
  reason: string,
  advice: Advice = {},
): RekindleError {
  return new RekindleError({
    code: 'apply-failed',
    message: `Cannot apply ${id}: ${reason}`,
    where,
    ...advice,
  })
}

/** Of what is made beside its place and only then moved in. */
export function cannotReplace(
  wanted: Pick<Wanted<unknown>, 'id' | 'where'>,
  reason: string,
  hint?: string,
): RekindleError {
  return cannotApply(wanted, reason, { kept: 'what stood there before', hint })
}
