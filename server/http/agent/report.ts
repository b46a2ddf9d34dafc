/** Takes a report in: once by its id, with what it means for drift, in one transaction. */
import { RekindleError } from '../../../schemas/errors.ts'
import type { Report } from '../../../schemas/generated/types.ts'
import type { Context } from '../../context.ts'
import type { Refusals } from '../../refusals.ts'
import { type SavedReport, saveReport } from '../../store/report.ts'
import { transact } from '../../store/statement.ts'
import type { FleetEvents } from '../fleet.ts'
import type { Client } from './identity.ts'

export interface ReportParts extends Pick<FleetEvents, 'onReport'> {
  readonly refusals: Refusals
}

/**
 * @returns whether it is new; a report that was stored before is acknowledged all the same.
 * @throws RekindleError `forbidden` when it speaks for another host, `conflict` when its id is another incarnation's.
 */
export function receiveReport(
  context: Context,
  { refusals, onReport }: ReportParts,
  client: Client,
  report: Report,
): { stored: SavedReport } {
  if (report.host !== client.host) throw refuse(refusals, client, report)
  const saved = transact(context.db, () => {
    const result = saveReport(context.db, client.incarnation, report, context.now())
    if (result === 'stored') onReport(client.incarnation, report)
    return result
  })
  if (saved === 'foreign') {
    throw new RekindleError({
      code: 'conflict',
      message: `Cannot store report "${report.id}": its id is taken`,
    })
  }
  if (saved === 'stored') {
    context.live.emit({ type: 'report', host: client.host, id: report.id })
    context.live.emit({ type: 'host', host: client.host })
  }
  return { stored: saved }
}

function refuse(refusals: Refusals, client: Client, report: Report): RekindleError {
  const claimed = report.host.slice(0, 100)
  refusals.record({
    actor: `host:${client.host}`,
    action: 'report.refused',
    target: `host:${claimed}`,
    detail: 'a host may report for itself only',
  })
  return new RekindleError({
    code: 'forbidden',
    message: `Cannot take a report for host "${claimed}" from host "${client.host}"`,
  })
}
