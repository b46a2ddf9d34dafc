/** Values that roles share. */
export const timeZone = 'Etc/UTC'
export const contact = 'ops@example.org'
