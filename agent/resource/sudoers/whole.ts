/**
 * All that sudo reads, with one file of /etc/sudoers.d as it would be: two files that are right by themselves may define
 * the same alias, and sudo leaves out what it cannot read.
 */
import { basename } from 'node:path/posix'
import type { ExecResult } from '../../host/exec.ts'
import type { Host } from '../../host/host.ts'

export const folder = '/etc/sudoers.d'

const mainPath = '/etc/sudoers'
const trialFolder = '/run/rekindle-sudoers'

/**
 * What visudo answers to the whole, where that is right without the file and wrong with it.
 *
 * @param path where the file will be
 * @param temporaryPath where its text is now
 */
export async function refusedAsWhole(
  host: Host,
  path: string,
  temporaryPath: string,
): Promise<ExecResult | undefined> {
  if (host.files.stat(host.files.realPath(mainPath))?.kind !== 'file') return undefined
  const main = host.files.read(host.files.realPath(mainPath)).toString()
  const others = filesRead(host).filter((other) => other !== path)
  const wholeWith = renderWhole(
    main,
    [...others, path].sort().map((one) => (one === path ? temporaryPath : one)),
  )
  await host.write.putDirectory(trialFolder, { mode: 0o700, uid: 0, gid: 0 })
  try {
    const answer = await tryOut(host, wholeWith)
    if (answer.code === 0) return undefined
    const without = await tryOut(host, renderWhole(main, others))
    return without.code === 0 ? answer : undefined
  } finally {
    await host.write.remove(trialFolder)
  }
}

/** As sudo chooses them: sudoers(5), "Including other files from within sudoers". */
function filesRead({ files }: Host): readonly string[] {
  return files
    .list(folder)
    .filter((name) => !name.includes('.') && !name.endsWith('~'))
    .map((name) => `${folder}/${name}`)
    .filter((path) => files.stat(files.realPath(path))?.kind === 'file')
}

async function tryOut({ write, exec }: Host, text: string): Promise<ExecResult> {
  const trial = `${trialFolder}/${basename(mainPath)}`
  await write.putFile(trial, { content: Buffer.from(text), mode: 0o440 })
  return exec.run(['visudo', '-cf', trial], { timeoutMs: 60_000, env: { LC_ALL: 'C' } })
}

/** The main file, which may stand elsewhere then, with these files in place of the folder. */
export function renderWhole(main: string, paths: readonly string[]): string {
  const included = paths.map((path) => `@include ${path.replace(/[\s"\\]/g, '\\$&')}`).join('\n')
  return main
    .replace(/^([ \t]*[@#]include(?:dir)?[ \t]+"?)(?![\s"/])/gm, '$1/etc/')
    .replace(/^[ \t]*[@#]includedir[ \t]+("?)\/etc\/sudoers\.d\/?\1[ \t]*$/gm, () => included)
}
