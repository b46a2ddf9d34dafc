/** The package managers besides apt. */
import { apkProvider } from './apk.ts'
import { dnfProvider } from './dnf.ts'
import { gemProvider } from './gem.ts'
import { npmProvider } from './npm.ts'
import { pacmanProvider } from './pacman.ts'
import { pipProvider } from './pip.ts'
import { rpmProvider } from './rpm.ts'
import type { ToolProvider } from './tool-provider.ts'
import { zypperProvider } from './zypper.ts'

export const toolProviders: readonly ToolProvider[] = [
  dnfProvider,
  rpmProvider,
  zypperProvider,
  apkProvider,
  pacmanProvider,
  npmProvider,
  pipProvider,
  gemProvider,
]
