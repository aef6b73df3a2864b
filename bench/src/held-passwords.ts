import type { ProcessCluster } from '@strongroom/testing/process-cluster';
import type { ProcessClient } from '@strongroom/testing/process-client';
import { CREDENTIALS_ROLE } from '@strongroom/contracts/credentials-role';
import type { RotatedHost } from './rotation-hosts.ts';

export interface Verdict {
  readonly accounts: number;
  /** They open on their host with the newest password that the platform holds of them. */
  readonly open: number;
  /** They open with the other candidate, which the platform still holds, and should not have needed. */
  readonly openWithCandidate: number;
  /** They open with nothing that the platform holds. */
  readonly lost: readonly string[];
  /** Versions that vault has kept of their passwords, the newest's number. */
  readonly versions: ReadonlyMap<string, number>;
}

/** The API client of the installation becomes one who may read passwords of accounts, as an operator would do it. */
export async function mayReadPasswords(client: ProcessClient, apiClientId: string): Promise<void> {
  const path = `/local-user-store/api/v1/api-clients/${apiClientId}`;
  const { body } = await client.call('GET', path);
  const roles = [...((body['roles'] ?? []) as { id: string }[]), { id: CREDENTIALS_ROLE.id }];
  const answer = await client.call('PUT', path, { ...body, roles });
  if (answer.status !== 200) throw new Error(`the role could not be given: ${answer.status} ${answer.text}`);
  await client.signIn();
}

/** Opens every account on its real host. Accounts that were never rotated count as lost: nothing is held of them. */
export async function openAll(
  { client }: ProcessCluster,
  hosts: readonly RotatedHost[],
  atOnce = 4,
): Promise<Verdict> {
  const waiting = hosts.flatMap(host => host.accounts.map(account => ({ host, account })));
  const accounts = waiting.length;
  const versions = new Map<string, number>();
  const lost: string[] = [];
  let [open, openWithCandidate] = [0, 0];
  const judge = async () => {
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      const { host, account } = next;
      const current = await readPassword(client, nameIn(host.folder, host, account));
      versions.set(`${host.id} ${account}`, current.version);
      if (await opens(host, account, current.password)) {
        open += 1;
        continue;
      }
      const candidate = await readPassword(client, nameIn('rotations', host, account));
      if (await opens(host, account, candidate.password)) openWithCandidate += 1;
      else lost.push(`${account} on ${host.kind}`);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, judge));
  return { accounts, open, openWithCandidate, lost, versions };
}

const opens = async (host: RotatedHost, account: string, password: string | undefined): Promise<boolean> =>
  password !== undefined && (await host.opens(account, password));

/** Where vault has the passwords of an account, and the candidates for them (docs/adr/0032-rotation.md). */
const nameIn = (folder: RotatedHost['folder'] | 'rotations', { id }: RotatedHost, account: string): string =>
  `${folder}/${id}/${encodeURIComponent(account)}`;

async function readPassword(
  client: ProcessClient,
  name: string,
): Promise<{ password: string | undefined; version: number }> {
  const { status, text, body } = await client.call(
    'GET',
    `/vault/api/v1/secrets/${encodeURIComponent(name)}`,
  );
  if (status === 404) return { password: undefined, version: 0 };
  if (status !== 200) throw new Error(`a password could not be read: ${status} ${text}`);
  const { password } = body['data'] as { password?: string };
  return { password, version: Number(body['version'] ?? 0) };
}

/** Every version that vault has of the passwords and candidates of these hosts, and what the accounts came with. */
export async function everyPassword(client: ProcessClient, hosts: readonly RotatedHost[]): Promise<string[]> {
  const passwords = hosts.flatMap(({ initialPasswords }) => initialPasswords);
  for (const host of hosts) {
    for (const name of host.accounts.flatMap(account => [
      nameIn(host.folder, host, account),
      nameIn('rotations', host, account),
    ])) {
      const encoded = encodeURIComponent(name);
      const { body } = await client.call('GET', `/vault/api/v1/secret/metadata/${encoded}`);
      for (const { version } of (body['versions'] ?? []) as { version: number }[]) {
        const found = await client.call('GET', `/vault/api/v1/secret/data/${encoded}?version=${version}`);
        passwords.push((found.body['data'] as { password: string }).password);
      }
    }
  }
  return passwords;
}
