/** Pure: apk's database, world and answers. */

export interface ApkPackage {
  readonly name: string
  readonly version: string
}

/** `lib/apk/db/installed`: a block of `P:name`, `V:version` and more for each package, parted by empty lines. */
export function parseApkDatabase(text: string): readonly ApkPackage[] {
  return text.split('\n\n').flatMap((block) => {
    const name = /^P:(.+)$/m.exec(block)?.[1]
    const version = /^V:(.+)$/m.exec(block)?.[1]
    return name === undefined || version === undefined ? [] : [{ name, version }]
  })
}

/** The names that /etc/apk/world holds at one version: `name=version`, perhaps with `@repository` between. */
export function parsePins(world: string): ReadonlySet<string> {
  return new Set(
    world.split(/\s+/).flatMap((one) => /^([^!@<>~=]+)(?:@[^<>~=]+)?=(?!=)/.exec(one)?.[1] ?? []),
  )
}

/** The answer to `apk policy NAME...`: the versions that repositories have; one that is only installed is not there. */
export function parsePolicy(text: string): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, string[]>()
  let versions: string[] = []
  let version = ''
  for (const line of text.split('\n')) {
    const name = /^(\S+) policy:$/.exec(line)?.[1]
    if (name !== undefined) {
      versions = []
      found.set(name, versions)
    }
    version = /^ {2}(\S+):$/.exec(line)?.[1] ?? version
    const source = /^ {4}(?:@\S+ )?(\S.*)$/.exec(line)?.[1]
    if (source !== undefined && !source.endsWith('db/installed') && !versions.includes(version))
      versions.push(version)
  }
  return found
}

/** Why apk refuses: from its first ERROR on. */
export function apkComplaint({ stdout, stderr }: { readonly stdout: string; readonly stderr: string }) {
  return /ERROR:[\s\S]*/.exec(`${stdout}\n${stderr}`)?.[0].replace(/\s+/g, ' ').trim()
}
