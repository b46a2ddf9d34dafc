/** For tests: a real repository that sites are pushed to, and a server that follows it with the real compiler. */
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { GitSite } from '../../../schemas/generated/types.ts'
import { createCompiler } from '../../compiler/compiler.ts'
import { call, facts, type HostIdentity, startTestServer, type TestServer } from '../../http/test-server.ts'
import { createInstaller } from '../packages.ts'

export const author = 'Ann Example <ann@example.org>'

export class Repository {
  readonly dir = mkdtempSync(join(tmpdir(), 'rekindle-git-'))
  readonly url = `file://${this.dir}`

  constructor() {
    this.git('init', '--quiet', '--initial-branch=main')
  }

  git(...args: readonly string[]): string {
    const person = { GIT_AUTHOR_NAME: 'Ann Example', GIT_AUTHOR_EMAIL: 'ann@example.org' }
    const committer = { GIT_COMMITTER_NAME: 'Forge', GIT_COMMITTER_EMAIL: 'forge@example.org' }
    const env = { PATH: process.env.PATH, HOME: this.dir, GIT_CONFIG_NOSYSTEM: '1', ...person, ...committer }
    return execFileSync('git', args, { cwd: this.dir, env, encoding: 'utf8', stdio: 'pipe' }).trim()
  }

  /** Writes the files, commits all, and gives the commit's hash. */
  commit(subject: string, files: Readonly<Record<string, string | Uint8Array>> = {}): string {
    for (const [path, content] of Object.entries(files)) {
      mkdirSync(dirname(join(this.dir, path)), { recursive: true })
      writeFileSync(join(this.dir, path), content)
    }
    this.git('add', '--all')
    this.git('commit', '--quiet', '--allow-empty', '--message', subject)
    return this.git('rev-parse', 'HEAD')
  }

  remove(): void {
    rmSync(this.dir, { recursive: true, force: true })
  }
}

/** A site of one role that writes `text` to /etc/motd; `rules` stand before the rule for every host. */
export function motdSite(text: string, rules = ''): Record<string, string> {
  return {
    'site.ts': `import { file, role, site } from 'rekindle'
const web = role('web', () => { file('/etc/motd', { content: ${JSON.stringify(text)} }) })
export default site({ hosts: [${rules} { match: '*', role: web }] })
`,
  }
}

/** Polls so rarely that tests say when it looks. */
export async function followRepository(
  site: Partial<GitSite> & Pick<GitSite, 'git'>,
  dataDir = mkdtempSync(join(tmpdir(), 'rekindle-server-')),
): Promise<TestServer> {
  const compiler = createCompiler({
    stageDir: join(dataDir, 'site'),
    install: createInstaller({ cacheDir: join(dataDir, 'npm-cache') }),
  })
  const config = { dataDir, site: { branch: 'main', pollSeconds: 86_400, timeoutSeconds: 20, ...site } }
  return startTestServer({ config, compiler })
}

/** What /etc/motd of a host is to hold, or the code of the refusal. */
export async function motdOf(server: TestServer, identity: HostIdentity): Promise<string> {
  const known = { ca: server.ca, identity }
  const asked = await call(server.agentUrl, {
    ...known,
    path: '/v1/catalog',
    body: { facts: { ...facts, hostname: identity.host } },
  })
  if (asked.status !== 200) return String(asked.json.code)
  const { resources } = JSON.parse(String(asked.json.payload)) as {
    resources: readonly { params: { blob: { sha256: string } } }[]
  }
  const blob = await call(server.agentUrl, { ...known, path: `/v1/blob/${resources[0]?.params.blob.sha256}` })
  return blob.text
}
