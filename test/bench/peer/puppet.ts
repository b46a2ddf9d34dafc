import type { Peer, Work } from './work.ts'

const quote = (text: string) => `'${text.replace(/[\\']/g, '\\$&')}'`

function manifest({ files, tree, packages, services }: Work): string {
  return [
    ...files.map(
      ({ path, content }) =>
        `file { ${quote(path)}: ensure => file, mode => '0644', owner => 'root', content => ${quote(content)} }`,
    ),
    ...(tree === undefined
      ? []
      : [`file { ${quote(tree.to)}: ensure => directory, recurse => true, source => ${quote(tree.from)} }`]),
    ...packages.map((name) => `package { ${quote(name)}: ensure => installed }`),
    ...services.map((name) => `service { ${quote(name)}: ensure => running, enable => true }`),
    '',
  ].join('\n')
}

export const puppet: Peer = {
  name: 'puppet apply',
  policy: (work) => ({ [`/root/puppet-${work.name}.pp`]: manifest(work) }),
  // Exit 2 means that something was changed.
  command: (path) => [
    'sh',
    '-c',
    `puppet apply --detailed-exitcodes ${path} >/dev/null; code=$?; test $code = 0 -o $code = 2`,
  ],
}
