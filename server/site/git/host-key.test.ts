import { expect, it } from 'vitest'
import { whyUntrusted } from './host-key.ts'

/** As OpenSSH 9.2 has them. */
const changed = `@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@
@    WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!     @
@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@
IT IS POSSIBLE THAT SOMEONE IS DOING SOMETHING NASTY!
The fingerprint for the ED25519 key sent by the remote host is
SHA256:HRkx8jI4fPh86QlaJ+kiZdMuCDHkFH7K5GS7UabK6AE.
Host key for [127.0.0.1]:46191 has changed and you have requested strict checking.
Host key verification failed.
fatal: Could not read from remote repository.
`
const unknown = `No ED25519 host key is known for [127.0.0.1]:36711 and you have requested strict checking.
Host key verification failed.
fatal: Could not read from remote repository.
`

it.each([
  ['a changed key', changed, '/k', /not the one that "\/k" has for it: it sent SHA256:HRkx8jI4\S{35}\. If/],
  ['a changed key, by the user’s own file', changed, undefined, /that known_hosts of the server’s user has/],
  ['an unknown key', unknown, '/k', /is not known: "\/k" has none for it/],
])('whyUntrusted() tells of %s', (_, stderr, file, why) => {
  expect(whyUntrusted(stderr, file)).toMatch(why)
})

it.each([
  ['root@127.0.0.1: Permission denied (publickey).\nfatal: Could not read from remote repository.\n'],
  ['ssh: connect to host forge.example.org port 22: Connection refused\n'],
  ['Certificate invalid: name is not a listed principal\nHost key verification failed.\n'],
])('whyUntrusted() leaves %j to ssh’s own words', (stderr) => {
  expect(whyUntrusted(stderr, '/k')).toBeUndefined()
})
