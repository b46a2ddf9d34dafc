/** For tests: accounts and groups that are kept in memory, with the shadow tools' rules that types rely on. */
import type { Account, Group, PasswordAge } from '../host/account.ts'
import type { AccountSettings, Passwd } from '../host/passwd.ts'

export interface MemoryPasswd extends Passwd {
  readonly accounts: Map<string, Account>
  readonly groups: Map<string, Group>
  readonly hashes: Map<string, string>
}

export function memoryPasswd(): MemoryPasswd {
  const accounts = new Map<string, Account>()
  const groups = new Map<string, Group>()
  const hashes = new Map<string, string>()
  const expiries = new Map<string, string>()
  const ages = new Map<string, PasswordAge>()
  const nextId = () => 1000 + accounts.size + groups.size
  const gidOf = (name: string): number => {
    const gid = groups.get(name)?.gid
    if (gid === undefined) throw new Error(`group '${name}' does not exist`)
    return gid
  }
  const setAccount = async (found: Account, settings: AccountSettings): Promise<void> => {
    const { name } = found
    accounts.set(name, {
      name,
      uid: settings.uid ?? found.uid,
      gid: settings.group === undefined ? found.gid : gidOf(settings.group),
      home: settings.home ?? found.home,
      shell: settings.shell ?? found.shell,
      comment: settings.comment ?? found.comment,
    })
    if (settings.groups === undefined) return
    settings.groups.forEach(gidOf)
    for (const group of groups.values()) {
      const others = group.members.filter((member) => member !== name)
      groups.set(group.name, {
        ...group,
        members: settings.groups.includes(group.name) ? [...others, name] : others,
      })
    }
  }
  return {
    accounts,
    groups,
    hashes,
    read: () => ({
      accounts: new Map(accounts),
      groups: new Map(groups),
      hashes: new Map(hashes),
      expiries: new Map(expiries),
      ages: new Map(ages),
    }),
    async addAccount(name, settings) {
      if (accounts.has(name)) throw new Error(`user '${name}' already exists`)
      if (settings.group === undefined) groups.set(name, { name, gid: nextId(), members: [] })
      const blank = {
        name,
        uid: nextId(),
        gid: gidOf(settings.group ?? name),
        comment: '',
        home: `/home/${name}`,
        shell: '/bin/sh',
      }
      await setAccount(blank, settings)
      hashes.set(name, '!')
    },
    async changeAccount(name, settings) {
      const found = accounts.get(name)
      if (found === undefined) throw new Error(`user '${name}' does not exist`)
      await setAccount(found, settings)
    },
    async removeAccount(name) {
      accounts.delete(name)
      hashes.delete(name)
    },
    async setPasswordHash(name, hash) {
      hashes.set(name, hash)
    },
    async setPasswordAge(name, age) {
      ages.set(name, { min: 0, max: 99_999, warn: 7, ...ages.get(name), ...age })
    },
    async setLocked(name, locked) {
      const bare = (hashes.get(name) ?? '').replace(/^!/, '')
      hashes.set(name, locked ? `!${bare}` : bare)
    },
    async setExpiry(name, day) {
      expiries.set(name, day)
    },
    async setMembers(name, members) {
      const found = groups.get(name)
      if (found === undefined) throw new Error(`group '${name}' does not exist`)
      groups.set(name, { ...found, members })
    },
    async addGroup(name, { gid }) {
      if (groups.has(name)) throw new Error(`group '${name}' already exists`)
      groups.set(name, { name, gid: gid ?? nextId(), members: [] })
    },
    async changeGroup(name, { gid }) {
      const found = groups.get(name)
      if (found === undefined) throw new Error(`group '${name}' does not exist`)
      groups.set(name, { ...found, gid: gid ?? found.gid })
    },
    async removeGroup(name) {
      groups.delete(name)
    },
  }
}
