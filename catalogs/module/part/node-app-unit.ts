/** The unit of a Node.js application. Pure. */
import type { Checked } from './declare.ts'

type NodeApp = Checked<'module/node-app'>
type Settings = Record<string, string | number | boolean | string[]>

/** Options with what follows from others. */
export interface App extends NodeApp {
  readonly account: string
  readonly folder: string
  readonly program: string
  readonly environmentFile: string
}

/** Sections as systemdUnit() takes them. */
export function appUnit(app: App): Record<string, Settings> {
  const { hardening = true, settings = {} } = app
  return {
    Unit: { Description: app.name, After: 'network-online.target', Wants: 'network-online.target' },
    Service: { ...running(app), ...ports(app), ...(hardening ? hardened(app) : {}), ...copied(settings) },
    Install: { WantedBy: 'multi-user.target' },
  }
}

function running(app: App): Settings {
  const { name, program, nodeOptions = [], start, arguments: more = [], folder, memory } = app
  return {
    Type: 'exec',
    ExecStart: [program, ...nodeOptions, `${folder}/${start}`, ...more].join(' '),
    WorkingDirectory: folder,
    User: app.account,
    Environment: 'NODE_ENV=production',
    EnvironmentFile: app.environmentFile,
    StateDirectory: name,
    Restart: 'always',
    RestartSec: 1,
    ...(memory === undefined ? {} : { MemoryMax: memory }),
  }
}

/** The one privilege that a server may need. */
function ports({ port = 1024 }: App): Settings {
  const needed = port < 1024 ? 'CAP_NET_BIND_SERVICE' : ''
  return { CapabilityBoundingSet: needed, AmbientCapabilities: needed }
}

/** No MemoryDenyWriteExecute: V8 compiles as it runs. */
function hardened({ folder }: App): Settings {
  return {
    UMask: '0077',
    NoNewPrivileges: true,
    PrivateTmp: true,
    PrivateDevices: true,
    ProtectSystem: 'strict',
    ProtectHome: /^\/(home|root)\//.test(folder) ? 'read-only' : true,
    ProtectProc: 'invisible',
    ProtectClock: true,
    ProtectControlGroups: true,
    ProtectHostname: true,
    ProtectKernelLogs: true,
    ProtectKernelModules: true,
    ProtectKernelTunables: true,
    LockPersonality: true,
    RestrictNamespaces: true,
    RestrictRealtime: true,
    RestrictSUIDSGID: true,
    // Node lists interfaces by netlink.
    RestrictAddressFamilies: 'AF_INET AF_INET6 AF_UNIX AF_NETLINK',
    SystemCallArchitectures: 'native',
    SystemCallFilter: ['@system-service', '~@privileged'],
    SystemCallErrorNumber: 'EPERM',
  }
}

function copied(settings: NonNullable<NodeApp['settings']>): Settings {
  return Object.fromEntries(
    Object.entries(settings).map(([name, value]) => [name, typeof value === 'object' ? [...value] : value]),
  )
}
