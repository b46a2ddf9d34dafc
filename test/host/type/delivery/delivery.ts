/** What the files of this folder share: one host, and what is hosted for it. */
import type { Lab } from '../../../lab/lab.ts'
import type { OnHost } from '../../on-host.ts'

/** Of the lab's package repository, which stands outside of the hosts. */
export const repositoryPort = 8181

/** To be used within tests only: the host is booted before the first one. */
export interface Delivery {
  readonly lab: Lab
  readonly host: OnHost
  /** Output of a shell script that has to succeed on the host. */
  output(script: string): Promise<string>
  /** URL of a file that the lab's server hosts. */
  hosted(name: string): string
  /** SHA-256 of the archives that it hosts, by name. */
  readonly hashes: Readonly<Record<string, string>>
  /** A certificate and its key. */
  readonly pair: { readonly certificate: string; readonly key: string }
}

export const shell = (script: string) => ['sh', '-c', script]

export const isPair = (certificate: string, key: string) =>
  `[ "$(openssl x509 -in ${certificate} -pubkey -noout)" = "$(openssl pkey -in ${key} -pubout)" ] && echo pair`

export const rules = (...lines: readonly string[]) =>
  `chain input {\n  type filter hook input priority 0; policy accept;\n${lines.map((line) => `  ${line}\n`).join('')}}\n`

export const openRules = rules(
  'ct state established,related accept',
  'iif lo accept',
  'tcp dport { 443, 22 } counter accept',
)
