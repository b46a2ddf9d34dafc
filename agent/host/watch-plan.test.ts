import { expect, test } from 'vitest'
import { watchPlan } from './watch-plan.ts'

const there = ['/', '/etc', '/etc/nginx', '/run', '/run/queue']

test.each([
  { title: 'nothing', paths: [], plan: [] },
  { title: 'a file', paths: ['/etc/motd'], plan: [['/etc', 'motd']] },
  { title: 'files of one directory', paths: ['/etc/motd', '/etc/issue'], plan: [['/etc', 'motd', 'issue']] },
  { title: 'a directory as an entry', paths: ['/etc/nginx'], plan: [['/etc', 'nginx']] },
  { title: 'every entry of a directory', paths: ['/run/queue/'], plan: [['/run/queue']] },
  { title: 'every entry and one', paths: ['/run/queue/', '/run/queue/a'], plan: [['/run/queue']] },
  { title: 'one entry and every', paths: ['/run/queue/a', '/run/queue/'], plan: [['/run/queue']] },
  { title: 'a missing directory', paths: ['/srv/www/html/a'], plan: [['/', 'srv']] },
  {
    title: 'a missing directory below',
    paths: ['/etc/nginx/conf.d/a.conf'],
    plan: [['/etc/nginx', 'conf.d']],
  },
  { title: 'every entry of a missing one', paths: ['/run/new/'], plan: [['/run', 'new']] },
  { title: 'an entry of the root', paths: ['/swapfile'], plan: [['/', 'swapfile']] },
  { title: 'the root', paths: ['/'], plan: [['/']] },
])('watchPlan() for $title', ({ paths, plan }) => {
  const found = watchPlan(paths, (path) => there.includes(path))
  expect(found.map(({ dir, names }) => [dir, ...(names ?? [])])).toEqual(plan)
})
