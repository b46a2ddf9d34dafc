import { expect, test } from 'vitest'
import type { CronParams } from '../../schemas/generated/types.ts'
import { type CronState, cron } from './cron.ts'
import { renderCronFile } from './cron-file.ts'

const params: CronParams = { user: 'app', command: 'backup', minute: 15, hour: 3 }
const line = '15 3 * * * backup'
const absent: CronParams = { ...params, ensure: 'absent' }
const added = { property: 'ensure', from: 'absent', to: 'present' }
const removed = { property: 'ensure', from: 'present', to: 'absent' }

const rows: readonly [string, CronParams, Partial<CronState>, readonly object[]][] = [
  ['it stands there', params, { text: `MAILTO=x\n# rekindle: b\n${line}\n` }, []],
  ['there is no crontab', params, {}, [added]],
  ['a line of nobody says the same', params, { text: `${line}\n` }, [added]],
  ['only its title stands there', params, { text: '# rekindle: b\n' }, [added]],
  [
    'it says something else',
    params,
    { text: '# rekindle: b\n1 1 * * * old\n' },
    [{ property: 'entry', from: '1 1 * * * old', to: line }],
  ],
  [
    'it is there twice',
    params,
    { text: `# rekindle: b\n${line}\n# rekindle: b\n${line}\n` },
    [{ property: 'entries', from: '2', to: '1' }],
  ],
  [
    'another user has it',
    params,
    { text: `# rekindle: b\n${line}\n`, strayUsers: ['old'] },
    [{ property: 'user', from: 'old', to: 'app' }],
  ],
  ['absent, and gone', absent, { text: 'MAILTO=x\n' }, []],
  ['absent, and there', absent, { text: `# rekindle: b\n${line}\n` }, [removed]],
  ['absent, and an unmarked line says the same', absent, { text: `${line}\n` }, [removed]],
  ['absent, and another user has it', absent, { strayUsers: ['old'] }, [removed]],
  [
    'absent by title alone, and gone',
    { user: 'app', ensure: 'absent' },
    { text: '# rekindle: c\n1 1 * * * x\n' },
    [],
  ],
]

test.each(rows)('diff() of a cron when %s', (_, wanted, actual, changes) => {
  const one = { id: 'cron:b', title: 'b', params: wanted, where: 'site.ts:1' } as const
  expect(cron.diff(one, { text: '', strayUsers: [], ...actual })).toEqual(changes)
})

test('renderCronFile() puts settings first and gives each entry its user', () => {
  expect(
    renderCronFile({
      environment: { MAILTO: '', PATH: '/bin' },
      entries: [
        { user: 'root', command: 'date +%F', special: 'daily' },
        { user: 'app', command: 'x', minute: '*/5' },
      ],
    }),
  ).toBe(
    '# Written by Rekindle: edits are lost.\nMAILTO=""\nPATH="/bin"\n@daily root date +\\%F\n*/5 * * * * app x\n',
  )
})
