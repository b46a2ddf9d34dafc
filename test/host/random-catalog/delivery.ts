/** Archives and checkouts. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { sha256 } from '../../../schemas/hash.ts'
import { type Archive, absent, at, type Family, two } from './family.ts'

/** Two versions of an application, large enough to be killed over, in the folder that the lab's server hosts. */
export function makeArchives(dir: string): readonly Archive[] {
  const scratch = mkdtempSync(join(tmpdir(), 'rekindle-kill-'))
  const script = `rm -rf app; mkdir -p app/part app/last
    for file in $(seq 200); do echo "$1 of $file" > app/part/$file; done
    head -c 2000000 /dev/zero | tr '\\0' $1 > app/large; ln -s large app/link; echo $1 > app/last/done
    tar -czf "$2" app`
  try {
    return two.map((one) => {
      const name = `rk-app-${one}.tar.gz`
      execFileSync('sh', ['-ec', script, 'sh', String(one), join(dir, name)], { cwd: scratch })
      return { url: `http://rekindle-server:8181/${name}`, sha256: sha256(readFileSync(join(dir, name))) }
    })
  } finally {
    rmSync(scratch, { recursive: true })
  }
}

/** Equal on all hosts, the hashes of its commits too. */
const remotes = `
export GIT_AUTHOR_DATE='2026-01-01T00:00:00Z' GIT_COMMITTER_DATE='2026-01-01T00:00:00Z'
git config --global user.email rk@example.org; git config --global user.name rk; git config --system safe.directory '*'
git init -q -b main /srv/rk-work; cd /srv/rk-work
for one in ${two.join(' ')} 3; do
  rm -rf part; mkdir part; for file in $(seq 100); do echo "$one of $file" > part/$file; done
  echo $one > only-in-$one; git add -A; git commit -qm $one; git tag v$one; git rm -q only-in-$one
done
for at in ${two.join(' ')}; do git clone -q --bare /srv/rk-work /srv/rk-remote-$at.git; done
mkdir -p /srv/rk-code`

export const commitsCommand: readonly string[] = [
  ...['git', '--git-dir=/srv/rk-remote-1.git', 'rev-parse', 'v1', 'v2'],
]

export const deliveryFamily: Family = {
  packages: ['git'],
  prepare: remotes,
  look: `
show /srv/rk-code
for checkout in /srv/rk-code/{checkout,of-games}-*; do
  cd $checkout && git rev-parse HEAD && git remote get-url origin && git status --porcelain && git for-each-ref refs/rekindle
  find $checkout/.git -name '*.lock'
done`,
  choices: ({ archives, commits }) => [
    fc
      .record({
        at,
        archive: fc.constantFrom(...archives),
        strip: fc.constantFrom(0, 1),
        verify: fc.boolean(),
      })
      .map(({ at: one, archive, ...params }) => ({
        id: `archive:/srv/rk-code/tree-${one}`,
        params: { ...archive, ...params },
      })),
    fc.record({ at, archive: fc.constantFrom(...archives) }).map(({ at: one, archive }) => ({
      id: `archive:/srv/rk-code/tree-${one}`,
      params: { ...archive, owner: 'games', group: 'games' },
    })),
    absent((one) => `archive:/srv/rk-code/tree-${one}`),
    fc.record({ at, archive: fc.constantFrom(...archives) }).map(({ at: one, archive }) => ({
      id: `archive:rk-merged-${one}`,
      params: {
        ...archive,
        ...{ to: `/srv/rk-code/merged-${one}`, strip: 1, creates: `/srv/rk-code/merged-${one}/last/done` },
      },
    })),
    absent((one) => `archive:rk-merged-${one}`).map(({ params, ...choice }) => ({
      ...choice,
      params: { ...params, to: `/srv/rk-code/merged-${choice.id.at(-1)}`, force: true },
    })),
    fc
      .record({
        ...{ at, from: at, untracked: fc.constantFrom('ignore', 'report'), track: fc.boolean() },
        revision: fc.constantFrom('v1', 'v2', 'main', ...commits),
      })
      .map(({ at: one, from, track, ...params }) => ({
        id: `git_checkout:/srv/rk-code/checkout-${one}`,
        params: {
          ...{ ...params, url: `/srv/rk-remote-${from}.git` },
          ...(params.revision.length === 40 ? {} : { track }),
        },
      })),
    fc.record({ at, revision: fc.constantFrom('v1', 'main') }).map(({ at: one, ...params }) => ({
      id: `git_checkout:/srv/rk-code/of-games-${one}`,
      params: { ...params, url: 'file:///srv/rk-remote-1.git', depth: 1, user: 'games' },
    })),
    absent((one) => `git_checkout:/srv/rk-code/checkout-${one}`, { force: true }),
    absent((one) => `git_checkout:/srv/rk-code/of-games-${one}`, { force: true }),
  ],
}
