/** For tests of services on hosts without systemd: what is read, what differs, and which commands that takes. */
import type { Host } from '../../host/host.ts'
import { service } from '../service.ts'
import type { ServiceState, WantedService } from './init-system.ts'

/** @throws the Error that stands for a service that cannot be read */
export async function readOne(host: Host, wanted: WantedService): Promise<ServiceState> {
  const state = (await service.read(host, [wanted])).get(wanted.id)
  if (state === undefined || state instanceof Error) throw state ?? new Error('not read')
  return state
}

/** @param asked what has been run so far; in the end, what was run for the changes */
export async function converge(
  { host, asked }: { readonly host: Host; readonly asked: string[] },
  wanted: WantedService,
): Promise<{ readonly changes: readonly string[]; readonly calls: readonly string[] }> {
  const state = await readOne(host, wanted)
  const found = service.diff(wanted, state)
  asked.length = 0
  await service.apply(host, wanted, state, found)
  return { changes: found.map(({ property, from, to }) => `${property}: ${from} -> ${to}`), calls: asked }
}
