/** One thing said in both languages, for a host as setUp() leaves it. */

export interface PuppetCase {
  readonly title: string
  /** Parameters by id; `content` becomes a blob, `require` an edge. */
  readonly rekindle: Readonly<Record<string, Readonly<Record<string, unknown>> & { require?: string }>>
  readonly puppet: string
}

export const puppetPackages: readonly string[] = [
  'puppet',
  ...['cron', 'host', 'mount', 'sshkeys'].map((name) => `puppet-module-puppetlabs-${name}-core`),
  ...['stdlib', 'inifile'].map((name) => `puppet-module-puppetlabs-${name}`),
  'cron',
]

export const versions: readonly { name: string; version: string }[] = [
  { name: 'rk-one', version: '1.0' },
  { name: 'rk-two', version: '1.0' },
  { name: 'rk-two', version: '1.1' },
  { name: 'rk-three', version: '1.0' },
  { name: 'rk-three', version: '2:1.1-3' },
  { name: 'rk-held', version: '1.0' },
  { name: 'rk-held', version: '1.1' },
  { name: 'rk-range', version: '1.0' },
  { name: 'rk-range', version: '1.9' },
  { name: 'rk-range', version: '2.0' },
  { name: 'rk-gone', version: '1.0' },
  { name: 'rk-purged', version: '1.0' },
]

const unit = '[Service]\\nExecStart=/bin/sleep infinity\\n[Install]\\nWantedBy=multi-user.target\\n'

/** What is there before either tool comes: things to be changed, and things to be removed. */
export const setUp = `
apt-get update -qq
mkdir -p /srv/both/old-dir/full /srv/both/there && cd /srv/both
echo old > old; echo old > stale; echo keep > keep; chmod 0600 old keep; ln -s /nowhere old-link; ln -s /etc/hostname dangling
printf 'one\\ntwo\\n' > lines; printf '[main]\\na = 1\\nb = 2\\n' > conf.ini
mkfifo pipe
echo x > sym-old; chmod 0664 sym-old; mkdir -p tree/a modes/a purged/.git purged/full open old-mount gone-mount
echo x > tree/a/b; echo x > modes/a/b; chmod 0777 modes/a modes/a/b; echo x > purged/junk; echo x > purged/.git/config; echo x > purged/full/x
chmod 0777 open
mount -t tmpfs tmpfs gone-mount; echo 'tmpfs /srv/both/gone-mount tmpfs defaults 0 0' >> /etc/fstab
for name in a b c d e; do printf '${unit}' > /usr/lib/systemd/system/rk-both-$name.service; done
systemctl daemon-reload
systemctl enable --now --quiet rk-both-b rk-both-d
useradd --shell /bin/sh rk-old; useradd rk-leaver; useradd -m rk-mover; groupadd rk-old-group; groupadd rk-extra; usermod -aG rk-extra rk-old
apt-get install -y -qq rk-gone rk-purged rk-two=1.1
`

const file = (
  title: string,
  name: string,
  rekindle: Readonly<Record<string, unknown>>,
  puppet: string,
): PuppetCase => ({
  title: `file: ${title}`,
  rekindle: { [`file:/srv/both/${name}`]: rekindle },
  puppet: `file { '/srv/both/${name}': ${puppet} }`,
})

const simple =
  (type: string) =>
  (title: string, name: string, rekindle: Readonly<Record<string, unknown>>, puppet: string): PuppetCase => ({
    title: `${type}: ${title}`,
    rekindle: { [`${type}:${name}`]: rekindle },
    puppet: `${type} { '${name}': ${puppet} }`,
  })

const pkg = simple('package')
const service = simple('service')
const user = simple('user')
const group = simple('group')

const hash =
  '$6$rounds=5000$abcdefgh$O2gFMdaBXnBNmLMNNDKJHYmZoIvdxm/rJ8Cnyfp5o3.vsVIYoCLP0TkkLfLkyo6DRcL2BVTqiJCoTz5pJo6Jx0'

