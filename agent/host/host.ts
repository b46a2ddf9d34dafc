/**
 * The agent's only way to the machine it manages. Resource types get a `Host` and nothing else, so that child processes
 * and file-system calls live in agent/host alone. Parsers are pure functions beside each port.
 */
import type { Asides } from './aside.ts'
import type { AtomicFile } from './atomic-file.ts'
import type { BackupStore } from './backup.ts'
import type { BlobStore } from './blob.ts'
import type { Download } from './download.ts'
import type { Dpkg } from './dpkg.ts'
import type { Exec } from './exec.ts'
import type { FileReader } from './file-reader.ts'
import type { Issuer } from './issuer.ts'
import type { Kernel } from './kernel.ts'
import type { Notes } from './note.ts'
import type { Passwd } from './passwd.ts'
import type { Places } from './place.ts'
import type { Reachability } from './reachability.ts'
import type { Sweep } from './sweep.ts'
import type { Systemd } from './systemd.ts'
import type { Timers } from './timer.ts'
import type { Trees } from './tree.ts'
import type { Trust } from './trust.ts'

export interface Host {
  /** Runs programs: argument arrays in, exit code and output out. */
  readonly exec: Exec
  /** Bulk, synchronous reading: lstat, readlink, content hashes (cached by inode, size, mtime and ctime). */
  readonly files: FileReader
  /** Atomic replacement, directories, links, removal. */
  readonly write: AtomicFile
  /** Directories that stay the same ones while a user renames what leads to them. */
  readonly places: Places
  /** Content-addressed bytes that catalogs name. */
  readonly blobs: BlobStore
  /** Content-addressed store of what was overwritten or removed. */
  readonly backups: BackupStore
  /** apt and dpkg. */
  readonly dpkg: Dpkg
  /** systemctl. */
  readonly systemd: Systemd
  /** passwd, group and shadow files, and the shadow tools that change them. */
  readonly passwd: Passwd
  /** Files of /proc and /sys. */
  readonly kernel: Kernel
  /** What a type keeps about this host that the host cannot tell. */
  readonly notes: Notes
  /** Where trees stand that an agent which is killed would leave behind. */
  readonly asides: Asides
  /** Whole directories, made beside their place and moved in. */
  readonly trees: Trees
  /** Commands that systemd runs later, whatever becomes of the agent. */
  readonly timers: Timers
  /** Fetches URLs into files. */
  readonly download: Download
  /** Looks through directories that others write to, and removes from them. */
  readonly sweep: Sweep
  /** Authorities that the host trusts. */
  readonly trust: Trust
  /** The server's authority for services. */
  readonly issuer: Issuer
  /** Whether the server and others can be reached. */
  readonly reachability: Reachability
}
