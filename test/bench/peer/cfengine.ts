import type { Peer, Work } from './work.ts'

const quote = (text: string) => `"${text.replace(/[\\"]/g, '\\$&')}"`
const library = '/usr/share/cfengine3/masterfiles/lib/stdlib.cf'

function policy({ files, tree, packages, services }: Work): string {
  const promises = [
    'files:',
    ...files.map(
      ({ path, content }) =>
        `  ${quote(path)} create => "true", perms => mog("0644", "root", "root"), content => ${quote(content)};`,
    ),
    ...(tree === undefined
      ? []
      : [`  ${quote(tree.to)} copy_from => local_dcp(${quote(tree.from)}), depth_search => recurse("inf");`]),
    'packages:',
    ...packages.map((name) => `  ${quote(name)} policy => "present", package_module => apt_get;`),
    'services:',
    ...services.map((name) => `  ${quote(name)} service_policy => "start";`),
  ]
  return [
    'body common control {',
    `  inputs => { ${quote(library)} };`,
    '  bundlesequence => { "work" };',
    '}',
    'bundle agent work {',
    ...promises,
    '}',
    '',
  ].join('\n')
}

export const cfengine: Peer = {
  name: 'cf-agent',
  policy: (work) => ({ [`/root/cfengine-${work.name}.cf`]: policy(work) }),
  command: (path) => ['cf-agent', '--no-lock', '--file', path],
}
