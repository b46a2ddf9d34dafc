/** What a bench gives: a value beside its floor or peer, measured in the same run. */

export interface Figure {
  readonly id: string
  /** Median of `runs`. */
  readonly value: number
  readonly unit: 'ms' | 'MiB' | 'rps'
  /** What it stands next to: a floor, a peer, or a goal. */
  readonly reference: string
  readonly referenceValue: number
  /** value / referenceValue. */
  readonly ratio: number
  readonly runs: number
  readonly min: number
  readonly max: number
}

export interface Bench {
  /** Ids of the figures that it gives. */
  readonly ids: readonly string[]
  readonly about: string
  /** Why it cannot run here, if it cannot. */
  readonly needs?: () => string | undefined
  readonly run: () => Promise<readonly Figure[]>
}

interface Measured {
  readonly id: string
  readonly unit: Figure['unit']
  readonly reference: string
  readonly samples: readonly number[]
  /** Samples of the reference, or one number where it is a goal. */
  readonly referenceSamples: readonly number[]
}

/** A figure from samples: medians, with the least and the most of the value's own. */
export function figure({ id, unit, reference, samples, referenceSamples }: Measured): Figure {
  const value = median(samples)
  const referenceValue = median(referenceSamples)
  return {
    id,
    value,
    unit,
    reference,
    referenceValue,
    ratio: value / referenceValue,
    runs: samples.length,
    min: Math.min(...samples),
    max: Math.max(...samples),
  }
}

export function median(samples: readonly number[]): number {
  const sorted = samples.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  const upper = sorted[middle] ?? Number.NaN
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? Number.NaN)) / 2
}

/** Calls two things in turn, A B A B, after one round that does not count, so that a drifting machine hits both. */
export async function alternate(
  rounds: number,
  a: () => Promise<number> | number,
  b: () => Promise<number> | number,
): Promise<{ a: number[]; b: number[] }> {
  const samples: { a: number[]; b: number[] } = { a: [], b: [] }
  for (let round = 0; round <= rounds; round++) {
    const [atA, atB] = [await a(), await b()]
    if (round > 0) {
      samples.a.push(atA)
      samples.b.push(atB)
    }
  }
  return samples
}
