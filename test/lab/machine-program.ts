/**
 * A program of the `command` machine driver, over real machines: `machine-program.ts SETTINGS` reads one operation on
 * stdin, lets the nspawn driver do it, and answers on stdout. SETTINGS are those of the nspawn driver, as JSON.
 */
import { text } from 'node:stream/consumers'
import type { MachineAnswer } from '../../schemas/generated/types.ts'
import { validate } from '../../schemas/validate.ts'
import { createNspawnDriver, type NspawnSettings } from '../../server/machine/nspawn/driver.ts'

const settings = JSON.parse(process.argv[2] ?? '{}') as NspawnSettings
const request = validate('protocol/machine-request', JSON.parse(await text(process.stdin)), 'the operation')
const { operation, machine = '', host = '', agentConfig } = request
const driver = await createNspawnDriver(settings)

async function act(): Promise<MachineAnswer> {
  switch (operation) {
    case 'create':
      if (agentConfig === undefined) throw new Error('create without agentConfig')
      return { machine: await driver.create({ machine, host, agentConfig }) }
    case 'start':
      return { machine: await driver.start(machine) }
    case 'status':
      return { machine: (await driver.status(machine)) ?? null }
    case 'list':
      return { machines: [...(await driver.list())] }
    case 'evidence':
      return { evidence: await driver.evidence(machine) }
    case 'stop':
      await driver.stop(machine)
      return {}
    case 'destroy':
      await driver.destroy(machine)
      return {}
  }
}

process.stdout.write(JSON.stringify(await act()))
