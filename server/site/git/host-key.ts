/** Why ssh does not trust a server, in fewer words than its own. Pure. */

/**
 * Undefined for what is no matter of the server's key.
 *
 * @param stderr of ssh, or of a git that started it
 * @param knownHostsFile the one of the configuration; absent, ssh looked where it looks by itself
 */
export function whyUntrusted(stderr: string, knownHostsFile: string | undefined): string | undefined {
  if (!stderr.includes('Host key verification failed.')) return undefined
  const where = knownHostsFile === undefined ? 'known_hosts of the server’s user' : `"${knownHostsFile}"`
  if (stderr.includes('REMOTE HOST IDENTIFICATION HAS CHANGED')) {
    const [sent] = /SHA256:[A-Za-z0-9+/]{43}/.exec(stderr) ?? []
    const it = sent === undefined ? '' : `: it sent ${sent}`
    return `the SSH server’s key is not the one that ${where} has for it${it}. If its key was replaced, put the new one there; if not, another server answers in its place`
  }
  if (/^No .*host key is known for /m.test(stderr))
    return `the SSH server’s key is not known: ${where} has none for it. Put it there once you know that it is the right one`
  return undefined
}
