/** What is kept of a program's output: the beginning and the end, within a limit, and a line for what was left out. */
export interface KeptOutput {
  add(chunk: Buffer): void
  /** The text so far; bytes that are no UTF-8 become U+FFFD. */
  text(): string
}

/** @param limitBytes half of it is for the beginning, half for the end */
export function keepOutput(limitBytes: number): KeptOutput {
  const half = Math.floor(limitBytes / 2)
  const head: Buffer[] = []
  let headBytes = 0
  let tail: Buffer[] = []
  let tailBytes = 0
  let droppedBytes = 0

  const trimTail = () => {
    // Joined only when it has grown to twice its limit, so that a byte is copied about once.
    if (tailBytes <= 2 * half) return
    const kept = Buffer.from(Buffer.concat(tail).subarray(tailBytes - half))
    droppedBytes += tailBytes - kept.length
    tail = [kept]
    tailBytes = kept.length
  }

  return {
    add(chunk) {
      const first = chunk.subarray(0, half - headBytes)
      const rest = chunk.subarray(first.length)
      if (first.length > 0) head.push(first)
      headBytes += first.length
      if (rest.length > 0) tail.push(rest)
      tailBytes += rest.length
      trimTail()
    },
    text() {
      const end = Buffer.concat(tail)
      const shown = end.subarray(Math.max(0, end.length - half))
      const left = droppedBytes + end.length - shown.length
      const start = Buffer.concat(head)
      if (left === 0) return Buffer.concat([start, shown]).toString()
      return `${start.toString()}\n[${left} bytes left out]\n${shown.toString()}`
    },
  }
}
