/** Pieces of files that others write too. */
import fc from 'fast-check'
import { at, type Choice, ensure, type Family, word } from './family.ts'

const settings: readonly fc.Arbitrary<Choice>[] = ['json', 'yaml', 'toml'].map((format) =>
  fc.record({ at, ensure, value: fc.oneof(word, fc.boolean()) }).map(({ at: one, value, ...params }) => ({
    id: `${format}_setting:rk-${one}`,
    params: {
      ...{ path: `/srv/kill/settings.${format}`, key: ['part', `key-${one}`], ...params },
      ...(params.ensure === 'absent' ? {} : { value }),
    },
  })),
)

export const pieceFamily: Family = {
  look: 'grep rk- /etc/hosts; show /etc/security/limits.d',
  choices: () => [
    ...settings,
    fc.record({ at, ensure, line: word }).map(({ at: one, line, ...params }) => ({
      id: `file_line:rk-${one}`,
      params: { path: '/srv/kill/lines', line: `${line}-${one}`, ...params },
    })),
    fc.record({ at, ensure, content: word }).map(({ at: one, content: text, ...params }) => ({
      id: `file_block:rk-${one}`,
      params: {
        ...{ path: '/srv/kill/blocks', ...params },
        ...(params.ensure === 'absent' ? {} : { content: `${text}\n` }),
      },
    })),
    fc.record({ at, ensure, value: word }).map(({ at: one, value, ...params }) => ({
      id: `ini_setting:rk-${one}`,
      params: {
        ...{ path: '/srv/kill/settings.ini', section: 'part', setting: `key-${one}`, ...params },
        ...(params.ensure === 'absent' ? {} : { value }),
      },
    })),
    fc.record({ at, ensure }).map(({ at: one, ...params }) => ({
      id: `host_entry:rk-host-${one}`,
      params: { ...params, ...(params.ensure === 'absent' ? {} : { ip: `192.0.2.${one}` }) },
    })),
    fc.record({ at, ensure, value: fc.integer({ min: 1, max: 3 }) }).map(({ at: one, value, ...params }) => ({
      id: `limits:rk-${one}`,
      params: {
        ...{ domain: `rk-user-${one}`, type: 'soft', item: 'nofile', ...params },
        ...(params.ensure === 'absent' ? {} : { value: value * 1000 }),
      },
    })),
  ],
}
