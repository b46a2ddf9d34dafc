/** What files of a site import of each other, and what is wrong with an import, for words to its author. Pure. */
import { dirname, join } from 'node:path/posix'

export interface SiteImport {
  /** The importing file, relative to the site. */
  readonly from: string
  readonly specifier: string
  /** The imported file, relative to the site. */
  readonly to: string
}

/** A shortest way from a file along its imports back to itself, with the file at both ends. */
export function findCircle(imports: readonly SiteImport[], file: string): readonly string[] | undefined {
  const ways: (readonly string[])[] = [[file]]
  const seen = new Set<string>()
  for (const way of ways) {
    for (const { from, to } of imports) {
      if (from !== way.at(-1)) continue
      if (to === file) return [...way, file]
      if (seen.has(to)) continue
      seen.add(to)
      ways.push([...way, to])
    }
  }
  return undefined
}

/** An import has no frame in a stack, so its line is looked up in the text of the importing file. */
export function placeOfImport(
  { from, specifier }: Pick<SiteImport, 'from' | 'specifier'>,
  text: string,
): string {
  const index = text
    .split('\n')
    .findIndex((line) => line.includes(`'${specifier}'`) || line.includes(`"${specifier}"`))
  return index < 0 ? from : `${from}:${index + 1}`
}

/** What to do about an import that leads nowhere. `exists` takes a path relative to the site. */
export function hintForImport(
  { from, specifier }: Pick<SiteImport, 'from' | 'specifier'>,
  exists: (path: string) => boolean,
): string {
  if (/^rekindle\//.test(specifier))
    return "A site imports 'rekindle'; 'rekindle/testing' and what is below it are for its tests"
  if (!specifier.startsWith('.')) {
    const name = specifier
      .split('/')
      .slice(0, specifier.startsWith('@') ? 2 : 1)
      .join('/')
    return `Install it in the site's folder: npm install ${name}`
  }
  const candidates = [`${specifier}.ts`, specifier.replace(/\.js$/, '.ts'), `${specifier}/index.ts`]
  const found = candidates.find((one) => one !== specifier && exists(join(dirname(from), one)))
  return found === undefined
    ? 'Check the name; paths begin at the importing file'
    : `Write the whole name: '${found}'`
}

/** Line of the second declaration of a name in a file, if it has one. */
export function secondDeclaration(text: string, name: string): number | undefined {
  const declares = new RegExp(`\\b(?:const|let|var|class|function|import)\\b.*\\b${RegExp.escape(name)}\\b`)
  const lines = text.split('\n').flatMap((line, index) => (declares.test(line) ? [index + 1] : []))
  return lines[1]
}

/** Line at which a text stops being JSON. V8 tells it for some mistakes only. */
export function jsonErrorLine(text: string): number {
  const told = /\(line (\d+) column/.exec(mistakeIn(text))?.[1]
  if (told !== undefined) return Number(told)
  // For a token that has no place there: the shortest beginning that has it.
  let [low, high] = [0, text.length]
  while (low < high) {
    const middle = (low + high) >>> 1
    if (mistakeIn(text.slice(0, middle)).includes('Unexpected token')) high = middle
    else low = middle + 1
  }
  return text.slice(0, low).trimEnd().split('\n').length
}

function mistakeIn(text: string): string {
  try {
    JSON.parse(text)
    return ''
  } catch (error) {
    return String(error)
  }
}
