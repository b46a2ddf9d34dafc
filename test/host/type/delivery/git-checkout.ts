/** Git checkouts, on the host of delivery.test.ts. */
import { describe, expect, it } from 'vitest'
import { type Delivery, shell } from './delivery.ts'

export function gitCheckoutTests(on: Delivery): void {
  describe('git_checkout', () => {
    const checkout = (params: Record<string, unknown>) => [
      on.host.resource('git_checkout:/srv/site', { url: '/srv/remote.git', ...params }),
    ]
    const host = (path: string, params: Record<string, unknown>) =>
      on.host.resource(`git_checkout:${path}`, { url: '/srv/remote.git', ...params })
    const commitInWork = (text: string) =>
      on.output(`cd /srv/work && echo ${text} > file && git commit -qam ${text} && git push -q origin main`)

    it('a branch is followed only when asked for, and a tag needs no remote', async () => {
      expect(await on.host.apply(checkout({ revision: 'main' }))).toMatchObject({ code: 2 })
      await commitInWork('three')
      expect(await on.host.apply(checkout({ revision: 'main' }))).toMatchObject({ code: 0 })
      const followed = await on.host.apply(checkout({ revision: 'main', track: true }))
      expect(followed.report.resources[0]?.changes.map(({ property }) => property)).toEqual(['revision'])
      expect(await on.output('cat /srv/site/file')).toBe('three\n')
      await on.host.apply(checkout({ revision: 'v1' }))
      await on.output('mv /srv/remote.git /srv/away.git')
      expect(await on.host.apply(checkout({ revision: 'v1' }))).toMatchObject({ code: 0 })
      const silent = await on.host.apply(checkout({ revision: 'main', track: true }))
      await on.output('mv /srv/away.git /srv/remote.git')
      expect(silent).toMatchObject({
        code: 4,
        report: { resources: [{ outcome: 'failed', error: { code: 'resource-unreadable' } }] },
      })
    })

    it('what is reset is kept: changed files in the backups, local commits in the repository', async () => {
      await on.host.apply(checkout({ revision: 'v1' }))
      await on.output('cd /srv/site && echo mine > file && git commit -qam mine && echo more > file')
      const refused = await on.host.apply(checkout({ revision: 'v1', force: false }))
      expect(refused.report.resources[0]?.error?.message).toContain('it has local changes in file')
      expect(await on.output('cat /srv/site/file')).toBe('more\n')
      expect(await on.host.apply(checkout({ revision: 'v1' }))).toMatchObject({ code: 2 })
      expect(await on.output('cat /srv/site/file')).toBe('one\n')
      const kept = 'git show $(git for-each-ref --format="%(refname)" refs/rekindle/kept):file'
      expect(await on.output(`cd /srv/site && ${kept}`)).toBe('mine\n')
      expect(await on.output('grep -hx more -r /var/lib/rekindle/backup/content')).toBe('more\n')
    })

    it('locks that a killed git left are no obstacle once they are old', async () => {
      await on.host.apply(checkout({ revision: 'v1' }))
      await on.output(`cd /srv/site && echo x > file && git remote set-url origin /elsewhere && cd .git && touch -d "1 hour ago" \
                         index.lock HEAD.lock config.lock packed-refs.lock shallow.lock refs/rekindle/deployed.lock refs/rekindle/revision/main.lock`)
      const { code, report } = await on.host.apply(checkout({ revision: 'main' }))
      expect(code, JSON.stringify(report)).toBe(2)
      await on.output('echo x > /srv/site/file; touch /srv/site/.git/index.lock')
      expect(await on.host.apply(checkout({ revision: 'main' }))).toMatchObject({ code: 4 })
      await on.output('rm /srv/site/.git/index.lock')
    })

    it('killed while it clones, the next run ends the same and leaves nothing beside', async () => {
      await on.output('rm -rf /srv/site')
      on.host.prepareCatalog(checkout({ revision: 'v1' }))
      for (const seconds of ['0.15', '0.2', '0.25', '0.3'])
        await on.host.run(shell(`timeout --signal=KILL ${seconds} ${on.host.applyCommand.join(' ')}`))
      await on.host.apply(checkout({ revision: 'v1' }))
      expect(await on.host.apply(checkout({ revision: 'v1' }))).toMatchObject({ code: 0 })
      expect(await on.output('cat /srv/site/file; ls -A /srv | grep -c rekindle || true')).toBe('one\n0\n')
    })

    it('a commit that the agent was killed over is not taken for a local one', async () => {
      // Of a commit that was fetched alone, no branch and no tag knows.
      const [one, two] = (await on.output('git -C /srv/remote.git rev-parse v1^{} main')).trim().split('\n')
      const shallow = (revision = '') => checkout({ url: 'file:///srv/remote.git', depth: 1, revision })
      await on.output('rm -rf /srv/site; git -C /srv/remote.git config uploadpack.allowAnySHA1InWant true')
      await on.host.apply(shallow(one))
      const killer =
        '/usr/bin/git "$@"; code=$?; case "$*" in *"reset --quiet --hard"*) kill -9 $PPID;; esac; exit $code'
      await on.output(
        `printf '#!/bin/sh\\n%s\\n' '${killer}' > /usr/local/bin/git; chmod +x /usr/local/bin/git`,
      )
      on.host.prepareCatalog(shallow(two))
      await on.host.run(on.host.applyCommand)
      await on.output('rm /usr/local/bin/git')
      expect(await on.output('git -C /srv/site rev-parse HEAD')).toBe(`${two}\n`)
      expect(await on.host.apply(shallow(two))).toMatchObject({ code: 0 })
      expect(await on.host.apply(shallow(one))).toMatchObject({ code: 2 })
      expect(await on.output('git -C /srv/site for-each-ref refs/rekindle/kept')).toBe('')
      await on.output('rm -rf /srv/site')
    })

    it('a remote that is not there leaves nothing at the path, and something else there stays without force (F4)', async () => {
      await on.output('mkdir -p /srv/other && echo kept > /srv/other/kept')
      const away = { url: '/srv/nowhere.git', revision: 'v1' }
      const { code, report } = await on.host.apply([
        on.host.resource('git_checkout:/srv/none', away),
        on.host.resource('git_checkout:/srv/other', { url: '/srv/remote.git', revision: 'v1' }),
        on.host.resource('git_checkout:/srv/site', { url: '/srv/remote.git', revision: 'no-such' }),
      ])
      expect(code).toBe(4)
      expect(report.resources.map(({ error }) => error?.message)).toEqual([
        expect.stringContaining('cannot ask its remote: git answers'),
        expect.stringContaining('a directory that is no checkout'),
        expect.stringContaining('the remote has no branch or tag "no-such"'),
      ])
      expect(await on.output('cat /srv/other/kept; ls -A /srv | grep -cE "none|rekindle" || true')).toBe(
        'kept\n0\n',
      )
    })

    it('a tag that was moved is followed only when asked for', async () => {
      await on.output('cd /srv/work && git tag -f moving v1^{} && git push -q -f origin moving')
      expect(await on.host.apply(checkout({ revision: 'moving' }))).toMatchObject({ code: 2 })
      await on.output('cd /srv/work && git tag -f -a -m moved moving main && git push -q -f origin moving')
      expect(await on.host.apply(checkout({ revision: 'moving' }))).toMatchObject({ code: 0 })
      const { code, report } = await on.host.apply(checkout({ revision: 'moving', track: true }))
      expect(code, JSON.stringify(report)).toBe(2)
      expect(await on.output('git -C /srv/site rev-parse HEAD')).toBe(
        await on.output('git -C /srv/work rev-parse main'),
      )
      expect(await on.host.apply(checkout({ revision: 'moving', track: true }))).toMatchObject({ code: 0 })
    })

    it('a branch that somebody checked out is left to him, and its commits stay on it', async () => {
      await on.host.apply(checkout({ revision: 'v1' }))
      await on.output('cd /srv/site && git checkout -q -b mine')
      expect(await on.host.apply(checkout({ revision: 'v1' }))).toMatchObject({ code: 0 })
      await on.output('cd /srv/site && echo branch > file && git commit -qam branch')
      expect(await on.host.apply(checkout({ revision: 'v1' }))).toMatchObject({ code: 2 })
      expect(await on.output('cd /srv/site && cat file && git show mine:file')).toBe('one\nbranch\n')
    })

    it.each(['--assume-unchanged', '--skip-worktree'])('changes hidden by %s are drift too', async (flag) => {
      await on.host.apply(checkout({ revision: 'v1' }))
      await on.output(`cd /srv/site && git update-index ${flag} file && echo "hidden ${flag}" > file`)
      const { code, report } = await on.host.apply(checkout({ revision: 'v1' }))
      expect(code, JSON.stringify(report)).toBe(2)
      expect(await on.output('cat /srv/site/file; git -C /srv/site ls-files -v | grep -vc ^H || true')).toBe(
        'one\n0\n',
      )
      expect(await on.output(`grep -hx -e "hidden ${flag}" -r /var/lib/rekindle/backup/content`)).not.toBe('')
      expect(await on.host.apply(checkout({ revision: 'v1' }))).toMatchObject({ code: 0 })
    })

    it('a damaged checkout is not taken for the repository around it', async () => {
      await on.output(
        'git init -q /srv/outer && cd /srv/outer && echo mine > own && git add own && git commit -qm own && echo more > own',
      )
      const inner = (more: Record<string, unknown> = {}) => [
        host('/srv/outer/inner', { revision: 'v1', ...more }),
      ]
      await on.host.apply(inner())
      await on.output('rm /srv/outer/inner/.git/HEAD; echo precious > /srv/outer/inner/file')
      const { code, report } = await on.host.apply(inner())
      expect(await on.output('cat /srv/outer/own /srv/outer/inner/file')).toBe('more\nprecious\n')
      expect(code).toBe(4)
      expect(report.resources[0]?.error?.message).toContain('a checkout that git cannot read')
      expect(await on.host.apply(inner({ force: true }))).toMatchObject({ code: 2 })
      expect(await on.output('cat /srv/outer/own /srv/outer/inner/file')).toBe('more\none\n')
      expect(await on.output('grep -hx precious -r /var/lib/rekindle/backup/content | head -1')).toBe(
        'precious\n',
      )
    })

    it.each(['/srv/theirs', '/srv/theirs/.git'])(
      'no program that another user configured is run: %s is his',
      async (path) => {
        const theirs = (more: Record<string, unknown> = {}) => [
          host('/srv/theirs', { revision: 'v1', ...more }),
        ]
        await on.output('rm -rf /srv/theirs /srv/ran')
        await on.host.apply(theirs())
        await on.output(`cd /srv/theirs && git config filter.evil.clean "touch /srv/ran; cat" && echo "* filter=evil" > .git/info/attributes
                         touch file && chown -R daemon ${path}`)
        const { code, report } = await on.host.apply(theirs())
        expect(code).toBe(4)
        expect(report.resources[0]?.error?.message).toContain('it belongs to "daemon"')
        expect(await on.host.apply(theirs({ force: true }))).toMatchObject({ code: 2 })
        expect(await on.output('stat -c %U /srv/theirs/.git/config; ls /srv | grep -c ran || true')).toBe(
          'root\n0\n',
        )
      },
    )

    it('a checkout of root is given to the user who is to have it', async () => {
      await on.host.apply(checkout({ revision: 'v1' }))
      expect(await on.host.apply(checkout({ revision: 'v1', user: 'daemon' }))).toMatchObject({ code: 2 })
      expect(await on.output('find /srv/site ! -user daemon | wc -l')).toBe('0\n')
      await on.output('rm -rf /srv/site')
    })

    it('a password in an address is told to nobody', async () => {
      const secret = checkout({ url: `http://me:geheim@${on.lab.address}:1/a.git`, revision: 'main' })
      await on.output('rm -rf /srv/site')
      const first = await on.host.apply(secret)
      await on.host.apply(checkout({ revision: 'v1' }))
      await on.output(`git -C /srv/site remote set-url origin https://me:geheim@example.org/a.git`)
      const second = await on.host.apply(checkout({ revision: 'v1' }))
      const third = await on.host.apply(
        checkout({ url: `http://me:geheim@${on.lab.address}:1/a.git`, revision: 'main', track: true }),
      )
      expect([first.code, second.code, third.code]).toEqual([4, 2, 4])
      expect(JSON.stringify([first, second, third])).toContain('[redacted]@')
      expect(JSON.stringify([first, second, third])).not.toContain('geheim')
    })

    it('what another revision no longer tracks or ignores goes in the same run', async () => {
      await on.output(
        `cd /srv/work && git checkout -q -b ignoring v1 && echo "*.log" > .gitignore && git add . && git commit -qm ignoring && git push -q origin ignoring && git checkout -q main`,
      )
      await on.host.apply(checkout({ revision: 'ignoring', untracked: 'report' }))
      await on.output('echo kept-log > /srv/site/a.log')
      expect(await on.host.apply(checkout({ revision: 'ignoring', untracked: 'report' }))).toMatchObject({
        code: 0,
      })
      const { code, report } = await on.host.apply(checkout({ revision: 'v1', untracked: 'report' }))
      expect(code, JSON.stringify(report)).toBe(2)
      expect(await on.output('ls /srv/site; grep -hx kept-log -r /var/lib/rekindle/backup/content')).toBe(
        'file\nwith space\nkept-log\n',
      )
    })

    it('submodules, and a checkout that is removed only with force', async () => {
      await on.output(
        `git config --system protocol.file.allow always; cd /srv/work
           git submodule --quiet add /srv/remote.git sub && git commit -qm sub && git tag v2 && git push -q --tags origin`,
      )
      const withSub = checkout({ revision: 'v2', submodules: true })
      await on.host.apply(withSub)
      expect(await on.host.apply(withSub)).toMatchObject({ code: 0 })
      await on.output('git -C /srv/site/sub checkout -q v1')
      expect(await on.host.apply(withSub)).toMatchObject({ code: 2 })
      const strict = checkout({ revision: 'v2', submodules: true, untracked: 'report' })
      await on.output('echo x > /srv/site/sub/litter; echo x > /srv/site/sub/file')
      const cleaned = await on.host.apply(strict)
      expect(cleaned.code, JSON.stringify(cleaned.report)).toBe(2)
      expect(await on.output('cd /srv/site/sub && git status --porcelain')).toBe('')
      // What is not ours to look after is not ours to complain of.
      await on.output('echo x > /srv/site/sub/file')
      expect(await on.host.apply(checkout({ revision: 'v2' }))).toMatchObject({ code: 0 })
      expect(await on.host.apply(checkout({ ensure: 'absent' }))).toMatchObject({ code: 4 })
      expect(await on.host.apply(checkout({ ensure: 'absent', force: true }))).toMatchObject({ code: 2 })
      expect((await on.host.run(['test', '-e', '/srv/site'])).code).toBe(1)
    })
  })
}
