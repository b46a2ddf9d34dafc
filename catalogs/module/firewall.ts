/** What reaches a host: a table of nftables from typed rules. */
import { currentCompile, type Declaration, whereNow } from '../api/context.ts'
import type { Container } from '../api/reference.ts'
import { firewall } from '../api/resource/network.ts'
import { pkg } from '../api/resource/package.ts'
import { service } from '../api/resource/service.ts'
import { type Checked, declareModule, type ModuleOptions, type Wrong } from './part/declare.ts'
import { renderRules } from './part/firewall-text.ts'
import { yielding } from './part/yielding.ts'

export type HostFirewallOptions = ModuleOptions<'module/firewall'>
type HostFirewall = Checked<'module/firewall'>
type Port = NonNullable<NonNullable<HostFirewall['allow']>[number]['port']>

/**
 * Lets in what the rules name, and nothing else.
 *
 * @example hostFirewall({ allow: [{ port: 22, from: ['192.0.2.0/24'] }, { port: [80, 443] }] })
 */
export function hostFirewall(options: HostFirewallOptions): Container {
  return declareModule({
    name: 'hostFirewall',
    schema: 'module/firewall',
    options,
    wrong,
    declare: declareRules,
  })
}

function wrong({ allow = [], allowOut = [], output = 'accept' }: HostFirewall): readonly Wrong[] {
  return [
    ...[...allow, ...allowOut].flatMap(({ port }) => wrongRange(port)),
    ...allow
      .filter((rule) => ['port', 'from', 'interface'].every((name) => !Object.hasOwn(rule, name)))
      .map(() => 'a rule of "allow" lets everything in: give it a "port", "from" or "interface"'),
    ...(output === 'accept' && allowOut.length > 0 ? ['"allowOut" goes with output "drop" only'] : []),
  ]
}

/** Where sshd listens is known when the role has ended, which may use ssh() after this. */
function holdSshOpen({ allow = [], sshPort, withoutSsh = false }: HostFirewall): void {
  const compile = currentCompile('use hostFirewall')
  const where = whereNow(compile)
  compile.finish.push(() => {
    const ports = sshPort === undefined ? sshPorts(compile.declarations) : [sshPort]
    const isOpen = allow.some(
      ({ port, protocol = 'tcp' }) =>
        protocol === 'tcp' && ports.some((wanted) => port === undefined || covers(port, wanted)),
    )
    if (isOpen || withoutSsh) return
    compile.mistakes.push({
      message: `Cannot use hostFirewall: it would leave no way in: no rule lets TCP port ${ports.join(' or ')} in`,
      where,
      hint: 'Allow it, name another "sshPort", or say "withoutSsh: true"',
    })
  })
}

function sshPorts(declarations: readonly Declaration[]): readonly number[] {
  const server = declarations.find(({ type, title }) => type === 'file' && title === '/etc/ssh/sshd_config')
  const lines = String(server?.params.content ?? '').matchAll(/^Port (\d+)$/gm)
  const ports = [...lines].map(([, port]) => Number(port))
  return ports.length === 0 ? [22] : ports
}

function covers(port: Port, wanted: number): boolean {
  return [port].flat().some((one) => {
    const [first = 0, last = first] = String(one).split('-').map(Number)
    return first <= wanted && wanted <= last
  })
}

function wrongRange(port: Port | undefined): readonly Wrong[] {
  return [port ?? []].flat().flatMap((one) => {
    const [first = 0, last = first] = String(one).split('-').map(Number)
    return first >= 1 && first <= last && last <= 65_535 ? [] : [`"${one}" is no range of ports`]
  })
}

function declareRules(options: HostFirewall): void {
  const { confirm } = options
  const tools = yielding(() => pkg('nftables'))
  const table = firewall('inet filter', {
    content: renderRules(options),
    ...(confirm === undefined ? {} : { confirm }),
    require: tools,
  })
  holdSshOpen(options)
  // It loads the table at boot.
  service('nftables', { enable: true, require: table })
}