export const puppetCases: readonly PuppetCase[] = [
  file('new with content', 'new', { content: 'hello\n' }, 'ensure => file, content => "hello\\n"'),
  file('new and empty', 'empty', {}, 'ensure => file'),
  file('without a newline at its end', 'bare', { content: 'x' }, "ensure => file, content => 'x'"),
  file(
    'owner, group and mode',
    'owned',
    { content: 'x\n', owner: 'daemon', group: 'adm', mode: '0640' },
    "ensure => file, content => \"x\\n\", owner => 'daemon', group => 'adm', mode => '0640'",
  ),
  file(
    'numeric owner',
    'numbered',
    { content: 'x\n', owner: '1', group: '4' },
    "ensure => file, content => \"x\\n\", owner => '1', group => '4'",
  ),
  file(
    'setuid',
    'setuid',
    { content: 'x\n', mode: '4755' },
    'ensure => file, content => "x\\n", mode => \'4755\'',
  ),
  file('changed content', 'old', { content: 'new\n' }, 'ensure => file, content => "new\\n"'),
  file(
    'content that is left',
    'keep',
    { content: 'other\n', replace: false, mode: '0644' },
    'ensure => file, content => "other\\n", replace => false, mode => \'0644\'',
  ),
  file('absent', 'stale', { ensure: 'absent' }, 'ensure => absent'),
  file('absent and not there', 'never', { ensure: 'absent' }, 'ensure => absent'),
  file('in place of a pipe', 'pipe', { content: 'file\n' }, 'ensure => file, content => "file\\n"'),
  file('in place of a link', 'dangling', { content: 'file\n' }, 'ensure => file, content => "file\\n"'),
  file('a directory', 'dir', { ensure: 'directory', mode: '0750' }, "ensure => directory, mode => '0750'"),
  file(
    'a directory below another',
    'dir/sub',
    { ensure: 'directory', mode: '0700', owner: 'daemon' },
    "ensure => directory, mode => '0700', owner => 'daemon'",
  ),
  file(
    'a directory that is there',
    'there',
    { ensure: 'directory', mode: '1777' },
    "ensure => directory, mode => '1777'",
  ),
  file(
    'a directory that goes',
    'old-dir',
    { ensure: 'absent', force: true },
    'ensure => absent, force => true',
  ),
  file('a link', 'link', { target: '/etc/hostname' }, "ensure => link, target => '/etc/hostname'"),
  file('a relative link', 'relative', { target: 'dir/sub' }, "ensure => link, target => 'dir/sub'"),
  file(
    'a link that pointed elsewhere',
    'old-link',
    { target: '/etc/hosts' },
    "ensure => link, target => '/etc/hosts'",
  ),
  file('UTF-8', 'utf8', { content: 'grüße ✓\n' }, 'ensure => file, content => "grüße ✓\\n"'),

  pkg('present', 'rk-one', {}, 'ensure => installed'),
  pkg(
    'an exact, lower version',
    'rk-two',
    { version: '1.0' },
    "ensure => '1.0', install_options => ['--allow-downgrades']",
  ),
  pkg('the latest', 'rk-three', { ensure: 'latest' }, 'ensure => latest'),
  pkg('absent', 'rk-gone', { ensure: 'absent' }, 'ensure => absent'),
  pkg('purged', 'rk-purged', { ensure: 'purged' }, 'ensure => purged'),

  service(
    'running and enabled',
    'rk-both-a',
    { ensure: 'running', enable: true },
    'ensure => running, enable => true',
  ),
  service(
    'stopped and disabled',
    'rk-both-b',
    { ensure: 'stopped', enable: false },
    'ensure => stopped, enable => false',
  ),
  service(
    'running, not enabled',
    'rk-both-c',
    { ensure: 'running', enable: false },
    'ensure => running, enable => false',
  ),
  service(
    'enabled, stopped',
    'rk-both-d',
    { ensure: 'stopped', enable: true },
    'ensure => stopped, enable => true',
  ),
  service('masked', 'rk-both-e', { ensure: 'stopped', enable: 'mask' }, 'ensure => stopped, enable => mask'),

  group('new', 'rk-new-group', { gid: 4100 }, 'ensure => present, gid => 4100'),
  group('system', 'rk-system-group', { system: true }, 'ensure => present, system => true'),
  group('another id', 'rk-extra', { gid: 4101 }, 'ensure => present, gid => 4101'),
  group('absent', 'rk-old-group', { ensure: 'absent' }, 'ensure => absent'),

  user(
    'new',
    'rk-new',
    { uid: 4200, shell: '/bin/bash', comment: 'New, user', home: '/srv/both/home' },
    "ensure => present, uid => 4200, shell => '/bin/bash', comment => 'New, user', home => '/srv/both/home'",
  ),
  user(
    'with a primary group',
    'rk-grouped',
    { group: 'rk-new-group' },
    "ensure => present, gid => 'rk-new-group'",
  ),
  user(
    'with groups, at least',
    'rk-member',
    { groups: ['adm', 'cdrom'] },
    "ensure => present, groups => ['adm', 'cdrom']",
  ),
  user(
    'with exactly these groups',
    'rk-old',
    { groups: ['adm'], membership: 'inclusive', shell: '/bin/bash' },
    "ensure => present, groups => ['adm'], membership => inclusive, shell => '/bin/bash'",
  ),
  user(
    'system',
    'rk-daemon',
    { system: true, shell: '/usr/sbin/nologin' },
    "ensure => present, system => true, shell => '/usr/sbin/nologin'",
  ),
  user('with a password', 'rk-secret', { password: hash }, `ensure => present, password => '${hash}'`),
  user(
    'with a home',
    'rk-homely',
    { manageHome: true, home: '/home/rk-homely' },
    "ensure => present, managehome => true, home => '/home/rk-homely'",
  ),
  user('absent', 'rk-leaver', { ensure: 'absent' }, 'ensure => absent'),
  user(
    'absent with its home',
    'rk-mover',
    { ensure: 'absent', manageHome: true },
    'ensure => absent, managehome => true',
  ),

  {
    title: 'exec: creates',
    rekindle: { 'exec:create': { command: ['touch', '/srv/both/made'], creates: '/srv/both/made' } },
    puppet: "exec { 'create': command => '/usr/bin/touch /srv/both/made', creates => '/srv/both/made' }",
  },
  {
    title: 'exec: unless',
    rekindle: { 'exec:unless': { command: 'echo x > /srv/both/unless', unless: 'test -s /srv/both/unless' } },
    puppet:
      "exec { 'unless': command => 'echo x > /srv/both/unless', unless => 'test -s /srv/both/unless', provider => shell, path => ['/usr/bin', '/bin'] }",
  },
  {
    title: 'exec: refreshOnly that nobody notifies',
    rekindle: { 'exec:quiet': { command: 'false', refreshOnly: true } },
    puppet: "exec { 'quiet': command => '/bin/false', refreshonly => true }",
  },

  file(
    'symbolic mode of a new file',
    'sym-new',
    { content: 'x\n', mode: 'u=rwx,g=rx,o=' },
    'ensure => file, content => "x\\n", mode => \'u=rwx,g=rx,o=\'',
  ),
  file(
    'symbolic mode of one that is there',
    'sym-old',
    { mode: 'g+w,o-r' },
    "ensure => file, mode => 'g+w,o-r'",
  ),
  file(
    'symbolic mode of a directory',
    'sym-dir',
    { ensure: 'directory', mode: 'g+w,a+X' },
    "ensure => directory, mode => 'g+w,a+X'",
  ),
  file(
    'owner of all below',
    'tree',
    { ensure: 'directory', recurse: true, owner: 'daemon' },
    "ensure => directory, recurse => true, owner => 'daemon'",
  ),
  file(
    'mode of all below',
    'modes',
    { ensure: 'directory', recurse: true, mode: '0640' },
    "ensure => directory, recurse => true, mode => '0640'",
  ),
  file(
    'purge of what is not declared',
    'purged',
    { ensure: 'directory', purge: true, force: true, ignore: ['.git'] },
    "ensure => directory, recurse => true, purge => true, force => true, ignore => '.git'",
  ),

  {
    title: 'mount: in fstab only',
    rekindle: {
      'mount:/srv/both/there/a': {
        ensure: 'defined',
        device: 'tmpfs',
        fstype: 'tmpfs',
        options: 'size=1m,noexec',
      },
    },
    puppet: mount('/srv/both/there/a', "ensure => present, options => 'size=1m,noexec'"),
  },
  {
    title: 'mount: mounted',
    rekindle: {
      'mount:/srv/both/old-mount': {
        ensure: 'mounted',
        device: 'tmpfs',
        fstype: 'tmpfs',
        options: 'size=2m',
      },
    },
    puppet: mount('/srv/both/old-mount', "ensure => mounted, options => 'size=2m'"),
  },
  {
    title: 'mount: absent',
    rekindle: { 'mount:/srv/both/gone-mount': { ensure: 'absent' } },
    puppet: "mount { '/srv/both/gone-mount': ensure => absent }",
  },

  user(
    'with a last day',
    'rk-leaving',
    { expiry: '2031-05-06' },
    "ensure => present, expiry => '2031-05-06'",
  ),
  user('without a last day', 'rk-staying', { expiry: 'never' }, 'ensure => present, expiry => absent'),
  pkg('held', 'rk-held', { held: true, version: '1.0' }, "ensure => '1.0', mark => hold"),
  pkg('of a range of versions', 'rk-range', { version: '>=1.0 <2.0' }, "ensure => '>=1.0 <2.0'"),
  service(
    'static',
    'systemd-journald',
    { ensure: 'running', enable: true },
    'ensure => running, enable => true',
  ),
  {
    title: 'exec: onlyIf that says no',
    rekindle: { 'exec:onlyif': { command: 'false', onlyIf: 'test -e /no/such' } },
    puppet: "exec { 'onlyif': command => '/bin/false', onlyif => '/usr/bin/test -e /no/such' }",
  },
  {
    title: 'exec: as a user, in a directory',
    rekindle: {
      'exec:as': {
        command: ['touch', 'by-daemon'],
        cwd: '/srv/both/open',
        user: 'daemon',
        creates: '/srv/both/open/by-daemon',
      },
    },
    puppet:
      "exec { 'as': command => '/usr/bin/touch by-daemon', cwd => '/srv/both/open', user => 'daemon', creates => '/srv/both/open/by-daemon' }",
  },
]

function mount(title: string, more: string): string {
  return `mount { '${title}': device => 'tmpfs', fstype => 'tmpfs', dump => 0, pass => 0, ${more} }`
}
