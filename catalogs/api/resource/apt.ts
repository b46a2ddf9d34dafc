/** Where apt gets packages from, whom it believes, and what it prefers. */
import type { AuthoredParams } from '../../../schemas/generated/authored.ts'
import { plainFingerprint, readPublicKeys } from '../../../schemas/openpgp-key.ts'
import { declare, type Metaparams } from '../declare.ts'
import type { Params, TypeRule } from '../parameter.ts'
import type { Reference } from '../reference.ts'

export type AptSourceOptions = AuthoredParams['apt_source'] & Metaparams

/**
 * A source of packages for apt, in /etc/apt/sources.list.d.
 *
 * @example aptSource('example', { uris: 'https://download.example.org/debian', suites: 'bookworm', components: ['main'], key: 'example' })
 */
export function aptSource(name: string, options: AptSourceOptions): Reference<'apt_source'> {
  return declare({ type: 'apt_source', title: name, options, rule: aptSourceRule })
}

export const aptSourceRule: TypeRule = {
  // Of what stands on hosts already, apt reads names that begin so.
  wrongTitle: (title) => wrongFileName(title.replace(/^[_-]+(?=.)/, '')),
  contradictions: (params) => {
    const { ensure, content, uris, suites, components, key, signedBy } = params
    if (ensure === 'absent') return []
    if (content !== undefined) return notWith(params, 'content')
    const wrong: string[] = []
    if (uris === undefined) wrong.push('a source needs "uris"')
    if (suites === undefined) wrong.push('a source needs "suites"')
    if (key !== undefined && signedBy !== undefined) wrong.push('"key" and "signedBy" exclude each other')
    const flat = [suites ?? []].flat().filter((suite) => String(suite).endsWith('/'))
    if (flat.length > 0 && components !== undefined)
      wrong.push(`"components" do not go with the suite "${flat[0]}", which ends with a slash`)
    if (flat.length === 0 && suites !== undefined && components === undefined)
      wrong.push('a source needs "components", unless its suites end with a slash')
    return wrong
  },
}

function notWith(params: Params, name: string): readonly string[] {
  const others = Object.keys(params).filter((other) => !['ensure', 'verify', name].includes(other))
  return others.map((other) => `"${name}" and "${other}" exclude each other`)
}

/** apt passes over other names without a word. */
function wrongFileName(title: string): string | undefined {
  return /^[A-Za-z0-9][A-Za-z0-9_.-]*$/.test(title)
    ? undefined
    : 'the title is no name that apt reads: letters, digits, hyphens, underscores and full stops'
}

export type AptKeyOptions = AuthoredParams['apt_key'] & Metaparams

/**
 * A key that signs apt sources, in /etc/apt/keyrings.
 *
 * @example aptKey('example', { source: 'key/example.asc', fingerprint: '4D64FEC119C2029067D6E791F8D2585B8783D481' })
 */
export function aptKey(name: string, options: AptKeyOptions): Reference<'apt_key'> {
  return declare({ type: 'apt_key', title: name, options, rule: aptKeyRule })
}

export const aptKeyRule: TypeRule = {
  wrongTitle: wrongFileName,
  contradictions: ({ ensure, content, source, fingerprint }) => {
    if (content !== undefined && source !== undefined) return ['"content" and "source" exclude each other']
    if (ensure === 'absent') return []
    if (typeof content === 'string') return wrongKey(content, fingerprint)
    return source === undefined ? ['a key needs "content" or "source"'] : []
  },
}

/** The agent says the same of what comes from a file. */
function wrongKey(content: string, fingerprint: unknown): readonly string[] {
  try {
    const { fingerprints } = readPublicKeys(Buffer.from(content))
    if (fingerprint === undefined) return []
    const trusted = [fingerprint].flat().map((one) => plainFingerprint(String(one)))
    const stray = fingerprints.filter((one) => !trusted.includes(one))
    const missing = trusted.filter((one) => !fingerprints.includes(one))
    return [
      ...stray.map((one) => `"content" holds the key ${one}, which "fingerprint" does not name`),
      ...missing.map((one) => `"content" does not hold the key ${one}`),
    ]
  } catch (error) {
    return [`"content" is no public key: ${error instanceof Error ? error.message : String(error)}`]
  }
}

export type AptPinOptions = AuthoredParams['apt_pin'] & Metaparams

/**
 * Which version of packages apt prefers, in /etc/apt/preferences.d.
 *
 * @example aptPin('backports', { packages: ['nginx'], pin: 'release n=bookworm-backports', priority: 600 })
 */
export function aptPin(name: string, options: AptPinOptions): Reference<'apt_pin'> {
  return declare({ type: 'apt_pin', title: name, options, rule: aptPinRule })
}

export const aptPinRule: TypeRule = {
  wrongTitle: (title) =>
    // A name with another ending than ".pref" is passed over, and the title alone may be an older file's name.
    /^[A-Za-z0-9][A-Za-z0-9_-]*$/.test(title)
      ? undefined
      : 'the title is no name that apt reads: letters, digits, hyphens and underscores',
  contradictions: ({ ensure, packages, pin, priority }) => {
    if (ensure === 'absent') return []
    const isOfAll = packages === undefined || (Array.isArray(packages) && packages.includes('*'))
    return [
      ...(pin === undefined ? ['a pin needs a "pin"'] : []),
      ...(priority === undefined ? ['a pin needs a "priority"'] : []),
      ...(isOfAll && String(pin).startsWith('version ')
        ? ['a pin of all packages cannot be to a version']
        : []),
    ]
  },
}
