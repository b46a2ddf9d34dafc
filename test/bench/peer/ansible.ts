import type { Peer, Work } from './work.ts'

/** Loops over items, as a playbook that people write; packages in one call, which is its strong side. */
function playbook({ files, tree, packages, services }: Work): string {
  const tasks: object[] = []
  if (files.length > 0)
    tasks.push({
      copy: { dest: '{{ item.path }}', content: '{{ item.content }}', mode: '0644', owner: 'root' },
      loop: files,
      loop_control: { label: '{{ item.path }}' },
    })
  if (tree !== undefined) tasks.push({ copy: { src: `${tree.from}/`, dest: tree.to } })
  if (packages.length > 0) tasks.push({ apt: { name: packages, state: 'present' } })
  if (services.length > 0)
    tasks.push({ systemd: { name: '{{ item }}', state: 'started', enabled: true }, loop: services })
  // JSON is YAML.
  return JSON.stringify([{ hosts: 'localhost', connection: 'local', gather_facts: false, tasks }])
}

export const ansible: Peer = {
  name: 'ansible-playbook',
  policy: (work) => ({ [`/root/ansible-${work.name}.yml`]: playbook(work) }),
  command: (path) => ['sh', '-c', `LC_ALL=C.UTF-8 ansible-playbook -i localhost, ${path} >/dev/null`],
}
