import { describe, expect, it } from 'vitest'
import type { CatalogResource } from '../../schemas/generated/types.ts'
import { findRefreshes } from './refresh.ts'

type Extra = Partial<Omit<CatalogResource, 'id' | 'type' | 'title'>>

function resource(id: string, extra: Extra = {}): CatalogResource {
  const [type = '', title = ''] = id.split(':')
  return { id, type, title, where: 'site.ts:1', params: {}, ...extra }
}

const file = (extra?: Extra) => resource('file:a', { notify: ['service:s'], ...extra })
const service = (params = {}, extra: Extra = {}) => resource('service:s', { params, ...extra })

describe('findRefreshes()', () => {
  it.each([
    ['one that restarts', [file(), service()], { restarts: ['service:s'], reloads: [] }],
    [
      'one that reloads',
      [file(), service({ onRefresh: 'reload' })],
      { restarts: [], reloads: ['service:s'] },
    ],
    [
      'one that reloads if it can',
      [file(), service({ onRefresh: 'try-reload-or-restart' })],
      { restarts: [], reloads: ['service:s'] },
    ],
    ['one that is stopped', [file(), service({ ensure: 'stopped' })], { restarts: [], reloads: [] }],
    ['one under noop', [file(), service({}, { noop: true })], { restarts: [], reloads: [] }],
    ['one of a change under noop', [file({ noop: true }), service()], { restarts: [], reloads: [] }],
    ['one that nothing notifies', [file({ notify: [] }), service()], { restarts: [], reloads: [] }],
  ])('finds %s', (_, catalog, found) => {
    expect(findRefreshes(catalog, catalog, ['file:a'])).toEqual(found)
  })

  it('follows refreshes on, in a circle too', () => {
    const catalog = [
      resource('file:a', { notify: ['exec:e'] }),
      resource('exec:e', { notify: ['service:s', 'file:a'] }),
      service(),
    ]
    expect(findRefreshes(catalog, catalog, ['file:a']).restarts).toEqual(['service:s'])
  })

  it('leaves out a service that is new, and one whose own change nothing notifies', () => {
    expect(findRefreshes([file()], [file(), service()], ['file:a', 'service:s']).restarts).toEqual([])
    expect(findRefreshes([service()], [service()], ['service:s']).restarts).toEqual([])
  })
})
