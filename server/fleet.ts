/** Joins the server's core with the machines: the rebuilds, over a driver. */
import type { Core } from './core.ts'
import type { ConnectedFleet } from './http/fleet.ts'
import type { MachineDriver } from './machine/driver.ts'
import { checkHealth } from './rebuild/health.ts'
import { createReconciler } from './rebuild/reconcile.ts'
import { nodeCron } from './rebuild/schedule.ts'

export function connectMachines(core: Core, driver: MachineDriver): ConnectedFleet {
  const { db, live, log, now } = core.context
  const reconciler = createReconciler({ ...core, db, live, log, now, driver, checkHealth, cron: nodeCron })
  return {
    requestRebuild: (host, { reason, by }) => reconciler.request(host, { reason, by }),
    createHost: reconciler.createHost,
    removeHost: reconciler.removeHost,
    resume: reconciler.resume,
    cancel: reconciler.cancel,
    onReport: reconciler.onReport,
    onEnrolled: reconciler.onEnrolled,
    onConnected: reconciler.onConnected,
    start: reconciler.start,
    async close() {
      await reconciler.close()
      await driver.close()
    },
  }
}
