import { quoteForShell } from '../domain/script-template.ts';
import { requireCarriable, requireLoginName, requireOneLine } from './acceptable.ts';
import { attempt } from './attempt.ts';
import type { HostKey, ShownHostKey } from './host-key.ts';
import type { Network } from './open-socket.ts';
import { shownOutput } from './shown-output.ts';
import { runCommand, type CommandEnd } from './ssh-run.ts';
import { showHostKey, signIn } from './ssh-sign-in.ts';
import { TargetError } from './target-error.ts';
import type { Credential, Limits, PasswordChange, Place, Target } from './target.ts';

/** For a host that is trusted on first use: the key to pin before anything is said to it. */
export const readHostKey = (place: Place, network: Network, limits: Limits): Promise<ShownHostKey> =>
  attempt(place, network, limits, ({ socket }) => showHostKey(socket));

export function sshTarget(
  { hostKeys, ...place }: Place & { hostKeys: readonly HostKey[] },
  network: Network,
): Target {
  return {
    async setPassword(change, limits) {
      requireLoginName(change.account);
      requireCarriable(change.newPassword);
      const plan = planOf(change, limits);
      await attempt(place, network, limits, async ({ socket, passwordLeaves }) => {
        const client = await signIn(socket, { ...plan, hostKeys });
        const { command, input } = plan;
        const end = await runCommand(client, { command, input, onAccepted: passwordLeaves });
        if (end.exitStatus !== 0) throw failure(end, change);
        client.end();
      });
    },
    async proves(account, password, limits) {
      requireLoginName(account);
      const credential: Credential = { kind: 'password', password };
      try {
        await attempt(place, network, limits, async ({ socket }) => {
          (await signIn(socket, { account, credential, hostKeys })).end();
        });
        return 'opens';
      } catch (error) {
        if (error instanceof TargetError && error.reason === 'authentication-refused') return 'refused';
        throw error;
      }
    },
  };
}

interface Plan {
  readonly account: string;
  readonly credential: Credential;
  /** Holds no password: command lines can be read by everybody on the host. */
  readonly command: string;
  readonly input: string;
}

function planOf({ account, by, newPassword, script }: PasswordChange, { deadlineMs }: Limits): Plan {
  const commandFor = (words: string) => `${boundBy(deadlineMs)} ${words}`;
  if (by.kind === 'main') {
    requireLoginName(by.account);
    if (script === undefined) throw new TargetError('unsupported');
    const { account: main, credential } = by;
    return { account: main, credential, command: commandFor(shell(script)), input: `${newPassword}\n` };
  }
  const { currentPassword } = by;
  requireOneLine(currentPassword);
  const credential: Credential = { kind: 'password', password: currentPassword };
  if (script === undefined) {
    // Without a terminal passwd reads its answers from standard input: the current password, the new one, twice.
    const input = `${currentPassword}\n${newPassword}\n${newPassword}\n`;
    return { account, credential, command: commandFor('env LC_ALL=C passwd'), input };
  }
  return {
    account,
    credential,
    command: commandFor(shell(script)),
    input: `${newPassword}\n${currentPassword}\n`,
  };
}

/** The login shell of the account may be another than the one that scripts are written for. */
const shell = (script: string) => `/bin/sh -c ${quoteForShell(script)}`;

/**
 * The host itself ends what runs too long: a connection that is gone ends nothing there, and a script that came to
 * its point long after the attempt was given up would set a password that nobody expects any more.
 */
const boundBy = (deadlineMs: number) => `exec timeout -k 1 ${Math.ceil(deadlineMs / 1_000)}`;

/** What passwd and chpasswd write, by way of PAM, when a rule of the host is against the new password. */
const BY_RULE =
  /BAD PASSWORD|choose a (longer|different|more)|Password (is|has been) (too|already)|too (short|simple|similar)|not been changed|must wait longer/i;

function failure({ exitStatus, errors }: CommandEnd, change: PasswordChange): TargetError {
  const { newPassword, by } = change;
  const secrets = [newPassword, ...(by.kind === 'self' ? [by.currentPassword] : passwordOf(by.credential))];
  const reason = BY_RULE.test(errors.toString('latin1')) ? 'policy-refused' : 'script-failed';
  return new TargetError(reason, { exitStatus, output: shownOutput(errors, secrets) });
}

const passwordOf = (credential: Credential) => (credential.kind === 'password' ? [credential.password] : []);
