/** Two versions of an application, packed in every way, and archives that nobody should unpack. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'

export function makeArchives(to: string): void {
  const dir = mkdtempSync(join(tmpdir(), 'rekindle-archive-'))
  const script = `
    mkdir -p app-1/bin app-2/bin a/b; echo one > app-1/bin/app; echo two > app-2/bin/app; chmod 4755 app-?/bin/app
    ln -s bin/app app-1/link
    tar -czf $0/app-1.tar.gz app-1; tar -cJf $0/app-1.tar.xz app-1
    tar -cjf $0/app-2.tar.bz2 app-2; tar -cf $0/app-2.tar app-2
    echo evil > escaped; (cd a && tar -cPf $0/parent.tar ../escaped)
    tar -cPf $0/absolute.tar --transform 's,^,/tmp/,' escaped
    ln -s /etc out; tar -cf $0/link.tar out
    ln -s / hole; tar -cf through.tar hole; rm hole; mkdir hole; cp escaped hole; tar -rf through.tar hole/escaped; cp through.tar $0
    : > kept; ln kept twin; tar -cPf $0/hard.tar --transform 's,^kept$,/etc/shadow,RS' kept twin
    mknod null c 1 3; tar -cf $0/device.tar null
    head -c 100 $0/app-1.tar.gz > $0/truncated.tar.gz
    head -c 4000000 /dev/zero > large; tar -czf $0/large.tar.gz large
    mkdir many; (cd many; seq -f '%g-a-name-that-is-as-long-as-those-of-node-modules-are-and-so-on' 4500 | xargs touch)
    tar -czf $0/many.tar.gz --transform 's,^,app-1/with/a/way/to/${'it'.repeat(75)}/,' many`
  try {
    execFileSync('sh', ['-ec', script, to], { cwd: dir })
    writeFileSync(join(to, 'app-1.zip'), zip({ 'app-1/bin/app': 'one\n' }))
    writeFileSync(join(to, 'link.zip'), zip({ 'app-1/out': '/etc' }, 0o120777))
    writeFileSync(join(to, 'parent.zip'), zip({ '../escaped': 'evil\n' }))
  } finally {
    rmSync(dir, { recursive: true })
  }
}

/** Stored files only (APPNOTE.TXT 4.3): no zip program makes the names that are wanted here. */
function zip(files: Readonly<Record<string, string>>, mode = 0o100644): Buffer {
  const locals: Buffer[] = []
  const central: Buffer[] = []
  for (const [name, text] of Object.entries(files)) {
    const about = Buffer.alloc(26)
    about.writeUInt16LE(20, 0)
    about.writeUInt32LE(crc32(text), 10)
    about.writeUInt32LE(text.length, 14)
    about.writeUInt32LE(text.length, 18)
    about.writeUInt16LE(name.length, 22)
    const rest = Buffer.alloc(14)
    rest.writeUInt32LE(mode * 65536, 6)
    rest.writeUInt32LE(Buffer.concat(locals).length, 10)
    central.push(Buffer.from('504b01021403', 'hex'), about, rest, Buffer.from(name))
    locals.push(Buffer.from('504b0304', 'hex'), about, Buffer.from(name + text))
  }
  const count = Object.keys(files).length
  const end = Buffer.alloc(18)
  end.writeUInt16LE(count, 4)
  end.writeUInt16LE(count, 6)
  end.writeUInt32LE(Buffer.concat(central).length, 8)
  end.writeUInt32LE(Buffer.concat(locals).length, 12)
  return Buffer.concat([...locals, ...central, Buffer.from('504b0506', 'hex'), end])
}
