import { expect, test } from 'vitest'
import { complain } from '../parameter.ts'
import { cronFileRule, cronRule, sudoersRule } from './cron.ts'

test.each([
  [{ user: 'a', command: 'x', minute: 0, hour: 3 }, []],
  [{ user: 'a', ensure: 'absent' }, []],
  [{ user: 'a' }, ['"command" is missing, and it is not absent']],
  [{ user: 'a', command: 'x' }, ['it has no time: give "minute", "hour" or another field, or "special"']],
  [{ user: 'a', command: 'x', minute: 0, hour: 24 }, ['"hour" "24" is not 0 to 23']],
  [
    { user: 'a', command: 'date +\\%F', special: 'daily' },
    ['"command" has "\\%": write "%", it is escaped for you'],
  ],
  [
    { user: 'a', command: 'x', minute: 0, environment: { MAILTO: 'x' } },
    ['cron reads MAILTO from a line for all entries only: use cronFile()'],
  ],
])('cron with %j: %j', (params, messages) => {
  const found = complain({ type: 'cron', title: 't', params, rule: cronRule })
  expect(found.map(({ message }) => message)).toEqual(messages)
})

test.each([
  ['a.b', { entries: [{ user: 'a', command: 'x', minute: 0 }] }, 'only letters, digits'],
  ['a', {}, '"entries" is missing'],
  ['a', { entries: [{ user: 'a', command: 'date +\\%F', minute: 1 }] }, 'entry 1: "command" has "\\%"'],
  ['a', { entries: [{ user: 'a', command: 'x', minute: 61 }] }, 'entry 1: "minute" "61" is not 0 to 59'],
  [
    'a',
    { entries: [{ user: 'a', command: 'x', minute: 1 }], environment: { A: '"' } },
    'cannot have a double quote in A',
  ],
])('cron_file %s with %j: %s', (title, params, message) => {
  const found = complain({ type: 'cron_file', title, params, rule: cronFileRule })
  expect(found.map((one) => one.message).join()).toContain(message)
})

test.each([
  ['a.b', { content: 'x' }, 'only letters, digits'],
  ['a', {}, '"rules" or "content" is missing'],
  ['a', { content: 'x', rules: [{ user: 'a', commands: 'ALL' }] }, 'exclude each other'],
  ['a', { rules: [{ commands: 'ALL' }] }, 'rule 1 needs either a "user" or a "group"'],
])('sudoers %s with %j: %s', (title, params, message) => {
  const found = complain({ type: 'sudoers', title, params, rule: sudoersRule })
  expect(found.map((one) => one.message).join()).toContain(message)
})

test.each([
  ['cron', cronRule, { user: 'a', command: 5, minute: 1 }, 'parameter "command": wanted string, found 5'],
  [
    'cron',
    cronRule,
    { user: 'a', command: 'x', minute: 1, environment: { A: 5 } },
    '"environment.A": wanted',
  ],
  ['cron_file', cronFileRule, { entries: 5 }, 'parameter "entries": wanted array, found 5'],
  ['cron_file', cronFileRule, { entries: [{ user: 'a' }], environment: { A: 5 } }, '"environment.A": wanted'],
  ['sudoers', sudoersRule, { rules: 5 }, 'parameter "rules": wanted array, found 5'],
] as const)('%s with a value of another kind has it complained of: %#', (type, rule, params, message) => {
  const found = complain({ type, title: 't', params, rule })
  expect(found.map((one) => one.message).join()).toContain(message)
})
