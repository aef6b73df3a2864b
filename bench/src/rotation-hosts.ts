import { randomBytes } from 'node:crypto';
import { createLink, type Link } from '@strongroom/testing/link';
import type { ProcessClient } from '@strongroom/testing/process-client';
import { startSshd, type TestSshd } from '@strongroom/testing/sshd';
import { signsInBySsh } from '@strongroom/testing/ssh-login';

/** A host that the platform rotates accounts of, over a way to it that can be broken. */
export interface RotatedHost {
  /** What it is, for people. */
  readonly kind: string;
  /** The platform's id of it. */
  readonly id: string;
  /** Where vault has their passwords: below this, and the id. */
  readonly folder: 'hosts' | 'domains';
  /** What a rotation is asked for at. */
  readonly rotatePath: (account: string) => string;
  readonly accounts: readonly string[];
  /** What the accounts came with, in their order. */
  readonly initialPasswords: readonly string[];
  readonly link: Link;
  /** Signs in past the link and past the platform. */
  readonly opens: (account: string, password: string) => Promise<boolean>;
  /** The accounts go, too. */
  readonly stop: () => Promise<void>;
}

/** As root: the new password is the first line of standard input. */
const BY_ROOT = `#!/bin/sh
set -eu
account={{username}}
IFS= read -r password || [ -n "$password" ]
printf '%s:%s\\n' "$account" "$password" | chpasswd`;

/** As the account itself: then its own password is the second line. */
const BY_ITSELF = `#!/bin/sh
IFS= read -r new
IFS= read -r old || [ -n "$old" ]
printf '%s\\n' "$old" "$new" "$new" | passwd`;

export interface Rotation {
  readonly policyId: string;
  readonly templateIds: { readonly byRoot: string; readonly byItself: string };
}

/**
 * A policy and templates for rotations that are asked for one by one, with retries that come soon. `then`: commands that
 * root runs after each change.
 */
export async function prepareRotation(client: ProcessClient, then = ''): Promise<Rotation> {
  const name = `rotations ${randomBytes(4).toString('hex')}`;
  const template = (kind: string, script: string) =>
    create(client, '/secrets-manager/api/v1/script-template', {
      name: `${name} ${kind}`,
      operating_system: 'LINUX',
      script,
    });
  return {
    policyId: await create(client, '/secrets-manager/api/v1/password-policy', {
      name,
      rotation_interval: 'P365D',
      password_min_length: 20,
      password_max_length: 24,
      max_versions: 10,
      number_of_retries: 5,
      retry_interval: 'PT1S',
      verify_after_rotation: true,
    }),
    templateIds: {
      byRoot: await template('by root', `${BY_ROOT}\n${then}`),
      byItself: await template('by itself', BY_ITSELF),
    },
  };
}

/** What is the same of all hosts. */
export const onHost = (id: string): Pick<RotatedHost, 'id' | 'folder' | 'rotatePath'> => ({
  id,
  folder: 'hosts',
  rotatePath: account => `/secrets-manager/api/v1/rotate/${id}/${encodeURIComponent(account)}`,
});

/** `key` and `password`: root changes the passwords of all; `itself`: each account its own. */
export type SshAuthority = 'key' | 'password' | 'itself';

export async function startSshHost(
  client: ProcessClient,
  rotation: Rotation,
  authority: SshAuthority,
  accountCount: number,
): Promise<RotatedHost> {
  const sshd = await startSshd();
  const link = await createLink(sshd.port);
  const stop = async () => {
    await link.close();
    await sshd.stop();
  };
  try {
    const passwords = Array.from({ length: accountCount }, newPassword);
    const accounts = await sshd.addAccounts(passwords);
    const id = await create(client, '/host-store/api/v1/hosts', {
      common_name: `rotated over ssh, by ${authority}`,
      addresses: ['127.0.0.1'],
      services: [{ service: 'SSH', address: '127.0.0.1', port: link.port, use_for_password_rotation: true }],
      ssh_host_public_keys: sshd.hostKeys.map(key => ({ key })),
      password_rotation_enabled: true,
      password_rotation: {
        use_main_account: authority !== 'itself',
        operating_system: 'LINUX',
        protocol: 'SSH',
        certificate_validation_options: 'DISABLED',
        password_policy_id: rotation.policyId,
        script_template_id: rotation.templateIds[authority === 'itself' ? 'byItself' : 'byRoot'],
      },
      principals: [
        ...(authority === 'itself' ? [] : [await mainAccount(sshd, authority)]),
        ...accounts.map((principal, index) => ({
          principal,
          rotate: true,
          passphrase: passwords[index],
        })),
      ],
    });
    const opens = (account: string, password: string) => signsInBySsh(sshd.port, account, password);
    return {
      kind: `sshd, by ${authority}`,
      ...onHost(id),
      accounts,
      initialPasswords: passwords,
      link,
      opens,
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function mainAccount(sshd: TestSshd, authority: 'key' | 'password') {
  const common = { rotate: false, use_for_password_rotation: true };
  if (authority === 'key') return { ...common, principal: 'root', passphrase: sshd.rootKey };
  const passphrase = newPassword();
  return { ...common, principal: await sshd.addAccount(passphrase, { isRoot: true }), passphrase };
}

/** Of every class, and nothing that a dictionary of PAM's knows. */
export const newPassword = (): string => `Aa1+${randomBytes(15).toString('base64url')}`;

export async function create(client: ProcessClient, path: string, body: object): Promise<string> {
  const answer = await client.call('POST', path, body);
  if (answer.status !== 201) throw new Error(`${path}: ${answer.status} ${answer.text}`);
  return String(answer.body['id']);
}
