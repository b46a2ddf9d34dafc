/** Pure: what gem prints. */

/** The answer to `gem list`: `guid (1.1, 1.0)`, newest first; `default:` marks what came with Ruby, words the platform. */
export function parseGemList(text: string): ReadonlyMap<string, readonly string[]> {
  return new Map(
    [...text.matchAll(/^(\S+) \(([^)]+)\)$/gm)].map(([, name = '', versions = '']) => [
      name,
      versions.split(', ').map((one) => one.replace(/^default: /, '').replace(/ .*$/, '')),
    ]),
  )
}

/** Why gem refuses: its `ERROR:` lines. */
export function gemComplaint({ stderr }: { readonly stderr: string }): string | undefined {
  const lines = [...stderr.matchAll(/^ERROR: {2}(.*(?:\n {4}.*)*)/gm)].map(([, text = '']) =>
    text.replace(/\s+/g, ' ').trim(),
  )
  return lines.length === 0 ? undefined : lines.join('; ')
}

/** gem ends well also where it leaves a gem: one that came with Ruby. */
export function leftByGem({ stdout, stderr }: { readonly stdout: string; readonly stderr: string }) {
  return /^.*cannot be uninstalled because it is a default gem.*$/m.exec(`${stdout}\n${stderr}`)?.[0]
}
