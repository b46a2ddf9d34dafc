import { expect, test } from 'vitest'
import { renderCronCommand, wrongCronCommand } from './cron-command.ts'

test.each([
  [{ command: 'date +%F' }, 'date +\\%F'],
  [{ command: 'mail x', stdin: 'one\n50%' }, 'mail x%one%50\\%'],
  [
    { command: 'run', environment: { LANG: 'C', GREETING: "it's" } },
    `export LANG=C; export GREETING='it'\\''s'; run`,
  ],
])('renderCronCommand(%j) is %s', (entry, text) => {
  expect(renderCronCommand(entry)).toBe(text)
  expect(wrongCronCommand(entry)).toEqual([])
})

test.each([
  [{ command: 'date +\\%F' }, '"command" has "\\%": write "%", it is escaped for you'],
  [
    { command: "sed 's/\\\\//'" },
    '"command" has two backslashes in a row, of which cron may take one: put it into a script',
  ],
  [
    { command: 'x', environment: { A: '\\%' } },
    '"environment" "A" has "\\%": write "%", it is escaped for you',
  ],
  [{ command: 'x\\', stdin: 'y' }, '"command" ends with a backslash'],
  [{ command: 'x', stdin: 'a\\\nb' }, '"stdin" has a line that ends with a backslash'],
  [{ command: 'é'.repeat(500) }, 'it takes 1000 bytes, and cron reads 998: put it into a script'],
])('wrongCronCommand(%j) says %s', (entry, complaint) => {
  expect(wrongCronCommand(entry)).toEqual([complaint])
})

test('wrongCronCommand() takes 998 bytes and single backslashes', () => {
  expect(wrongCronCommand({ command: 'x'.repeat(998) })).toEqual([])
  expect(wrongCronCommand({ command: "sed 's/\\./-/'", stdin: 'a\\b' })).toEqual([])
})
