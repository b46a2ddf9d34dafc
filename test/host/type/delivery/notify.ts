/** Messages, on the host of delivery.test.ts. */
import { describe, expect, it } from 'vitest'
import type { Delivery } from './delivery.ts'

export function notifyTests(on: Delivery): void {
  describe('notify', () => {
    it('says a message once, another one anew, and one for a refresh each time', async () => {
      const said = (message: string) => [on.host.resource('notify:hello', { message })]
      const first = await on.host.apply(said('one'))
      expect(first).toMatchObject({
        code: 2,
        report: { resources: [{ cause: 'intent', changes: [{ to: 'one' }] }] },
      })
      expect(await on.host.apply(said('one'))).toMatchObject({ code: 0, report: { status: 'in-sync' } })
      expect(await on.host.apply(said('two'))).toMatchObject({ code: 2 })
      const refreshed = (content: string) => [
        on.host.resource('file:/srv/told', { content }, { notify: ['notify:told'] }),
        on.host.resource('notify:told', { refreshOnly: true }, { require: ['file:/srv/told'] }),
      ]
      for (const content of ['a', 'b']) {
        const { report } = await on.host.apply(refreshed(content))
        expect(report.resources[1]).toMatchObject({
          id: 'notify:told',
          output: 'told',
          refreshed: ['file:/srv/told'],
        })
      }
      expect(await on.host.apply(refreshed('b'))).toMatchObject({ code: 0 })
      const always = [on.host.resource('notify:always', { always: true })]
      expect([(await on.host.apply(always)).code, (await on.host.apply(always)).code]).toEqual([2, 2])
    })
  })
}
