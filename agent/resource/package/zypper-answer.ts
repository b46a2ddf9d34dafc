/** Pure: what zypper prints with --xmlout, and its file of locks. Its XML is flat, one element a package. */

export interface ZypperSolvable {
  readonly name: string
  /** `[epoch:]version-release.arch`. */
  readonly version: string
}

/** The answer to `zypper --xmlout list-updates`: what an update would bring, locked packages left out. */
export function parseUpdates(xml: string): readonly ZypperSolvable[] {
  return elements(xml, 'update').flatMap(solvableOf)
}

/** The answer to `zypper --xmlout search --details`: every version of every repository. */
export function parseSearch(xml: string): readonly ZypperSolvable[] {
  return elements(xml, 'solvable')
    .filter((attributes) => attributes.get('repository') !== onlyInstalled)
    .flatMap(solvableOf)
}

/** Where zypper says that a version is from which no repository has any more. */
const onlyInstalled = '(System Packages)'

/** Names that /etc/zypp/locks keeps, without those that stand for several with a star. */
export function parseLocks(text: string): ReadonlySet<string> {
  return new Set([...text.matchAll(/^solvable_name:[ \t]*(\S+)$/gm)].map(([, name = '']) => name))
}

/** zypper tells what it did and then, on standard output too, why it stops. */
export function zypperComplaint({ stdout, stderr }: { readonly stdout: string; readonly stderr: string }) {
  const problem = /^(?:Problem: |\d+ Problems?:)[\s\S]*?(?=\nChoose from)/m.exec(stdout)?.[0]
  const missing = stdout.match(/^(?:No provider of|Package) .*(?:found|not found)\.$/gm) ?? []
  const said = [problem ?? '', ...missing, stderr].map((text) => text.replace(/\s+/g, ' ').trim())
  return said.filter((text) => text !== '').join('; ') || undefined
}

function solvableOf(attributes: ReadonlyMap<string, string>): readonly ZypperSolvable[] {
  const [kind, name, edition, arch] = ['kind', 'name', 'edition', 'arch'].map((key) => attributes.get(key))
  if (kind !== 'package' || name === undefined || edition === undefined || arch === undefined) return []
  return [{ name, version: `${edition}.${arch}` }]
}

function elements(xml: string, name: string): readonly ReadonlyMap<string, string>[] {
  const attributes = /([\w-]+)="([^"]*)"/g
  return [...xml.matchAll(new RegExp(`<${name}\\s([^>]*)>`, 'g'))].map(
    ([, inside = '']) =>
      new Map([...inside.matchAll(attributes)].map(([, key = '', value = '']) => [key, decode(value)])),
  )
}

const entities: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }

function decode(text: string): string {
  return text.replace(/&(\w+);/g, (all, name: string) => entities[name] ?? all)
}
