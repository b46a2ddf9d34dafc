/** Names and addresses that certificates are for, which catalogs write, agents ask for and the server signs. */

const ipv4Part = '(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)'
const ipv4 = new RegExp(`^${ipv4Part}(?:\\.${ipv4Part}){3}$`)

/** Of a name that is allowed: addresses have a colon, or nothing but digits and dots. */
export function isAddress(name: string): boolean {
  return name.includes(':') || /^[\d.]+$/.test(name)
}

/**
 * A name in one form, however it was written: an address in its shortest (RFC 5952), a DNS name in lower case.
 *
 * @example canonicalName('2001:DB8:0:0::7') // '2001:db8::7'
 */
export function canonicalName(name: string): string {
  const url = `http://[${name}]`
  // Like what stands in a certificate, this may be anything: what is no address stays as it is, and equals none.
  return name.includes(':') && URL.canParse(url) ? new URL(url).hostname.slice(1, -1) : name.toLowerCase()
}

/** Why nobody could be reached by it; undefined where somebody could. */
export function wrongName(name: string): string | undefined {
  if (!isAddress(name)) return undefined
  const isRight = name.includes(':') ? URL.canParse(`http://[${name}]`) : ipv4.test(name)
  return isRight ? undefined : `"${name}" is no address`
}
