import { readdir, readFile, readlink } from 'node:fs/promises';

/** Whether the process has a TCP connection from this local port (proc(5): `/proc/net/tcp`, `/proc/pid/fd`). */
export async function ownsPort(pid: number, port: number): Promise<boolean> {
  const inodes = await socketsFrom(port);
  for (const name of await readdir(`/proc/${pid}/fd`)) {
    const target = await readlink(`/proc/${pid}/fd/${name}`).catch(() => '');
    const [, inode = ''] = /^socket:\[(\d+)\]$/.exec(target) ?? [];
    if (inodes.has(inode)) return true;
  }
  return false;
}

async function socketsFrom(port: number): Promise<ReadonlySet<string>> {
  const local = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  const [, ...lines] = (await readFile('/proc/net/tcp', 'utf8')).trim().split('\n');
  const rows = lines.map(line => line.trim().split(/\s+/));
  return new Set(rows.filter(row => row[1]?.endsWith(local) === true).map(row => row[9] ?? ''));
}
