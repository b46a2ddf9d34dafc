/** What a lockfile may ask for: packages whose bytes it names, from a registry or from the site itself. Pure. */

interface Locked {
  readonly path: string
  readonly dev: boolean
  readonly link: boolean
  readonly bundled: boolean
  readonly resolved: string | undefined
  readonly integrity: string | undefined
}

/** Paths of the packages that the site needs when it is compiled, Rekindle's own left out. */
export function neededPackages(lock: unknown): readonly string[] {
  return needed(lock).map(({ path }) => path)
}

/** Why it cannot be installed: a sentence for each package at fault. */
export function lockfileProblems(lock: unknown): readonly string[] {
  const version: unknown = Reflect.get(Object(lock), 'lockfileVersion')
  if (version !== 2 && version !== 3) {
    return [`Cannot use the lockfile: its version is ${JSON.stringify(version)}, wanted 2 or 3`]
  }
  return needed(lock).flatMap((locked) => {
    const why = whyNot(locked)
    return why === undefined ? [] : [`Cannot install ${JSON.stringify(locked.path)}: ${why}`]
  })
}

function whyNot({ link, bundled, resolved, integrity }: Locked): string | undefined {
  // It came inside of another package.
  if (bundled) return undefined
  if (link || resolved?.startsWith('file:')) {
    return isInside((resolved ?? '').replace(/^file:/, '')) ? undefined : `it is outside of the site`
  }
  if (resolved !== undefined && !/^https?:\/\//.test(resolved))
    return `it comes from ${resolved}, wanted a registry or the site itself`
  return integrity === undefined
    ? 'the lockfile has no "integrity" for it, so its bytes could change'
    : undefined
}

function isInside(path: string): boolean {
  return !path.startsWith('/') && !path.startsWith('~') && !path.split('/').includes('..')
}

function needed(lock: unknown): readonly Locked[] {
  const packages: unknown = Reflect.get(Object(lock), 'packages')
  return Object.entries(Object(packages) as Record<string, unknown>)
    .map(([path, value]) => readLocked(path, Object(value) as Record<string, unknown>))
    .filter(({ path, dev }) => path.startsWith('node_modules/') && path !== 'node_modules/rekindle' && !dev)
}

function readLocked(path: string, value: Readonly<Record<string, unknown>>): Locked {
  const { dev, link, inBundle, resolved, integrity } = value
  return {
    path,
    dev: dev === true,
    link: link === true,
    bundled: inBundle === true,
    resolved: typeof resolved === 'string' ? resolved : undefined,
    integrity: typeof integrity === 'string' ? integrity : undefined,
  }
}
