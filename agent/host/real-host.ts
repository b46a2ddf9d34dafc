/** The machine this process runs on: every port, put together by hand. */
import { join } from 'node:path/posix'
import { createAtomicFile } from './atomic-file.ts'
import { createBackupStore } from './backup.ts'
import { createBlobStore, type FetchBlob } from './blob.ts'
import { createDpkg } from './dpkg.ts'
import { createExec } from './exec.ts'
import { createFileReader } from './file-reader.ts'
import type { Host } from './host.ts'
import { createPasswd } from './passwd.ts'
import { createSystemd } from './systemd.ts'

export interface HostOptions {
  /** Contents and backups are kept below it, in `blob/` and `backup/`, made at the first write. */
  readonly stateDir: string
  /** Gets contents that are not in the store. Absent: they are missing. */
  readonly fetchBlob?: FetchBlob
}

/** Touches nothing until a port is used. */
export function createHost({ stateDir, fetchBlob }: HostOptions): Host {
  const exec = createExec()
  return {
    exec,
    files: createFileReader(),
    write: createAtomicFile(),
    blobs: createBlobStore(join(stateDir, 'blob'), fetchBlob),
    backups: createBackupStore(join(stateDir, 'backup')),
    dpkg: createDpkg(exec),
    systemd: createSystemd(exec),
    passwd: createPasswd(exec),
  }
}
