/**
 * Results by what was read to make them: a decision tree. At each step stands the next read of the role, which branches by
 * what it sees, down to a leaf with the result. A role is a function of its reads, so equal answers lead to equal questions.
 *
 * Two trees, young and old: what is found in the old one moves to the young one, and when that is full it becomes the old
 * one. So what was used last stays, within `limit` results. Pure but for its own memory.
 */
import { type Read, see } from './recorder.ts'

export interface ReadCache<Result> {
  find(input: unknown): Result | undefined
  /** Keeps the result for every input that looks the same to `reads`. */
  keep(input: unknown, reads: readonly Read[], result: Result): void
}

type Node<Result> =
  | { readonly read: Read; readonly branches: Map<string, Node<Result>> }
  | { readonly result: Result; readonly reads: readonly Read[] }

type Leaf<Result> = Extract<Node<Result>, { result: Result }>

interface Tree<Result> {
  root: Node<Result> | undefined
  size: number
}

export function createReadCache<Result>(limit: number): ReadCache<Result> {
  let young: Tree<Result> = { root: undefined, size: 0 }
  let old: Tree<Result> = { root: undefined, size: 0 }

  function keep(input: unknown, reads: readonly Read[], result: Result): void {
    if (young.size >= limit / 2) {
      old = young
      young = { root: undefined, size: 0 }
    }
    young.root = grow(young.root, input, reads, { result, reads })
    young.size++
  }
  return {
    keep,
    find(input) {
      const recent = walk(young.root, input)
      if (recent !== undefined) return recent.result
      const earlier = walk(old.root, input)
      if (earlier !== undefined) keep(input, earlier.reads, earlier.result)
      return earlier?.result
    },
  }
}

function walk<Result>(root: Node<Result> | undefined, input: unknown): Leaf<Result> | undefined {
  let node = root
  while (node !== undefined && 'branches' in node) node = node.branches.get(see(input, node.read))
  return node
}

/** A node that asks something else than these reads was grown by a role that is no function of its reads: it goes. */
function grow<Result>(
  root: Node<Result> | undefined,
  input: unknown,
  reads: readonly Read[],
  leaf: Leaf<Result>,
): Node<Result> {
  const [read, ...rest] = reads
  if (read === undefined) return leaf
  const node =
    root !== undefined && 'branches' in root && isSame(root.read, read)
      ? root
      : { read, branches: new Map<string, Node<Result>>() }
  const seen = see(input, read)
  node.branches.set(seen, grow(node.branches.get(seen), input, rest, leaf))
  return node
}

function isSame(a: Read, b: Read): boolean {
  return (
    a.kind === b.kind && a.path.length === b.path.length && a.path.every((name, at) => name === b.path[at])
  )
}
