/** For tests: Debian's own sshd on 127.0.0.1, as the user who runs the tests, with keys made for it alone. */
import { execFileSync, spawn } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer, type Server } from 'node:net'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'

export const sshdPath = '/usr/sbin/sshd'

/** Why there can be no sshd here; null when there can. */
export const noSshd = existsSync(sshdPath) ? null : 'openssh-server is not installed'

/** Where an sshd of root wants a folder that is its own. */
const privilegeDir = '/run/sshd'

export class Sshd {
  readonly dir = mkdtempSync(join(tmpdir(), 'rekindle-sshd-'))
  /** Private key of one who may fetch the repository, and do nothing else. */
  readonly deployKey = this.makeKey('deploy')
  readonly #hostKey = this.makeKey('host')
  readonly #server: Server
  readonly #ended = new Set<Promise<void>>()
  readonly #ownsPrivilegeDir = userInfo().uid === 0 && !existsSync(privilegeDir)

  /** @param repository folder of the one that the deploy key is for */
  private constructor(repository: string) {
    const { username, uid } = userInfo()
    if (uid === 0) mkdirSync(privilegeDir, { recursive: true, mode: 0o755 })
    const keys = join(this.dir, 'authorized_keys')
    const command = `git-upload-pack '${repository}'`
    writeFileSync(keys, `restrict,command="${command}" ${readFileSync(`${this.deployKey}.pub`, 'utf8')}`)
    const config = join(this.dir, 'sshd_config')
    const settings = [
      `HostKey ${this.#hostKey}`,
      `AuthorizedKeysFile ${keys}`,
      `AllowUsers ${username}`,
      'PermitRootLogin forced-commands-only',
      'AuthenticationMethods publickey',
      'UsePAM no',
      // The folder above is writable for everybody.
      'StrictModes no',
      'LogLevel ERROR',
    ]
    writeFileSync(config, `${settings.join('\n')}\n`)
    this.#server = createServer({ pauseOnConnect: true }, (socket) => {
      // As inetd does it, so that the port is whichever is free.
      const child = spawn(sshdPath, ['-i', '-e', '-f', config], { stdio: [socket, socket, 'ignore'] })
      const ended = new Promise<void>((resolve) => child.once('close', () => resolve()))
      this.#ended.add(ended)
      socket.destroy()
    })
  }

  static async start(repository: string): Promise<Sshd> {
    const sshd = new Sshd(repository)
    await new Promise<void>((resolve) => sshd.#server.listen(0, '127.0.0.1', resolve))
    return sshd
  }

  get #port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  url(path: string): string {
    return `ssh://${userInfo().username}@127.0.0.1:${this.#port}${path}`
  }

  /** A file that knows the server by its own key, or by the one of another key pair. */
  knownHosts(privateKey = this.#hostKey): string {
    const file = join(this.dir, 'known_hosts')
    const [type, key] = readFileSync(`${privateKey}.pub`, 'utf8').split(' ')
    writeFileSync(file, `[127.0.0.1]:${this.#port} ${type} ${key}\n`)
    return file
  }

  /** As ssh prints it: `SHA256:…`. */
  get fingerprint(): string {
    const told = execFileSync('ssh-keygen', ['-l', '-f', `${this.#hostKey}.pub`], { encoding: 'utf8' })
    return told.split(' ')[1] ?? ''
  }

  /** Gives the path of the private key; the public one is beside it. */
  makeKey(name: string): string {
    const path = join(this.dir, name)
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', name, '-f', path])
    return path
  }

  async close(): Promise<void> {
    await new Promise((resolve) => this.#server.close(resolve))
    await Promise.all(this.#ended)
    if (this.#ownsPrivilegeDir) rmSync(privilegeDir, { recursive: true, force: true })
    rmSync(this.dir, { recursive: true, force: true })
  }
}
