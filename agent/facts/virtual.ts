/** What tells whether the host is a machine of its own; each is the text of a file, empty when it is not there. */
export interface VirtualEvidence {
  /** /run/systemd/container: systemd as PID 1 writes the manager's name here. */
  readonly systemdContainer: string
  /** /proc/1/environ: NUL-separated, of which `container=` counts. */
  readonly initEnvironment: string
  /** Whether /.dockerenv or /run/.containerenv is there. */
  readonly marker: 'docker' | 'podman' | undefined
  /** /sys/class/dmi/id/{sys_vendor,product_name}. */
  readonly dmi: string
  /** /proc/cpuinfo, of which the flag `hypervisor` counts. */
  readonly cpuinfo: string
}

const vendors: readonly (readonly [RegExp, string])[] = [
  [/Amazon EC2/, 'amazon'],
  [/KVM/, 'kvm'],
  [/QEMU/, 'qemu'],
  [/VMware/, 'vmware'],
  [/innotek|VirtualBox/, 'oracle'],
  [/Xen/, 'xen'],
  [/Microsoft Corporation[\s\S]*Virtual Machine/, 'microsoft'],
  [/Google Compute/, 'google'],
]

/** The name that systemd-detect-virt gives: containers first, then virtual machines, else `none`. */
export function detectVirtual(evidence: VirtualEvidence): string {
  const fromSystemd = evidence.systemdContainer.trim()
  if (fromSystemd !== '') return fromSystemd
  const fromInit = /(?:^|\0)container=([^\0]+)/.exec(evidence.initEnvironment)?.[1]
  if (fromInit !== undefined) return fromInit
  if (evidence.marker !== undefined) return evidence.marker
  const vendor = vendors.find(([pattern]) => pattern.test(evidence.dmi))
  if (vendor !== undefined) return vendor[1]
  return /^flags\s*:.*\bhypervisor\b/m.test(evidence.cpuinfo) ? 'vm-other' : 'none'
}
