/** Pure: dpkg's record of a link group, in /var/lib/dpkg/alternatives (update-alternatives(1), "FILES" and its source). */

export interface LinkGroup {
  readonly mode: 'auto' | 'manual'
  /** The generic name, such as `/usr/bin/editor`. */
  readonly link: string
  readonly choices: readonly Choice[]
}

export interface Choice {
  readonly path: string
  readonly priority: number
}

/**
 * Mode and link; the slaves, two lines each, to an empty line; then each choice, its priority, and a line for each slave.
 * Undefined for what is no such record.
 */
export function parseLinkGroup(text: string): LinkGroup | undefined {
  const [mode, link, ...rest] = text.split('\n')
  const end = rest.indexOf('')
  if ((mode !== 'auto' && mode !== 'manual') || link === undefined || end === -1) return undefined
  const lines = rest.slice(end + 1)
  const size = 2 + end / 2
  const choices: Choice[] = []
  for (let at = 0; lines[at] !== undefined && lines[at] !== ''; at += size) {
    choices.push({ path: lines[at] ?? '', priority: Number(lines[at + 1]) })
  }
  return { mode, link, choices }
}

/** What `auto` stands for: of equal priorities, the first. */
export function bestChoice({ choices }: LinkGroup): Choice | undefined {
  return choices.reduce<Choice | undefined>(
    (best, choice) => (best === undefined || choice.priority > best.priority ? choice : best),
    undefined,
  )
}
