/** What a service is to the type, whatever runs as init, and what an init system has to be able to do. */
import type { ServiceParams } from '../../../schemas/generated/types.ts'
import type { Host } from '../../host/host.ts'
import type { Unit } from '../../host/unit.ts'
import type { Reading, Step, Wanted } from '../resource-type.ts'

export type WantedService = Wanted<ServiceParams>
export type ServiceStep = Step<ServiceParams, ServiceState>
export type Provider = NonNullable<ServiceParams['provider']>

export interface ServiceState {
  readonly provider: Provider
  /** Its one name there: `ssh.service` for the alias `sshd`. */
  readonly name: string
  /** Whether there is something to start. */
  readonly exists: boolean
  /** For people: `running`, `stopped`, `failed`, `absent`, or a word of the init system's own, such as `auto-restart`. */
  readonly active: string
  /** It does its work, or is on the way to it. Not the same as "not at rest": one that waits for a restart is neither. */
  readonly runs: boolean
  readonly rests: boolean
  /** For people: `enabled`, `disabled`, `masked`, `static`, ... */
  readonly boot: string
  /** Which wishes for the boot it fulfils; a static unit those for true and for false. */
  readonly fulfils: readonly (true | false | 'mask')[]
  /** There are links that start it at boot, or until the next. */
  readonly isEnabled: boolean
  readonly isMasked: boolean
  /** On systemd. */
  readonly unit?: Unit
}

/** One service that something is to be done to. */
export interface Job {
  readonly wanted: WantedService
  readonly state: ServiceState
}

/** Each takes several, with as few calls as the tools allow, and throws when one of them fails. */
export interface InitSystem {
  read(host: Host, wanted: readonly WantedService[]): Promise<Reading<ServiceState>>
  start(host: Host, jobs: readonly Job[]): Promise<void>
  stop(host: Host, jobs: readonly Job[]): Promise<void>
  restart(host: Host, jobs: readonly Job[]): Promise<void>
  reload(host: Host, jobs: readonly Job[]): Promise<void>
  reloadOrRestart(host: Host, jobs: readonly Job[]): Promise<void>
  enable(host: Host, jobs: readonly Job[]): Promise<void>
  disable(host: Host, jobs: readonly Job[]): Promise<void>
  mask(host: Host, jobs: readonly Job[]): Promise<void>
  unmask(host: Host, jobs: readonly Job[]): Promise<void>
  /** Titles of all services that could be started. */
  list(host: Host): Promise<readonly string[]>
}

const defaultTimeoutSeconds = 300

/** The longest that any of them may take. */
export function timeoutMsOf(jobs: readonly { readonly wanted: WantedService }[]): number {
  return Math.max(...jobs.map(({ wanted }) => (wanted.params.timeout ?? defaultTimeoutSeconds) * 1000))
}

/** What runs as init on this host; undefined where nothing of the kind is there. */
export function runningProvider({ files }: Pick<Host, 'files'>): Provider | undefined {
  if (files.exists('/run/systemd/system')) return 'systemd'
  if (files.exists('/run/openrc')) return 'openrc'
  return files.exists('/etc/init.d') ? 'sysv' : undefined
}
