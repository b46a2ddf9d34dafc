/** How apt and its kin are called: nobody is there to answer, and locks are waited for. */

export const environment = {
  DEBIAN_FRONTEND: 'noninteractive',
  APT_LISTCHANGES_FRONTEND: 'none',
  NEEDRESTART_SUSPEND: '1',
  LC_ALL: 'C',
}

export const lockTimeoutMs = 300_000
export const readTimeoutMs = 60_000
export const writeTimeoutMs = 30 * 60_000

export const aptGet = [
  'apt-get',
  '--yes',
  '--quiet',
  '--option=Dpkg::Use-Pty=0',
  `--option=DPkg::Lock::Timeout=${lockTimeoutMs / 1000}`,
  // Without it, a name that apt does not know and that has a dot in it is a regular expression.
  '--option=APT::Cmd::Pattern-Only=true',
]
