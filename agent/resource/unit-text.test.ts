import { expect, it } from 'vitest'
import { renderUnit } from './unit-text.ts'

it.each([
  [{ content: '[Unit]' }, '[Unit]\n'],
  [{ content: '[Unit]\n' }, '[Unit]\n'],
  [{ sections: { Unit: { Description: 'a' }, Service: {} } }, '[Unit]\nDescription=a\n\n[Service]\n'],
  [
    {
      sections: {
        Service: { RemainAfterExit: true, PrivateTmp: false, LimitNOFILE: 5, Environment: ['A=1', 'B=2'] },
      },
    },
    '[Service]\nRemainAfterExit=yes\nPrivateTmp=no\nLimitNOFILE=5\nEnvironment=A=1\nEnvironment=B=2\n',
  ],
  // An empty list clears nothing by itself: systemd wants an empty assignment for that.
  [{ sections: { Service: { ExecStart: ['', '/bin/b'] } } }, '[Service]\nExecStart=\nExecStart=/bin/b\n'],
  [{ sections: { Service: { ExecStart: '/bin/a \n b' } } }, '[Service]\nExecStart=/bin/a  \\\n   b\n'],
])('renderUnit(%j)', (unit, text) => {
  expect(renderUnit(unit)).toBe(text)
})
