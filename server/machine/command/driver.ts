/**
 * The `command` machine driver: programs of the admin's own make machines. Each is asked with one JSON object on its
 * standard input (`protocol/machine-request`) and answers with one on its standard output (`protocol/machine-answer`);
 * docs/machine-drivers.md tells what each operation must hold to. The driver itself keeps nothing.
 */
import { RekindleError } from '../../../schemas/errors.ts'
import type { CommandMachines, MachineAnswer, MachineOperation } from '../../../schemas/generated/types.ts'
import type { Machine, MachineDriver } from '../driver.ts'
import { checkMachineName } from '../name.ts'
import { createQueue } from '../queue.ts'
import { askProgram } from './ask.ts'

type Operation = MachineOperation['operation']

const asks: readonly Operation[] = ['status', 'list', 'evidence']

export function createCommandDriver(settings: CommandMachines): MachineDriver {
  const { changeTimeoutSeconds = 600, askTimeoutSeconds = 30, canSurge = true } = settings
  const queue = createQueue()
  /** Acts on one machine come one after another. */
  const onMachine = <T>(machine: string, act: () => Promise<T>) => queue(checkMachineName(machine), act)

  function ask(request: Omit<MachineOperation, 'version'>): Promise<MachineAnswer> {
    const argv = settings[request.operation]
    if (argv === undefined) throw unsupported(request.operation)
    const timeoutMs = (asks.includes(request.operation) ? askTimeoutSeconds : changeTimeoutSeconds) * 1000
    return askProgram(argv, { version: 1, ...request }, timeoutMs)
  }

  async function askMachine(request: Omit<MachineOperation, 'version'> & { machine: string }) {
    const { machine: found } = await ask(request)
    if (found === undefined) throw unusable(request, 'its answer has no "machine"')
    if (found !== null && found.machine !== request.machine)
      throw unusable(request, `its answer is about the machine "${found.machine}"`)
    return found ?? undefined
  }

  /** Of an operation after which the machine has to run. */
  async function bringUp(request: Omit<MachineOperation, 'version'> & { machine: string }): Promise<Machine> {
    const made = await askMachine(request)
    if (made?.state !== 'running')
      throw unusable(
        request,
        made === undefined ? 'it says that there is none' : 'it says that it is stopped',
      )
    return made
  }

  return {
    name: 'command',
    canSurge,
    create: ({ machine, host, agentConfig }) =>
      onMachine(machine, () => bringUp({ operation: 'create', machine, host, agentConfig })),
    destroy: (machine) =>
      onMachine(machine, async () => {
        await ask({ operation: 'destroy', machine })
      }),
    status: async (machine) => askMachine({ operation: 'status', machine: checkMachineName(machine) }),
    async list() {
      const { machines } = await ask({ operation: 'list' })
      if (machines === undefined) throw unusable({ operation: 'list' }, 'its answer has no "machines"')
      return machines
    },
    start: (machine) => onMachine(machine, () => bringUp({ operation: 'start', machine })),
    stop: (machine) =>
      onMachine(machine, async () => {
        await ask({ operation: 'stop', machine })
      }),
    async evidence(machine) {
      checkMachineName(machine)
      if (settings.evidence === undefined) return ''
      return (await ask({ operation: 'evidence', machine })).evidence ?? ''
    },
    close: () => queue.idle(),
  }
}

function unsupported(operation: Operation): RekindleError {
  return new RekindleError({
    code: 'unsupported',
    message: `Cannot ${operation} a machine: the command driver has no program for that`,
    hint: `Set \`command.${operation}\` in server.json`,
  })
}

function unusable({ operation, machine }: Pick<MachineOperation, 'operation' | 'machine'>, why: string) {
  return new RekindleError({
    code: 'machine-failed',
    message: `Cannot ${operation}${machine === undefined ? '' : ` machine "${machine}"`}: ${why}`,
    hint: 'docs/machine-drivers.md says what each program must answer',
  })
}
