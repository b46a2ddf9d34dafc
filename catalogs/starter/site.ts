/** Which hosts get which role; the first rule that matches a host's name wins. */
import { site } from 'rekindle'
import { base } from './roles/base.ts'
import { web } from './roles/web.ts'

export default site({
  hosts: [
    { match: 'web-*', role: web },
    { match: '*', role: base },
  ],
})
