import type { Facts } from '../../schemas/generated/types.ts'
import { type FactFiles, mebibytes } from './files.ts'

/** Media that come and go, and a path of a multipath disk that is listed by itself. */
const notDisks = /^(?:sr|fd)\d|^nvme\d+c/
const sectorBytes = 512

/** Block devices with a device of hardware (or of a hypervisor) behind them, from /sys/block. */
export function diskFacts(files: Pick<FactFiles, 'line' | 'list' | 'exists'>): Facts['disks'] {
  const names = files.list('sys/block').filter((name) => !notDisks.test(name))
  return Object.fromEntries(
    names.flatMap((name) => {
      const dir = `sys/block/${name}`
      // A card reader without a card has no size.
      const sectors = Number(files.line(`${dir}/size`))
      if (!files.exists(`${dir}/device`) || !(sectors > 0)) return []
      const disk = {
        sizeMiB: mebibytes(sectors * sectorBytes),
        model: files.line(`${dir}/device/model`),
        rotational: files.line(`${dir}/queue/rotational`) === '1',
      }
      return [[name, disk] as const]
    }),
  )
}
