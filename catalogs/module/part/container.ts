/** Whether a host shares its kernel with others, as its facts say. */
import { facts } from '../../api/facts.ts'

const containers = [
  ...['systemd-nspawn', 'docker', 'podman', 'lxc', 'lxc-libvirt', 'openvz', 'rkt', 'wsl', 'proot', 'pouch'],
  'container-other',
]

/** The clock and most kernel parameters are not a container's own. */
export function isContainer(): boolean {
  return containers.includes(facts.virtual)
}
