import { expect, test } from 'vitest'
import { argumentsOf } from './validate-content.ts'

test.each([
  { command: 'visudo -cf %', argv: ['visudo', '-cf', '/etc/.x y'] },
  { command: '  nginx   -t -c % ', argv: ['nginx', '-t', '-c', '/etc/.x y'] },
  { command: ['check', '--file=%', 'a b'], argv: ['check', '--file=/etc/.x y', 'a b'] },
])('argumentsOf($command) splits before it fills in the path', ({ command, argv }) => {
  expect(argumentsOf(command, '/etc/.x y')).toEqual(argv)
})
