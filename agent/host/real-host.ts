/** The machine this process runs on: every port, put together by hand. */
import { join } from 'node:path/posix'
import { createAsides } from './aside.ts'
import { createAtomicFile } from './atomic-file.ts'
import { createBackupStore } from './backup.ts'
import { createBlobStore, type FetchBlob } from './blob.ts'
import { createDownload } from './download.ts'
import { createDpkg } from './dpkg.ts'
import { createExec } from './exec.ts'
import { createFileReader } from './file-reader.ts'
import type { Host } from './host.ts'
import { createIssuer, type Issue } from './issuer.ts'
import { createKernel } from './kernel.ts'
import { createNotes } from './note.ts'
import { createPasswd } from './passwd.ts'
import { createPlaces } from './place.ts'
import { createReachability } from './reachability.ts'
import { createSweep } from './sweep.ts'
import { createSystemd } from './systemd.ts'
import { createTimers } from './timer.ts'
import { createTrees } from './tree.ts'
import { createTrust } from './trust.ts'

export interface HostOptions {
  /** Contents and backups are kept below it, in `blob/` and `backup/`, made at the first write. */
  readonly stateDir: string
  /** Where contents are kept. Default `blob` in the state directory. */
  readonly blobDir?: string
  /** Gets contents that are not in the store. Absent: they are missing. */
  readonly fetchBlob?: FetchBlob
  /** Asks the server for a certificate. Absent: there is no server. */
  readonly issue?: Issue
  /** Base URL of the agent's server. Absent: there is none. */
  readonly server?: string
}

/** Touches nothing until a port is used. */
export function createHost({ stateDir, blobDir, fetchBlob, issue, server }: HostOptions): Host {
  const exec = createExec()
  const asides = createAsides(join(stateDir, 'aside'))
  const write = createAtomicFile(asides)
  return {
    exec,
    kernel: createKernel(),
    files: createFileReader(),
    write,
    places: createPlaces(),
    blobs: createBlobStore(blobDir ?? join(stateDir, 'blob'), fetchBlob),
    backups: createBackupStore(join(stateDir, 'backup')),
    dpkg: createDpkg(exec),
    systemd: createSystemd(exec),
    passwd: createPasswd(exec),
    download: createDownload(),
    sweep: createSweep(),
    trust: createTrust(),
    notes: createNotes(join(stateDir, 'note'), write),
    asides,
    trees: createTrees(exec, asides),
    timers: createTimers(exec, join(stateDir, 'lock')),
    issuer: createIssuer(issue),
    reachability: createReachability(server),
  }
}
