/**
 * A machine driver makes and destroys the machines that hosts live on. It knows nothing of catalogs or rebuilds.
 * Every operation is idempotent: a server that died in the middle calls it again. `contract.ts` tests every driver.
 */

/** What a new machine must know at its first boot. */
export interface MachineRequest {
  /** Unique name of the machine: `<host>-<incarnation>`, such as `web-1-3`. Lower case, digits, hyphens. */
  readonly machine: string
  /** Name of the host that it will be; the machine's hostname. */
  readonly host: string
  /** Written to /etc/rekindle/agent.json (mode 0600) before the first boot. */
  readonly agentConfig: {
    readonly server: string
    readonly caFingerprint: string
    readonly token: string
    readonly pollSeconds?: number
  }
}

export interface Machine {
  readonly machine: string
  readonly host: string
  /** `running`: booted. `stopped`: there, but not running (a crash, a reboot of the machine's own host). */
  readonly state: 'running' | 'stopped'
  /** IPv4 address, empty while it has none. */
  readonly address: string
}

export interface MachineDriver {
  readonly name: string
  /** Whether this driver can hold an old and a new machine of one host at once (surge). */
  readonly canSurge: boolean
  /** Makes the machine and starts its boot; resolves when it runs. A machine of that name that already runs is left as it is; a half-made one is made anew. */
  create(request: MachineRequest): Promise<Machine>
  /** Stops it and removes everything of it. Resolves also when there is none. */
  destroy(machine: string): Promise<void>
  status(machine: string): Promise<Machine | undefined>
  /** All machines of this driver, running or not, what is left of half-made or half-destroyed ones included. */
  list(): Promise<readonly Machine[]>
  /** Starts machines that should run and do not (after a reboot of the driver's own host, or a restart of the server). */
  start(machine: string): Promise<Machine>
  /** Powers it off cleanly, and releases what it holds of the driver's own host; `start` boots it again. */
  stop(machine: string): Promise<void>
  /** The last lines of the machine's journal and console, for evidence; empty when there are none. */
  evidence(machine: string): Promise<string>
  /** Releases what the driver holds (timers, handles). Machines keep running. */
  close(): Promise<void>
}
