/**
 * What a host has one of: its name, zone, locales, swap, modules and alternatives. A container's kernel loads no modules
 * and swaps to no file of it, so both are drawn for the boot alone.
 */
import fc from 'fast-check'
import { absent, at, type Family, two } from './family.ts'

/** Made in no time, since they have no alphabet. */
const locales = `
categories='CTYPE COLLATE MONETARY NUMERIC TIME MESSAGES PAPER NAME ADDRESS TELEPHONE MEASUREMENT IDENTIFICATION'
for at in ${two.join(' ')}; do
  for one in $categories; do printf 'LC_%s\\ncopy "POSIX"\\nEND LC_%s\\n' $one $one; done > /usr/share/i18n/locales/rk_$at
done`

const alternatives = `
for one in one two; do printf '#!/bin/sh\\necho %s\\n' $one > /usr/local/bin/rk-say-$one; chmod +x /usr/local/bin/rk-say-$one; done
update-alternatives --quiet --install /usr/bin/rk-say rk-say /usr/local/bin/rk-say-one 10
update-alternatives --quiet --install /usr/bin/rk-say rk-say /usr/local/bin/rk-say-two 20`

export const settingFamily: Family = {
  packages: ['locales', 'kmod'],
  prepare: `
hostname rk-first; echo rk-first > /etc/hostname; sed -i '/^127.0.1.1/d' /etc/hosts
${locales}
${alternatives}`,
  look: `
hostname; cat /etc/hostname; grep ^127 /etc/hosts; readlink /etc/localtime; cat /etc/timezone
locale -a | grep rk_; grep rk_ /etc/locale.gen | sort; cat /etc/default/locale
ls -A /usr/lib/locale; stat -c '%n %s %a' /srv/rk-swap-*; grep rk-swap /etc/fstab
for folder in modules-load.d modprobe.d; do show /etc/$folder; done
rk-say; update-alternatives --query rk-say`,
  choices: () => [
    fc.record({ name: fc.constantFrom('rk-a', 'rk-b'), hosts: fc.boolean() }).map(({ name, hosts }) => ({
      ...{ id: `hostname:${name}`, thing: 'hostname' },
      params: { hosts, domain: 'example.org' },
    })),
    fc.constantFrom('Europe/Berlin', 'Asia/Tokyo').map((zone) => ({
      ...{ id: `timezone:${zone}`, thing: 'timezone' },
      params: {},
    })),
    at.map((one) => ({
      id: `locale:rk_${one}`,
      params: { charset: 'ISO-8859-1', ...(one === 1 ? { default: true } : { categories: ['LC_TIME'] }) },
    })),
    absent((one) => `locale:rk_${one}`),
    fc.record({ at, size: fc.constantFrom('1M', '2M'), priority: at }).map(({ at: one, ...params }) => ({
      id: `swap:/srv/rk-swap-${one}`,
      params: { ...params, live: false },
    })),
    absent((one) => `swap:/srv/rk-swap-${one}`),
    fc.record({ at, index: at }).map(({ at: one, index }) => ({
      id: `kernel_module:rk_module_${one}`,
      params: { options: { index }, live: false },
    })),
    fc
      .record({ at, ensure: fc.constantFrom('blacklisted', 'absent') })
      .map(({ at: one, ...params }) => ({ id: `kernel_module:rk_module_${one}`, params })),
    fc.constantFrom('auto', '/usr/local/bin/rk-say-one', '/usr/local/bin/rk-say-two').map((path) => ({
      id: 'alternatives:rk-say',
      params: { path },
    })),
  ],
}
