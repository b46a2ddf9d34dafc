/** Sites over SSH: a real sshd, a deploy key that may fetch and do nothing else, and a server that knows whom it asks. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { GitSite } from '../../../schemas/generated/types.ts'
import { enrolHost, type TestServer } from '../../http/test-server.ts'
import { followRepository, motdOf, motdSite, Repository } from './repository.fixture.ts'
import { noSshd, Sshd } from './sshd.fixture.ts'

describe.skipIf(noSshd !== null)('a repository over SSH', () => {
  let repository: Repository
  let sshd: Sshd
  let server: TestServer | undefined
  let dataDir: string

  beforeEach(async () => {
    repository = new Repository()
    repository.commit('Say hello', motdSite('hello\n'))
    dataDir = mkdtempSync(join(tmpdir(), 'rekindle-ssh-'))
    sshd = await Sshd.start(join(repository.dir, '.git'))
  })
  afterEach(async () => {
    await server?.close()
    server = undefined
    await sshd.close()
    repository.remove()
    rmSync(dataDir, { recursive: true, force: true })
  })

  async function follow(site: Partial<GitSite> = {}): Promise<TestServer> {
    server = await followRepository(
      {
        git: sshd.url(repository.dir),
        identityFile: sshd.deployKey,
        knownHostsFile: sshd.knownHosts(),
        ...site,
      },
      dataDir,
    )
    return server
  }

  const problemOf = ({ site }: TestServer) => site.view().repository?.unreachable?.problem

  it('is fetched with the deploy key, and its next commit is served', async () => {
    const following = await follow()
    expect(following.site.view()).toMatchObject({ commit: { subject: 'Say hello' }, refused: null })
    const host = await enrolHost(following, 'web-1')
    expect(await motdOf(following, host)).toBe('hello\n')
    repository.commit('Say more', motdSite('hello again\n'))
    await following.site.check('user:ann')
    expect(await motdOf(following, host)).toBe('hello again\n')
    expect(problemOf(following)).toBeUndefined()
  })

  it('is not asked when its server has another key than the pinned one, and what was served stays', async () => {
    const following = await follow()
    const host = await enrolHost(following, 'web-1')
    const knownHosts = sshd.knownHosts(sshd.makeKey('other'))
    const pinned = readFileSync(knownHosts, 'utf8')
    // After that: the server's first poll may still be under way.
    repository.commit('Say more', motdSite('hello again\n'))
    await following.site.check('user:ann')
    expect(problemOf(following)).toBe(
      `Cannot fetch from ${sshd.url(repository.dir)}: the SSH server’s key is not the one that "${knownHosts}" has for it: it sent ${sshd.fingerprint}. If its key was replaced, put the new one there; if not, another server answers in its place`,
    )
    expect(await motdOf(following, host)).toBe('hello\n')
    expect(readFileSync(knownHosts, 'utf8')).toBe(pinned)
    sshd.knownHosts()
    await following.site.check('user:ann')
    expect(await motdOf(following, host)).toBe('hello again\n')
  })

  it('is not asked when nobody pinned a key, and none is learnt', async () => {
    const knownHostsFile = join(dataDir, 'known_hosts')
    writeFileSync(knownHostsFile, '')
    expect(problemOf(await follow({ knownHostsFile }))).toBe(
      `Cannot fetch from ${sshd.url(repository.dir)}: the SSH server’s key is not known: "${knownHostsFile}" has none for it. Put it there once you know that it is the right one`,
    )
    expect(readFileSync(knownHostsFile, 'utf8')).toBe('')
  })

  it('does not open for another key, and nobody is asked for a password', async () => {
    const problem = problemOf(await follow({ identityFile: sshd.makeKey('stranger') }))
    expect(problem).toMatch(/^Cannot fetch from ssh:.*: .*Permission denied \(publickey\)/)
  })
})
