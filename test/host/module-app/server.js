// The application that the test of nodeApp runs: what it may and may not do is told under /harm.
const { readdirSync, readFileSync, writeFileSync } = require('node:fs')

function tried(act) {
  try {
    act()
    return 'written'
  } catch (error) {
    return error.code
  }
}

const answers = {
  '/healthz': () => 'fine',
  '/greeting': () => process.env.GREETING,
  '/harm': () =>
    JSON.stringify({
      uid: process.getuid(),
      '/srv/shop/x': tried(() => writeFileSync('/srv/shop/x', '')),
      '/var/lib/shop/x': tried(() => writeFileSync('/var/lib/shop/x', '')),
      '/etc/shop.env': tried(() => readFileSync('/etc/shop.env')),
      '/root': tried(() => readdirSync('/root')),
    }),
}

require('node:http')
  .createServer(({ url }, answer) => {
    const text = answers[url]?.()
    answer.writeHead(text === undefined ? 404 : 200).end(text)
  })
  .listen(process.env.PORT)
