/**
 * The states of a rebuild, and in prose what each means.
 *
 * requested   asked for, waiting for the rails (budget, cooldown, circuit breaker)
 * admitted    the rails let it through
 * creating    the driver makes the new machine
 * enrolling   waiting for the new incarnation's agent to use its ticket
 * converging  waiting for its first run to end without failures
 * proving     a second run was asked for; it must change nothing
 * draining    the old incarnation leaves the pool
 * evidence    what the old machine was is kept: differences, last logs
 * destroying  the old incarnation's certificate is revoked and its machine destroyed
 * in-service  the new incarnation has the host's name and is in the pool; the end
 * held        something failed; nothing goes on until a person resumes or cancels it; the host that works keeps working
 * cancelled   given up, by a person or since its cause is gone; a candidate that it had made is destroyed. In place, a
 *             new one that has the host's name already stays: it is the only one there is
 *
 * surge:    requested admitted creating enrolling converging proving draining evidence destroying in-service
 * in-place: requested admitted draining evidence destroying creating enrolling converging proving in-service
 * A host that has no machine yet is made in in-place order; draining, evidence and destroying find nothing to do.
 */
export const rebuildOrders = {
  surge: [
    'requested',
    'admitted',
    'creating',
    'enrolling',
    'converging',
    'proving',
    'draining',
    'evidence',
    'destroying',
    'in-service',
  ],
  'in-place': [
    'requested',
    'admitted',
    'draining',
    'evidence',
    'destroying',
    'creating',
    'enrolling',
    'converging',
    'proving',
    'in-service',
  ],
} as const

export type RebuildOrder = keyof typeof rebuildOrders
export type RebuildState = (typeof rebuildOrders)['surge'][number] | 'held' | 'cancelled'
export type ActiveState = (typeof rebuildOrders)['surge'][number]
