/**
 * A bridge that joins the hosts of one driver with the server, and for each machine a network namespace with one end of
 * a veth pair. Nothing is forwarded or translated: a host reaches the server's address and other hosts, no more.
 */
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { RekindleError } from '../../../schemas/errors.ts'
import { run, tryRun } from './run.ts'

export interface Network {
  readonly bridge: string
  /** First three octets of a /24. */
  readonly subnet: string
}

export function serverAddress({ subnet }: Network): string {
  return `${subnet}.1`
}

/** A name for what belongs to one machine of one driver, where the whole kernel shares the names. */
export function kernelName({ bridge }: Pick<Network, 'bridge'>, machine: string): string {
  return `${bridge}.${machine}`
}

/** Interface names have 15 characters at most (IFNAMSIZ), so a machine's is made from a hash. */
function hostSide({ bridge }: Network, machine: string): string {
  return `rk${createHash('sha256').update(`${bridge} ${machine}`).digest('hex').slice(0, 10)}`
}

/** Makes the bridge with the server's address; one that is there with this address is taken as it is. */
export async function ensureBridge(network: Network): Promise<void> {
  const { bridge } = network
  const address = `${serverAddress(network)}/24`
  const there = await tryRun(['ip', '-brief', 'address', 'show', 'dev', bridge])
  if (there.code !== 0) {
    await refuseTaken(network)
    await run(['ip', 'link', 'add', bridge, 'type', 'bridge'])
  } else if (/\d+\.\d+\.\d+\.\d+/.test(there.stdout) && !there.stdout.includes(address)) {
    throw new RekindleError({
      code: 'machine-failed',
      message: `Cannot use the bridge "${bridge}": it has another address`,
      found: there.stdout.trim(),
      wanted: address,
      kept: 'the bridge, untouched',
      hint: 'Set another `bridge` in the nspawn settings',
    })
  }
  await run(['ip', 'address', 'replace', address, 'dev', bridge])
  await run(['ip', 'link', 'set', bridge, 'up'])
}

async function refuseTaken(network: Network): Promise<void> {
  const addresses = await run(['ip', '-brief', '-4', 'address'])
  const holder = addresses.split('\n').find((line) => line.includes(` ${network.subnet}.`))
  if (holder === undefined) return
  throw new RekindleError({
    code: 'machine-failed',
    message: `Cannot use the subnet ${network.subnet}.0/24: the interface "${holder.split(/\s/)[0]}" has it`,
    hint: 'Set another `subnet` in the nspawn settings',
  })
}

export async function removeBridge({ bridge }: Network): Promise<void> {
  if (existsSync(`/sys/class/net/${bridge}`)) await run(['ip', 'link', 'delete', bridge])
}

/** Makes the machine's namespace with its address, ready to be booted into. */
export async function makeNamespace(network: Network, machine: string, address: string): Promise<void> {
  const name = kernelName(network, machine)
  const side = hostSide(network, machine)
  await removeNamespace(network, machine)
  await run(['ip', 'netns', 'add', name])
  await run(['ip', 'link', 'add', side, 'type', 'veth', 'peer', 'name', 'host0', 'netns', name])
  const inside = ['link set lo up', `address add ${address}/24 dev host0`, 'link set host0 up']
  await run(['ip', '-netns', name, '-batch', '-'], { input: `${inside.join('\n')}\n` })
  await run(['ip', '-batch', '-'], {
    input: `link set ${side} master ${network.bridge}\nlink set ${side} up\n`,
  })
}

export async function removeNamespace(network: Network, machine: string): Promise<void> {
  const side = hostSide(network, machine)
  // The veth first: the kernel takes a namespace's own end away some time after the namespace has gone.
  if (existsSync(`/sys/class/net/${side}`)) await tryRun(['ip', 'link', 'delete', side])
  const name = kernelName(network, machine)
  if (existsSync(`/run/netns/${name}`)) await run(['ip', 'netns', 'delete', name])
}
