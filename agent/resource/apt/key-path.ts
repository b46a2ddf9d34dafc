/** Where apt_key puts keys, and apt_source looks for them. */

export const keyrings = '/etc/apt/keyrings'

export function keyringOf(title: string): string {
  return `${keyrings}/${title}.gpg`
}
