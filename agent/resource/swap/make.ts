/** A swap file, made whole beside its place and then moved there: what is half made is never swapped to. */
import type { SwapParams } from '../../../schemas/generated/types.ts'
import type { Host } from '../../host/host.ts'
import type { Wanted } from '../resource-type.ts'
import { runTool, type ToolOptions } from '../run-tool.ts'

const mebibyte = 1024 * 1024
/** For gigabytes of zeros on a slow disk. */
const timeoutMs = 3_600_000

/** Gives the path of the new file; `moveIn` puts it in its place. */
export async function makeSwapFile(host: Host, wanted: Wanted<SwapParams>, bytes: number): Promise<string> {
  const path = `${wanted.title}.rekindle-new`
  const tool = toolOptions(wanted, `Cannot make a swap file of ${bytes} bytes`)
  try {
    await runTool(host, ['install', '-m', '0600', '/dev/null', path], tool)
    // btrfs swaps only to files without copy on write, which only an empty file can become; others do not know it.
    await host.exec.run(['chattr', '+C', path]).catch(() => undefined)
    await fill(host, path, bytes, tool)
    await format(host, wanted, path)
    return path
  } catch (error) {
    await host.write.remove(path)
    throw error
  }
}

export async function moveIn(host: Host, wanted: Wanted<SwapParams>, path: string): Promise<void> {
  const tool = toolOptions(wanted, 'Cannot move the new swap file to its place')
  await runTool(host, ['mv', '-fT', '--', path, wanted.title], tool)
}

export async function format(host: Host, wanted: Wanted<SwapParams>, path: string): Promise<void> {
  await runTool(host, ['mkswap', '--', path], toolOptions(wanted, 'Cannot format it as swap'))
}

/** fallocate is instant, and not known to every file system. */
async function fill(host: Host, path: string, bytes: number, tool: ToolOptions): Promise<void> {
  const quick = await host.exec.run(['fallocate', '-l', String(bytes), path], { timeoutMs })
  if (quick.code === 0) return
  const block = bytes % mebibyte === 0 ? mebibyte : 1024
  const argv = [
    'dd',
    'if=/dev/zero',
    `of=${path}`,
    `bs=${block}`,
    `count=${bytes / block}`,
    'conv=fsync',
    'status=none',
  ]
  await runTool(host, argv, { ...tool, timeoutMs })
}

export function toolOptions({ id, where }: Wanted<SwapParams>, doing: string): ToolOptions {
  return { doing, wanted: { id, where }, package: 'util-linux' }
}
