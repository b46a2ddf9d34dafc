/** What is brought to a host from elsewhere: checkouts and archives. */
import type { AuthoredParams } from '../../../schemas/generated/authored.ts'
import { declare, type Metaparams } from '../declare.ts'
import type { Params, TypeRule } from '../parameter.ts'
import { normalisePath, wrongPath } from '../path.ts'
import type { Reference } from '../reference.ts'

export type GitCheckoutOptions = AuthoredParams['git_checkout'] & Metaparams

/**
 * A git checkout.
 *
 * @example gitCheckout('/srv/app', { url: 'https://git.example.org/app.git', revision: 'v2.4.1', user: 'deploy' })
 */
export function gitCheckout(path: string, options: GitCheckoutOptions): Reference<'git_checkout'> {
  return declare({ type: 'git_checkout', title: path, options, rule: gitCheckoutRule })
}

export const gitCheckoutRule: TypeRule = {
  normaliseTitle: normalisePath,
  wrongTitle: (title) => (title === '/' ? 'the root directory is no checkout' : wrongPath(title)),
  contradictions: gitCheckoutContradictions,
}

function gitCheckoutContradictions({ ensure, url, revision, track }: Params): readonly string[] {
  if (ensure === 'absent') return []
  const wrong: string[] = []
  if (url === undefined) wrong.push('a checkout needs a "url"')
  if (revision === undefined) wrong.push('a checkout needs a "revision"')
  if (track === true && typeof revision === 'string' && /^[0-9a-f]{40}$/.test(revision))
    wrong.push('"track" follows a branch, and "revision" is a commit')
  return wrong
}

export type ArchiveOptions = AuthoredParams['archive'] & Metaparams

/**
 * An archive, unpacked.
 *
 * @example archive('/opt/app', { url: 'https://example.org/app-2.4.1.tar.gz', sha256: '9f86…', strip: 1 })
 */
export function archive(title: string, options: ArchiveOptions): Reference<'archive'> {
  return declare({ type: 'archive', title, options, rule: archiveRule })
}

export const archiveRule: TypeRule = { contradictions: archiveContradictions }

function archiveContradictions(params: Params, title: string): readonly string[] {
  const { ensure, url, sha256, source, blob, to = title, creates } = params
  const wrong: string[] = []
  const why =
    typeof to === 'string' ? (to === '/' ? 'the root directory is no archive' : wrongPath(to)) : undefined
  if (why !== undefined)
    wrong.push(
      params.to === undefined ? 'the title is no absolute path, and there is no "to"' : `"to": ${why}`,
    )
  if (ensure === 'absent') {
    if (creates !== undefined)
      wrong.push('"creates" does not go with ensure "absent": others may use the directory')
    return wrong
  }
  const given = [url, source ?? blob].filter((one) => one !== undefined).length
  if (given !== 1) wrong.push('an archive needs a "url" or a "source"')
  if (url !== undefined && sha256 === undefined) wrong.push('a "url" needs a "sha256"')
  if (url === undefined && sha256 !== undefined) wrong.push('"sha256" goes with "url" only')
  if (typeof creates === 'string' && !creates.startsWith(`${String(to)}/`))
    wrong.push('"creates" is not below the directory')
  if (creates !== undefined && params.verify === true) wrong.push('"creates" and "verify" exclude each other')
  return wrong
}
